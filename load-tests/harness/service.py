"""jotgate as a process: started, asked, measured, ended."""

import http.client
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("JOTGATE", ROOT / "target/release/jotgate"))
SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


class Jotgate:
    """`jotgate serve` on ports that the system chooses."""

    def __init__(self, config: dict, directory: Path, core: int | None = None):
        listen = {"listen": "127.0.0.1:0"}
        server = {"grpc": listen, "http": listen, "admin": listen, **config.get("server", {})}
        config = {**config, "server": server}
        file = directory / "config.yaml"
        file.write_text(json.dumps(config))  # JSON is YAML.
        self.log = directory / "log"
        with self.log.open("wb") as log:
            command = pinned([BINARY, "serve", "--config", file], core)
            self.process = subprocess.Popen(command, stderr=log)
        self.ports: dict[str, int] = {}
        wait_until("jotgate listens", self._listens)
        wait_until("jotgate is ready", lambda: self._admin("/readyz")[0] == 200)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()

    def ask(self, token: str) -> int:
        """The status of `/auth` for a token."""
        return self._get("http", "/auth", {"authorization": f"Bearer {token}"})[0]

    def decisions(self) -> dict[tuple[str, str], int]:
        """How many decisions there were so far, by transport and reason, without zeros."""
        found = {}
        for line in self._admin("/metrics")[1].splitlines():
            series = SERIES.match(line)
            if series and series[1] == "jotgate_decisions_total" and float(series[3]):
                labels = dict(re.findall(r'(\w+)="([^"]*)"', series[2]))
                found[labels["transport"], labels["reason"]] = int(float(series[3]))
        return found

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process)

    def _listens(self) -> bool:
        if self.process.poll() is not None:
            raise SystemExit(f"jotgate ended: {self.log.read_text()}")
        for line in self.log.read_text().splitlines():
            entry = json.loads(line)
            if entry.get("message") == "listening":
                self.ports[entry["listener"]] = int(entry["address"].rsplit(":", 1)[1])
        return len(self.ports) == 3

    def _admin(self, path: str) -> tuple[int, str]:
        return self._get("admin", path, {})

    def _get(self, listener: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[listener], timeout=10)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body


def wait_until(what: str, holds, patience: float = 20, pause: float = 0.01) -> float:
    """Waits until `holds()`; returns the seconds that it took."""
    start = time.monotonic()
    while not holds():
        if time.monotonic() - start > patience:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(pause)
    return time.monotonic() - start


def cpu_seconds(process: subprocess.Popen) -> float:
    """What a process has used so far, user and system (proc(5))."""
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    after_name = stat.rsplit(") ", 1)[1].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def pinned(command: list, core: int | None) -> list:
    """The command on one core, so that server and load do not take turns on the same."""
    is_possible = core is not None and core in os.sched_getaffinity(0) and shutil.which("taskset")
    return ["taskset", "-c", str(core), *command] if is_possible else command
