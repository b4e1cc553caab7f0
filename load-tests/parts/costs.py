"""What a request costs: processor time and requests a second, each server under the same load in turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from harness import h2load, wire
from harness.generator import send
from harness.h2load import CHECK
from harness.process import SERVER_CORE, Server, busy_seconds, wait_until
from harness.reference import ECHO
from harness.service import Jotgate

from .stage import ALGORITHMS, Scale, Stage

VERIFY, VERIFY_STREAM = "/jotgate.v1.Verifier/Verify", "/jotgate.v1.Verifier/VerifyStream"
DISTINCT = 10_000


@dataclass
class Subject:
    """A server under one kind of load."""

    name: str
    title: str
    server: Server
    # Sends for so many seconds; how many were answered in a second.
    load: Callable[[float], tuple[int, float]]
    turns: list[dict] = field(default_factory=list)

    def take_turn(self, seconds: float) -> dict:
        self.server.forget_peak()
        cpu, busy = self.server.cpu_seconds(), busy_seconds(SERVER_CORE)
        answered, per_second = self.load(seconds)
        cpu, busy = self.server.cpu_seconds() - cpu, busy_seconds(SERVER_CORE) - busy
        return {
            "cpu_us": cpu / answered * 1e6,
            "per_second": per_second,
            "peak_mib": self.server.peak_mib(),
            # What others did on the server's core: figures are good only if it is next to nothing.
            "others": max(0.0, busy - cpu) / busy if busy else 0.0,
        }


def run(stage: Stage, scale: Scale) -> dict:
    echo, generated, idiomatic = stage.echo(), stage.generated(), stage.idiomatic()
    jotgate, uncached = stage.jotgate(), stage.jotgate("uncached", cache={"max_bytes": 0})
    try:
        expected = {"ok"}
        subjects = references(stage, echo, generated, idiomatic) + accepted(stage, jotgate)
        subjects += refused(stage, jotgate, expected, scale) + every_signature(stage, uncached)
        for turn in range(scale.of(6, 2)):
            for subject in subjects:
                found = subject.take_turn(scale.of(1.5, 0.1))
                if turn > 0:  # The first one warms up.
                    subject.turns.append(found)
        problems = [f"{server.log.parent.name} gave the reasons {reasons}" for server, reasons in
                    [(jotgate, {reason for _, reason in jotgate.settled()}), (uncached, {reason for _, reason in uncached.settled()})]
                    if reasons != (expected if server is jotgate else {"ok"})]
    finally:
        for server in (echo, generated, idiomatic, jotgate, uncached):
            server.close()
    found = {subject.name: summary(subject, subjects) for subject in subjects}
    show(found)
    return {"subjects": found, "problems": problems}


def references(stage: Stage, echo: Server, generated: Server, idiomatic: Server) -> list[Subject]:
    hello = stage.bodies("hello", [wire.text("hello world!")])
    repeat = stage.checks("repeat", stage.token())
    return [
        Subject("echo", "bare tonic echo of 12 bytes", echo, grpc(echo.address, ECHO, hello)),
        Subject("generated", "tonic, generated types, jsonwebtoken, cache", generated, grpc(generated.address, CHECK, repeat)),
        Subject("idiomatic", "the same on tokio's default runtime, both cores", idiomatic, grpc(idiomatic.address, CHECK, repeat)),
    ]


def accepted(stage: Stage, jotgate: Jotgate) -> list[Subject]:
    address, token = jotgate.addresses["grpc"], stage.token()
    distinct = stage.checks("distinct", *stage.tokens("ES256", DISTINCT))
    fresh = stage.fresh("HS256")
    question = stage.bodies("verify", [wire.verify(token)])

    def auth(seconds: float) -> tuple[int, float]:
        url = f"http://{jotgate.addresses['http']}/auth"
        outcome = h2load.http1(url, {**wire.BROWSER, "authorization": f"Bearer {token}"}, seconds, core=1)
        return outcome.succeeded, outcome.per_second

    return [
        Subject("repeat", "Check, one token again and again", jotgate, grpc(address, CHECK, stage.checks("repeat", token))),
        Subject("distinct", f"Check, {DISTINCT:,} tokens in turn", jotgate, grpc(address, CHECK, distinct)),
        Subject("fresh", "Check, HS256, every token new", jotgate, grpc(address, CHECK, stage.checks("fresh", fresh.sample), fresh=fresh)),
        Subject("verify", "Verify, one token again and again", jotgate, grpc(address, VERIFY, question)),
        Subject("stream", "VerifyStream, 64 streams that stay", jotgate, grpc(address, VERIFY_STREAM, question, long_lived=True)),
        Subject("auth", "HTTP/1.1 /auth, one token again and again", jotgate, auth),
    ]


def refused(stage: Stage, jotgate: Jotgate, expected: set[str], scale: Scale) -> list[Subject]:
    """The flood: what attackers send. `expected` learns the reasons."""
    good = stage.token()
    # Any character but the last of a signature may be any other.
    forged = good[:-40] + ("A" if good[-40] != "A" else "B") + good[-39:]
    lifetime = scale.of(2, 2)
    ending = stage.token(exp=int(time.time()) + lifetime)
    asked = jotgate.ask(ending)
    if asked != 200:
        raise SystemExit(f"a token of {lifetime} s was refused at once: {asked}")
    wait_until("a token in the cache expires", lambda: jotgate.ask(ending) == 401)
    subjects = []
    for reason, title, token in [
        ("token_malformed", "refused: not a token", "x.y.z"),
        ("issuer_unknown", "refused: unknown issuer", stage.token(iss="https://nobody.example.com/")),
        ("token_expired", "refused: expired in the cache", ending),
        ("key_unknown", "refused: unknown key", stage.idp.token_of_nobody()),
        ("signature_invalid", "refused: forged signature", forged),
    ]:
        expected.add(reason)
        load = grpc(jotgate.addresses["grpc"], CHECK, stage.checks(reason, token), allowed=False)
        subjects.append(Subject(reason, title, jotgate, load))
    return subjects


def every_signature(stage: Stage, uncached: Jotgate) -> list[Subject]:
    """Without the cache every request has its signature checked."""
    address, subjects = uncached.addresses["grpc"], []
    for algorithm in ALGORITHMS:
        load = grpc(address, CHECK, stage.checks(algorithm, stage.token(algorithm)))
        subjects.append(Subject(algorithm, f"Check without the cache, {algorithm}", uncached, load))
    mixed = stage.checks("mixed", *(stage.token(algorithm) for algorithm in ALGORITHMS))
    subjects.append(Subject("mixed", "Check without the cache, these in turn", uncached, grpc(address, CHECK, mixed)))
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
    return {"title": subject.title, **found, "turns": subject.turns}


def show(found: dict[str, dict]) -> None:
    print("costs: server on one core, load on the other, 4 connections with 16 requests each under way")
    print(f"  {'':48} {'requests/s':>10} {'CPU µs':>8} {'of echo':>8} {'peak MiB':>9}")
    for entry in found.values():
        print(f"  {entry['title']:48} {entry['per_second']:10,.0f} {entry['cpu_us']:8.2f} {entry['of_echo']:8.2f} {entry['peak_mib']:9.1f}")
    others = max(entry["others"] for entry in found.values())
    if others > 0.05:
        print(f"  note: other processes took up to {others:.0%} of the server's core; measure on a quiet machine")
