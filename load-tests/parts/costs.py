"""What a request costs: processor time and requests a second, each server under the same load in turn.

Each title promises how many signatures a request takes, none or one; the metrics tell whether it was so. What leaves nothing
in a cache but tokens that never come again has a server of its own, lest it push out what the others measure.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from harness import h2load, wire
from harness.generator import send
from harness.h2load import CHECK
from harness.process import SERVER_CORE, Server, busy_seconds
from harness.reference import ECHO
from harness.service import Jotgate

from .stage import ALGORITHMS, Scale, Stage

VERIFY, VERIFY_STREAM = "/jotgate.v1.Verifier/Verify", "/jotgate.v1.Verifier/VerifyStream"
# Nothing gets too old for the cache while it is measured.
KEPT = {"ttl": "1h"}


@dataclass
class Subject:
    """A server under one kind of load."""

    name: str
    title: str
    server: Server
    # Sends for so many seconds; how many were answered in a second.
    load: Callable[[float], tuple[int, float]]
    # How many a request takes, where there is a jotgate to ask.
    signatures: int = 0
    turns: list[dict] = field(default_factory=list)

    def take_turn(self, seconds: float) -> dict:
        self.server.forget_peak()
        checked = self._checked()
        cpu, busy = self.server.cpu_seconds(), busy_seconds(SERVER_CORE)
        answered, per_second = self.load(seconds)
        cpu, busy = self.server.cpu_seconds() - cpu, busy_seconds(SERVER_CORE) - busy
        return {
            "answered": answered,
            "signatures": self._checked() - checked,
            "cpu_us": cpu / answered * 1e6,
            "per_second": per_second,
            "peak_mib": self.server.peak_mib(),
            # What others did on the server's core: figures are good only if it is next to nothing.
            "others": max(0.0, busy - cpu) / busy if busy else 0.0,
        }

    def _checked(self) -> int:
        return self.server.signatures() if isinstance(self.server, Jotgate) else 0

    def problems(self) -> list[str]:
        """Where something else was measured than the title says."""
        if not isinstance(self.server, Jotgate):
            return []
        checked, answered = (sum(turn[name] for turn in self.turns) for name in ("signatures", "answered"))
        # h2load breaks off what is under way when its time is over: a few more are checked than are answered.
        is_so = checked == 0 if self.signatures == 0 else checked >= answered
        return [] if is_so else [f"{self.title}: {checked:,} signatures were checked for {answered:,} requests"]


def run(stage: Stage, scale: Scale) -> dict:
    references = {"echo": stage.echo(), "generated": stage.generated(), "idiomatic": stage.idiomatic()}
    ours = {
        "cached": stage.jotgate("cached", cache=KEPT),
        "fresh": stage.jotgate("fresh"),
        "refusing": stage.jotgate("refusing", cache=KEPT),
        "uncached": stage.jotgate("uncached", cache={"max_bytes": 0}),
    }
    expected = {name: {"ok"} for name in ours}
    try:
        subjects = compared(stage, **references) + known(stage, ours["cached"], scale) + new(stage, ours["fresh"])
        subjects += refused(stage, ours["refusing"], expected["refusing"]) + every_signature(stage, ours["uncached"])
        for turn in range(scale.of(6, 2)):
            for subject in subjects:
                found = subject.take_turn(scale.of(1.5, 0.1))
                if turn > 0:  # The first one warms up.
                    subject.turns.append(found)
        problems = [problem for subject in subjects for problem in subject.problems()]
        for name, server in ours.items():
            reasons = {reason for _, reason in server.settled()}
            problems += [] if reasons == expected[name] else [f"{name} gave the reasons {reasons}"]
    finally:
        for server in (*references.values(), *ours.values()):
            server.close()
    found = {subject.name: summary(subject, subjects) for subject in subjects}
    show(found)
    return {"subjects": found, "problems": problems}


def compared(stage: Stage, echo: Server, generated: Server, idiomatic: Server) -> list[Subject]:
    hello = stage.bodies("hello", [wire.text("hello world!")])
    repeat = stage.checks("repeat", stage.token())
    return [
        Subject("echo", "bare tonic echo of 12 bytes", echo, grpc(echo.address, ECHO, hello)),
        Subject("generated", "tonic, generated types, jsonwebtoken, cache", generated, grpc(generated.address, CHECK, repeat)),
        Subject("idiomatic", "the same on tokio's default runtime, both cores", idiomatic, grpc(idiomatic.address, CHECK, repeat)),
    ]


def known(stage: Stage, jotgate: Jotgate, scale: Scale) -> list[Subject]:
    """Tokens that are in the cache."""
    address, token, count = jotgate.addresses["grpc"], stage.token(), scale.of(10_000, 100)
    distinct = stage.checks("distinct", *stage.tokens("ES256", count))
    # The turn that warms up may end before each of them has come.
    send(address, CHECK, distinct, requests=count)
    question = stage.bodies("verify", [wire.verify(token)])

    def auth(seconds: float) -> tuple[int, float]:
        url = f"http://{jotgate.addresses['http']}/auth"
        outcome = h2load.http1(url, {**wire.BROWSER, "authorization": f"Bearer {token}"}, seconds, core=1)
        return outcome.succeeded, outcome.per_second

    return [
        Subject("repeat", "Check, one token again and again", jotgate, grpc(address, CHECK, stage.checks("repeat", token))),
        Subject("distinct", f"Check, {count:,} tokens in turn", jotgate, grpc(address, CHECK, distinct)),
        Subject("verify", "Verify, one token again and again", jotgate, grpc(address, VERIFY, question)),
        Subject("stream", "VerifyStream, 64 streams that stay", jotgate, grpc(address, VERIFY_STREAM, question, long_lived=True)),
        Subject("auth", "HTTP/1.1 /auth, one token again and again", jotgate, auth),
    ]


def new(stage: Stage, jotgate: Jotgate) -> list[Subject]:
    fresh = stage.fresh("HS256")
    load = grpc(jotgate.addresses["grpc"], CHECK, stage.checks("fresh", fresh.sample), fresh=fresh)
    return [Subject("fresh", "Check, HS256, every token new", jotgate, load, signatures=1)]


def refused(stage: Stage, jotgate: Jotgate, expected: set[str]) -> list[Subject]:
    """The flood: what attackers send. `expected` learns the reasons. No token of it gets into the cache, so that one server takes it all."""
    address, good, nobody = jotgate.addresses["grpc"], stage.token(), {"iss": "https://nobody.example.com/"}
    # Any character but the last of a signature may be any other.
    forged = good[:-40] + ("A" if good[-40] != "A" else "B") + good[-39:]
    subjects = []
    for reason, title, token, signatures in [
        ("token_malformed", "refused: not a token", "x.y.z", 0),
        ("issuer_unknown", "refused: unknown issuer", stage.token(**nobody), 0),
        ("token_expired", "refused: expired in the cache", stage.expired_in_cache(jotgate), 0),
        ("key_unknown", "refused: unknown key", stage.idp.token_of_nobody(), 0),
        ("signature_invalid", "refused: forged signature", forged, 1),
    ]:
        expected.add(reason)
        load = grpc(address, CHECK, stage.checks(reason, token), allowed=False)
        subjects.append(Subject(reason, title, jotgate, load, signatures))
    # The one above comes again and again, which a worker remembers; these have to be read, each to its end.
    fresh = stage.fresh("HS256", **nobody)
    load = grpc(address, CHECK, stage.checks("issuer_unknown_new", fresh.sample), allowed=False, fresh=fresh)
    return [*subjects, Subject("issuer_unknown_new", "refused: unknown issuer, every token new", jotgate, load)]


def every_signature(stage: Stage, uncached: Jotgate) -> list[Subject]:
    """Without the cache every request has its signature checked."""
    address, subjects = uncached.addresses["grpc"], []
    for algorithm in ALGORITHMS:
        load = grpc(address, CHECK, stage.checks(algorithm, stage.token(algorithm)))
        subjects.append(Subject(algorithm, f"Check without the cache, {algorithm}", uncached, load, signatures=1))
    mixed = stage.checks("mixed", *(stage.token(algorithm) for algorithm in ALGORITHMS))
    subjects.append(Subject("mixed", "Check without the cache, these in turn", uncached, grpc(address, CHECK, mixed), signatures=1))
    return subjects


def grpc(address: str, method: str, bodies, allowed: bool = True, **options) -> Callable[[float], tuple[int, float]]:
    def load(seconds: float) -> tuple[int, float]:
        outcome = send(address, method, bodies, seconds=seconds, **options)
        wrong = [start for start in outcome.answers if wire.is_allowed(start) != allowed]
        if wrong or not outcome.answered:
            raise SystemExit(f"{method} of {bodies.name}: answers {outcome.answers}")
        return outcome.answered, outcome.per_second

    return load


def summary(subject: Subject, subjects: list[Subject]) -> dict:
    """Medians, and the medians of the ratios within a turn: what disturbs one disturbs its neighbours."""
    found = {name: median(turn[name] for turn in subject.turns) for name in ("cpu_us", "per_second", "peak_mib", "others")}
    for other in subjects:
        if other.name in ("echo", "generated", "repeat"):
            ratios = [own["cpu_us"] / its["cpu_us"] for own, its in zip(subject.turns, other.turns)]
            found[f"of_{other.name}"] = median(ratios)
    signatures = sum(turn["signatures"] for turn in subject.turns)
    return {"title": subject.title, **found, "signatures": signatures, "turns": subject.turns}


def show(found: dict[str, dict]) -> None:
    print("costs: server on one core, load on the other, 4 connections with 16 requests each under way")
    print(f"  {'':48} {'requests/s':>10} {'CPU µs':>8} {'of echo':>8} {'peak MiB':>9} {'signatures':>11}")
    for entry in found.values():
        figures = f"{entry['per_second']:10,.0f} {entry['cpu_us']:8.2f} {entry['of_echo']:8.2f} {entry['peak_mib']:9.1f}"
        print(f"  {entry['title']:48} {figures} {entry['signatures']:11,}")
    others = max(entry["others"] for entry in found.values())
    if others > 0.05:
        print(f"  note: other processes took up to {others:.0%} of the server's core; measure on a quiet machine")
