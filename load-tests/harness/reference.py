"""A server to compare with, built from `references/`."""

import subprocess
from pathlib import Path

from .process import Server

ECHO = "/reference.Echo/Echo"


class Reference(Server):
    """Runs from here until it is closed. It prints its port."""

    def __init__(self, program: Path, *arguments: str, core: int | None, under: tuple = (), log: Path | None = None):
        with (log or Path("/dev/null")).open("wb") as errors:
            self.start([*under, program, *arguments], core, stdout=subprocess.PIPE, stderr=errors, text=True)
        self.address = f"127.0.0.1:{int(self.process.stdout.readline())}"
