"""A server as a process: pinned to a core, measured, ended."""

import atexit
import os
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("JOTGATE", ROOT / "target/release/jotgate")).absolute()
EXAMPLES = BINARY.parent / "examples"
SERVER_CORE, LOAD_CORE = 0, 1


class Server:
    """What can be said of any process: subclasses know how to start theirs."""

    process: subprocess.Popen

    def start(self, command: list, core: int | None, **streams) -> None:
        """It ends with us at the latest, whatever goes wrong before."""
        self.process = subprocess.Popen(pinned(command, core), **streams)
        atexit.register(self.process.kill)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()

    def cpu_seconds(self) -> float:
        """What it has used so far, user and system, of all its threads, to the nanosecond (sched-stats)."""
        total = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def resident_mib(self) -> float:
        return self._status_mib("VmRSS")

    def peak_mib(self) -> float:
        """The most it has had resident (proc(5)), since it started or `forget_peak`."""
        return self._status_mib("VmHWM")

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _status_mib(self, name: str) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
        raise SystemExit(f"the kernel tells no {name}")


def pinned(command: list, core: int | None) -> list:
    """The command on one core, so that server and load do not take turns on the same."""
    is_possible = core is not None and core in os.sched_getaffinity(0) and shutil.which("taskset")
    return ["taskset", "-c", str(core), *command] if is_possible else command


def busy_seconds(core: int) -> float:
    """What a core has done so far, for whomever (proc(5))."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *times = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _wait, irq, softirq, steal, *_ = map(int, times)
            return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    return 0.0


def wait_until(what: str, holds, patience: float = 20, pause: float = 0.01) -> float:
    """Waits until `holds()`; returns the seconds that it took."""
    start = time.monotonic()
    while not holds():
        if time.monotonic() - start > patience:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(pause)
    return time.monotonic() - start


def need(*programs: Path) -> None:
    """Ends with what to do if a program was not built."""
    for program in programs:
        if not program.exists():
            raise SystemExit(f"{program} is needed: cargo build --release --bins --examples, or name another jotgate in JOTGATE")


def need_command(command: str, package: str) -> None:
    if not shutil.which(command):
        raise SystemExit(f"{command} is needed: install {package}")
