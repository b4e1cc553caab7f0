"""Instructions of a request, through the whole running service, counted by valgrind.

Each server runs twice, with one and with three times as many requests: the difference is without its start and end.
"""

from collections.abc import Callable
from pathlib import Path

from harness import callgrind, wire
from harness.generator import send
from harness.h2load import CHECK
from harness.process import Server
from harness.reference import ECHO
from harness.service import Jotgate

from .stage import Scale, Stage

PATIENCE = 120


def run(stage: Stage, scale: Scale) -> dict:
    under = callgrind.command()
    directory = stage.directory / "counted"

    def jotgate(log: Path) -> tuple[Server, str, Path]:
        server = stage.jotgate("counted", under=under, patience=PATIENCE)
        return server, server.addresses["grpc"], server.log

    def reference(start: Callable) -> Callable[[Path], tuple[Server, str, Path]]:
        def started(log: Path) -> tuple[Server, str, Path]:
            server = start(under, log)
            return server, server.address, log

        return started

    def same(bodies: Path) -> Callable[[Server], Path]:
        return lambda _: bodies

    def expired(server: Jotgate) -> Path:
        # Valgrind takes its time, and the token has to come while it is good.
        return stage.checks("token_expired", stage.expired_in_cache(server, seconds=10))

    check = same(stage.checks("repeat", stage.token()))
    subjects = {
        "echo": (reference(stage.echo), ECHO, same(stage.bodies("hello", [wire.text("hello world!")]))),
        "generated": (reference(stage.generated), CHECK, check),
        "repeat": (jotgate, CHECK, check),
        "token_malformed": (jotgate, CHECK, same(stage.checks("token_malformed", "x.y.z"))),
        "issuer_unknown": (jotgate, CHECK, same(stage.checks("issuer_unknown", stage.token(iss="https://nobody.example.com/")))),
        "token_expired": (jotgate, CHECK, expired),
    }
    directory.mkdir(exist_ok=True)
    found = {}
    for name, (start, method, bodies) in scale.of(subjects, {name: subjects[name] for name in ("echo", "repeat")}).items():
        # In the short form the start is in the count, which is of no use but to show that there is one.
        few, many = scale.of((2000, 6000), (0, 64))
        less, more = (counted(start, directory / f"{name}.log", method, bodies, requests) if requests else 0 for requests in (few, many))
        found[name] = (more - less) / (many - few)
    show(found)
    return {"instructions": found, "problems": []}


def counted(start: Callable, log: Path, method: str, bodies: Callable[[Server], Path], requests: int) -> int:
    server, address, log = start(log)
    send(address, method, bodies(server), requests=requests)
    server.close()
    return callgrind.collected(log.read_text())


def show(found: dict[str, float]) -> None:
    print("instructions of a request, through the whole service")
    for name, count in found.items():
        print(f"  {name:20} {count:10,.0f}    {count / found['echo']:.2f} of echo")
