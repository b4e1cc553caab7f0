"""Load: `generator/`, for gRPC. Sends many different requests, as fast as it goes or at a rate."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .process import EXAMPLES, LOAD_CORE, pinned

PROGRAM = EXAMPLES / "load-generator"


@dataclass(frozen=True)
class Fresh:
    """A new token for each request, in the place of a sample."""

    sample: str
    key: Path
    claims: dict


@dataclass(frozen=True)
class Outcome:
    sent: int
    answered: int
    seconds: float
    # How often an answer began with these bytes, in hexadecimal digits.
    answers: dict[str, int]
    # Microseconds from when a request was due, by `p50`, `p99` and so on.
    latency: dict[str, float]
    # At a rate: microseconds from when a request was due until the load noticed, and the share of the time in which it had to do.
    late: dict[str, float]
    busy: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


def tokens(key: Path, claims: dict, count: int) -> list[str]:
    """Signed tokens, each with a `jti` of its own."""
    command = [PROGRAM, "tokens", "--key", key, "--claims", json.dumps(claims), "--count", str(count)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def send(
    address: str,
    method: str,
    bodies: Path,
    *,
    seconds: float | None = None,
    requests: int | None = None,
    rate: float | None = None,
    connections: int = 4,
    streams: int = 16,
    long_lived: bool = False,
    fresh: Fresh | None = None,
) -> Outcome:
    """Sends the messages in a file in turn, on the load's core, and waits until all is answered."""
    command = [PROGRAM, "load", "--address", address, "--method", method, "--bodies", bodies]
    command += ["--connections", str(connections), "--streams", str(streams)]
    for name, value in [("--seconds", seconds), ("--requests", requests), ("--rate", rate)]:
        command += [name, str(value)] if value is not None else []
    command += ["--long-lived"] if long_lived else []
    if fresh:
        command += ["--fresh", fresh.sample, "--key", fresh.key, "--claims", json.dumps(fresh.claims)]
    ended = subprocess.run(pinned(command, LOAD_CORE), capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"the load on {method} broke off: {ended.stderr}")
    found = json.loads(ended.stdout)
    if found["failed"] or found["answered"] != found["sent"]:
        raise SystemExit(f"{method}: {found['sent']} sent, {found['answered']} answered, {found['failed']} failed")
    return Outcome(found["sent"], found["answered"], found["seconds"], found["answers"], found["latency_us"], found["late_us"], found["busy"])
