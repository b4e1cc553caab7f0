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
        for labels, value in self._series("jotgate_decisions_total"):
            if value:
                found[labels["transport"], labels["reason"]] = value
        return found

    def signatures(self) -> int:
        """How many it has checked so far, with whatever result."""
        return sum(value for _, value in self._series("jotgate_signature_verifications_total"))

    def settled(self) -> Counter[tuple[str, str]]:
        """The decisions so far, once none is on its way any more."""
        while True:
            before = self.decisions()
            time.sleep(0.1)
            if self.decisions() == before:
                return before

    def _series(self, name: str) -> list[tuple[dict[str, str], int]]:
        """The counters of this name: their labels and where they stand."""
        found = (SERIES.match(line) for line in self._admin("/metrics")[1].splitlines())
        return [(dict(re.findall(r'(\w+)="([^"]*)"', one[2] or "")), int(float(one[3]))) for one in found if one and one[1] == name]

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
