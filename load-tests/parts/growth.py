"""Whether a repeat-token Check grows with what is configured. Counts instructions, from bytes to bytes."""

import subprocess

from harness import callgrind
from harness.process import EXAMPLES

from .stage import Scale, Stage

PROGRAM = EXAMPLES / "growth-repeat"
GOAL = 1.2
WHAT = ("rules", "issuers", "keys", "consumers")


def run(_: Stage, scale: Scale) -> dict:
    full = [(1, 1, 1, 1), (1000, 1, 1, 1), (1, 1000, 1, 1), (1, 1, 100, 1), (1, 1, 1, 1_000_000), (1000, 1000, 100, 1_000_000)]
    few = [(1, 1, 1, 1), (10, 10, 10, 10)]
    found = []
    print("growth: instructions of a repeat-token Check, from its bytes to those of the answer")
    print(f"  {'rules':>7} {'issuers':>8} {'keys each':>10} {'consumers':>10} {'instructions':>13}")
    for counts in scale.of(full, few):
        instructions = counted(counts)
        ratio = instructions / found[0]["instructions"] if found else 1.0
        found.append({**dict(zip(WHAT, counts)), "instructions": instructions, "ratio": ratio})
        rules, issuers, keys, consumers = counts
        print(f"  {rules:7,} {issuers:8,} {keys:10,} {consumers:10,} {instructions:13,.0f}    {ratio:.2f}")
    # Instructions repeat on any machine: this may be judged.
    grown = [entry for entry in found if entry["ratio"] > GOAL]
    return {"counts": found, "problems": [f"a Check grew: {entry}" for entry in grown]}


def counted(counts: tuple[int, ...]) -> float:
    """Of one Check, in the mean."""
    command = [*callgrind.command("--toggle-collect=*repeat_checks*"), PROGRAM, *map(str, counts)]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"{PROGRAM.name} failed: {ended.stderr}")
    checks = int(ended.stdout.split()[0])
    return callgrind.collected(ended.stderr) / checks
