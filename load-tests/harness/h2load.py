"""Load: h2load (nghttp2), with one prepared gRPC request, or HTTP/1.1."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .process import need_command, pinned

CHECK = "/envoy.service.auth.v3.Authorization/Check"
VERIFY_BATCH = "/jotgate.v1.Verifier/VerifyBatch"


@dataclass
class Outcome:
    """What h2load counted."""

    sent: int
    succeeded: int
    # Answers with a status of 200 to 299.
    good: int
    per_second: float


class Load:
    """Runs from here until its time is over."""

    def __init__(self, url: str, *arguments: str, length: str, clients: int, core: int | None = None):
        need_command("h2load", "nghttp2-client")
        command = ["h2load", "-t1", f"-c{clients}", length, *arguments, url]
        self.process = subprocess.Popen(pinned(command, core), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait(self) -> Outcome:
        text, _ = self.process.communicate()
        counts = re.search(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed", text)
        speed = re.search(r"([\d.]+) req/s", text)
        statuses = re.search(r"(\d+) 2xx", text)
        if not counts or not speed or not statuses:
            raise SystemExit(f"h2load says something else:\n{text}")
        return Outcome(int(counts[1]), int(counts[2]), int(statuses[1]), float(speed[1]))


def lasting(seconds: float) -> str:
    return f"-D{round(seconds * 1000)}ms"


def counting(requests: int) -> str:
    return f"-n{requests}"


def grpc(
    port: int, method: str, body: bytes, file: Path, length: str, rate: int | None = None, streams: int = 16, clients: int = 10
) -> Load:
    """At `rate` requests a second together, or as fast as it goes with so many streams a connection."""
    file.write_bytes(body)
    arguments = [f"-m{streams}", "-d", str(file), "-H", "content-type: application/grpc", "-H", "te: trailers"]
    arguments += [f"--rps={rate // clients}"] if rate else []
    return Load(f"http://127.0.0.1:{port}{method}", *arguments, length=length, clients=clients)


def http1(url: str, headers: dict[str, str], seconds: float, clients: int = 16, core: int | None = None) -> Outcome:
    """HTTP/1.1, one request after the other on each connection. A second at least: a busy machine answers late."""
    length = lasting(max(seconds, 1))
    arguments = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    outcome = Load(url, "--h1", *arguments, length=length, clients=clients, core=core).wait()
    if not outcome.succeeded or outcome.good < outcome.succeeded:
        raise SystemExit(f"{url}: {outcome.good} good answers of {outcome.sent}")
    return outcome
