"""jotgate as a process: started, asked."""

import http.client
import json
import re
import time
from collections import Counter
from pathlib import Path

from .process import BINARY, Server, wait_until

SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


class Jotgate(Server):
    """`jotgate serve` on ports that the system chooses."""

    def __init__(self, config: dict, directory: Path, core: int | None = None, under: tuple = (), patience: float = 20):
        """`under`: a command that runs it, as valgrind does."""
        listen = {"listen": "127.0.0.1:0"}
        server = {"grpc": listen, "http": listen, "admin": listen, **config.get("server", {})}
        config = {**config, "server": server}
        directory.mkdir(exist_ok=True)
        file = directory / "config.yaml"
        file.write_text(json.dumps(config))  # JSON is YAML.
        self.log = directory / "log"
        with self.log.open("wb") as log:
            self.start([*under, BINARY, "serve", "--config", file], core, stderr=log)
        self.addresses: dict[str, str] = {}
        wait_until("jotgate listens", self._listens, patience)
        wait_until("jotgate is ready", lambda: self._admin("/readyz")[0] == 200, patience)

    def port(self, listener: str) -> int:
        return int(self.addresses[listener].rsplit(":", 1)[1])

    def ask(self, token: str) -> int:
        """The status of `/auth` for a token."""
        return self._get("http", "/auth", {"authorization": f"Bearer {token}"})[0]

    def decisions(self) -> Counter[tuple[str, str]]:
        """How many decisions there were so far, by transport and reason, without zeros."""
        found = Counter()
        for line in self._admin("/metrics")[1].splitlines():
            series = SERIES.match(line)
            if series and series[1] == "jotgate_decisions_total" and float(series[3]):
                labels = dict(re.findall(r'(\w+)="([^"]*)"', series[2]))
                found[labels["transport"], labels["reason"]] = int(float(series[3]))
        return found

    def settled(self) -> Counter[tuple[str, str]]:
        """The decisions so far, once none is on its way any more."""
        while True:
            before = self.decisions()
            time.sleep(0.1)
            if self.decisions() == before:
                return before

    def _listens(self) -> bool:
        text = self.log.read_text()
        if self.process.poll() is not None:
            raise SystemExit(f"jotgate ended: {text}")
        # A last line without an end is still being written; valgrind's lines are not ours.
        for line in text.splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                entry = json.loads(line)
                if entry.get("message") == "listening":
                    self.addresses[entry["listener"]] = entry["address"]
        return len(self.addresses) == 3

    def _admin(self, path: str) -> tuple[int, str]:
        return self._get("admin", path, {})

    def _get(self, listener: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port(listener), timeout=60)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body
