"""A server to compare with, built from `references/`."""

import subprocess
from pathlib import Path

from .service import cpu_seconds, pinned

ECHO = "/reference.Echo/Echo"


class Reference:
    """Runs from here until it is closed. It prints its port."""

    def __init__(self, program: Path, *arguments: str, core: int):
        command = pinned([program, *arguments], core)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process)
