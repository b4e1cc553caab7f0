"""Load: h2load (nghttp2) with one prepared gRPC request."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .service import pinned

CHECK = "/envoy.service.auth.v3.Authorization/Check"
VERIFY_BATCH = "/jotgate.v1.Verifier/VerifyBatch"


@dataclass
class Outcome:
    """What h2load counted."""

    sent: int
    succeeded: int
    per_second: float


class Load:
    """Runs from here until its time is over."""

    def __init__(
        self,
        port: int,
        method: str,
        body: bytes,
        file: Path,
        seconds: int,
        rate: int | None = None,
        streams: int = 16,
        clients: int = 10,
        core: int | None = None,
    ):
        """At `rate` requests a second together, or as fast as it goes with so many streams a connection."""
        if not shutil.which("h2load"):
            raise SystemExit("h2load is needed: install nghttp2-client")
        file.write_bytes(body)
        command = ["h2load", "-t1", f"-c{clients}", f"-m{streams}", f"-D{seconds}", "-d", str(file)]
        command += ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        if rate:
            command.append(f"--rps={rate // clients}")
        command.append(f"http://127.0.0.1:{port}{method}")
        self.process = subprocess.Popen(pinned(command, core), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait(self) -> Outcome:
        text, _ = self.process.communicate()
        counts = re.search(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed", text)
        speed = re.search(r"([\d.]+) req/s", text)
        if not counts or not speed:
            raise SystemExit(f"h2load says something else:\n{text}")
        return Outcome(int(counts[1]), int(counts[2]), float(speed[1]))
