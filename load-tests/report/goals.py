"""The goals that a running service or process has to meet, and whether it does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    what: str
    limit: float
    found: float
    unit: str = ""

    @property
    def is_met(self) -> bool:
        return self.found <= self.limit

    def cells(self) -> list[str]:
        decimals = 0 if self.unit else 2
        met = "yes" if self.is_met else "**no**"
        return [self.what, f"{self.limit:.{decimals}f}{self.unit}", f"{self.found:.{decimals}f}{self.unit}", met]


# Those that need no running service are shown by the benchmarks and tests of the library.
ELSEWHERE = [
    ("a fresh token against its signature alone: RS256, PS256, ES256, Ed25519 at most 1.05, HS256 2.2", "`cargo bench --bench verify`"),
    ("jsonwebtoken against a fresh token: RS256 at least 1.4, HS256 4.5", "`cargo bench --bench verify`"),
    ("heap allocations in `verify()`, whatever comes of it: none", "`cargo test --test alloc`"),
]


REFUSALS = [("token_malformed", "malformed"), ("issuer_unknown", "unknown issuer"), ("token_expired", "expired in the cache")]


def goals(parts: dict) -> list[Goal]:
    """Those of which there are figures."""
    found = []
    if "costs" in parts:
        subjects = parts["costs"]["subjects"]
        found += [
            Goal("repeat-token `Check` against a bare tonic echo, processor time", 0.85, subjects["repeat"]["of_echo"]),
            Goal("repeat-token `Check` against tonic with generated types, processor time", 0.40, subjects["repeat"]["of_generated"]),
        ]
        for reason, words in REFUSALS:
            found.append(Goal(f"refusal ({words}) against an allowed repeat token, processor time", 1.1, subjects[reason]["of_repeat"]))
    if "instructions" in parts:
        counts = parts["instructions"]["instructions"]
        repeat = counts["repeat"]
        found.append(Goal("repeat-token `Check` against a bare tonic echo, instructions", 0.85, repeat / counts["echo"]))
        if "generated" in counts:
            found.append(Goal("repeat-token `Check` against tonic with generated types, instructions", 0.40, repeat / counts["generated"]))
        for reason, words in REFUSALS:
            what = f"refusal ({words}) against an allowed repeat token, instructions"
            found += [Goal(what, 1.1, counts[reason] / repeat)] if reason in counts else []
    if "growth" in parts:
        counts = parts["growth"]["counts"]
        words = ", ".join(f"{counts[-1][name]:,} {title}" for name, title in [("rules", "rules"), ("issuers", "issuers"), ("keys", "keys an issuer"), ("consumers", "consumers")])
        found.append(Goal(f"{words} against 1 of each, instructions of a `Check`", 1.2, max(entry["ratio"] for entry in counts)))
    if "memory" in parts:
        memory = parts["memory"]
        what = f"{memory['tokens']:,} distinct tokens through a cache of {memory['cache_mib']} MiB, resident size"
        found.append(Goal(what, memory["cache_mib"] + 64, memory["peak_mib"], " MiB"))
    return found


def show(parts: dict) -> None:
    print("\ngoals (at most)")
    for goal in goals(parts):
        what, limit, value, met = (cell.replace("`", "").replace("*", "") for cell in goal.cells())
        print(f"  {what:92} {limit:>8} {value:>8}  {'met' if met == 'yes' else 'NOT MET'}")
    for what, where in ELSEWHERE:
        print(f"  {what.replace('`', '')}: {where.replace('`', '')}")
