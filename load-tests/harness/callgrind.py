"""Instructions, counted by valgrind: they repeat, whatever else a machine does."""

import re
from pathlib import Path

from .process import need_command

COLLECTED = re.compile(r"Collected : (\d+)")


def command(*options: str) -> tuple[str, ...]:
    """What stands before the program."""
    need_command("valgrind", "valgrind")
    return ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *options)


def collected(text: str) -> int:
    """The instructions, out of what valgrind says in the end."""
    found = COLLECTED.search(text)
    if not found:
        raise SystemExit(f"valgrind counted nothing: {text}")
    return int(found[1])
