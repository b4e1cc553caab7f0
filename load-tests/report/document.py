"""The figures in the documents: each table stands between two marks and is made of the published run alone."""

import re
from pathlib import Path

from harness.process import ROOT

from .goals import goals
from .pictures import pictures

PUBLISHED = ROOT / "load-tests/results/published.json"
PICTURES = ROOT / "docs/benchmarks"
DOCUMENTS = [ROOT / "docs/benchmarks.md", ROOT / "docs/operations.md"]
# As much as others may take of the server's core before the figures are none.
QUIET = 0.05
MARKED = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def documents(run: dict) -> dict[Path, str]:
    """What the documents and pictures have to be, by their paths."""
    tables = {name: table for name, make in TABLES.items() if (table := make(run))}
    found = {}
    for path in DOCUMENTS:
        text = path.read_text()
        for _, name, _ in MARKED.findall(text):
            if name not in tables:
                raise SystemExit(f"{path.name} shows {name}, of which this run has no figures")
        found[path] = MARKED.sub(lambda mark: mark[1] + tables[mark[2]] + mark[3], text)
    for name, picture in pictures(run["parts"]).items():
        found[PICTURES / name] = picture
    return found


def machine(run: dict) -> str:
    about = run["machine"]
    rows = [
        ["processor", f"{about['processor']}, {about['cores']} cores"],
        ["memory", f"{about['memory_gib']} GiB"],
        ["kernel", about["kernel"]],
        ["programs", f"jotgate {run['version']}, {about['envoy']}, {about['h2load']}, {about['valgrind']}"],
        ["measured", f"{run['date']}, in {run['minutes']:.0f} minutes"],
        ["other load on the server's core", f"{disturbance(run):.1%} in the median, {disturbance(run, worst=True):.1%} at worst"],
    ]
    busy = "\n**The machine was busy with other things: these figures are provisional.**\n" if disturbance(run) > QUIET else ""
    return table(["", ""], rows) + busy


def disturbance(run: dict, worst: bool = False) -> float:
    """Which share of the server's core others took while something was measured."""
    parts = run["parts"]
    shares = [entry["others"] for entry in parts["costs"]["subjects"].values()]
    shares += [entry["others"] for entry in parts["gateway"]["variants"].values()]
    return max(shares) if worst else sorted(shares)[len(shares) // 2]


def goal_table(run: dict) -> str:
    return table(["", "goal: at most", "found", "met"], [goal.cells() for goal in goals(run["parts"])], "lrrl")


def costs(run: dict) -> str:
    rows = [
        [
            f"jotgate: {entry['title']}" if name not in ("echo", "generated", "idiomatic") else entry["title"],
            f"{entry['per_second']:,.0f}",
            f"{entry['cpu_us']:.1f}",
            f"{entry['of_echo']:.2f}",
            f"{entry['peak_mib']:.0f}",
        ]
        for name, entry in run["parts"]["costs"]["subjects"].items()
    ]
    return table(["", "requests/s", "processor µs a request", "of the echo", "resident MiB"], rows, "lrrrr")


def latency(run: dict) -> str:
    titles = {"repeat": "jotgate", "echo": "bare tonic echo", "generated": "tonic with generated types"}
    rows = []
    for name, title in titles.items():
        server = run["parts"]["latency"]["servers"][name]
        for entry in server["rates"].values():
            is_late = entry.get("is_late", {})
            quantiles = ["load late" if is_late.get(quantile) else f"{entry[quantile]:,.0f}" for quantile in ("p50", "p99", "p99.9")]
            rows.append([title, f"{entry['rate']:,.0f}", f"{entry['rate'] / server['capacity']:.0%}", *quantiles])
    return table(["", "requests/s", "of its capacity", "p50 µs", "p99 µs", "p99.9 µs"], rows, "lrrrrr")


def instructions(run: dict) -> str:
    titles = {
        "echo": "bare tonic echo",
        "generated": "tonic with generated types",
        "repeat": "jotgate, repeat token",
        "token_malformed": "jotgate, refused: not a token",
        "issuer_unknown": "jotgate, refused: unknown issuer",
        "token_expired": "jotgate, refused: expired in the cache",
    }
    found = run["parts"]["instructions"]["instructions"]
    rows = [[titles[name], f"{count:,.0f}", f"{count / found['echo']:.2f}"] for name, count in found.items()]
    return table(["", "instructions a request", "of the echo"], rows, "lrr")


def growth(run: dict) -> str:
    rows = [
        [*(f"{entry[name]:,}" for name in ("rules", "issuers", "keys", "consumers")), f"{entry['instructions']:,.0f}", f"{entry['ratio']:.2f}"]
        for entry in run["parts"]["growth"]["counts"]
    ]
    return table(["rules", "issuers", "keys an issuer", "consumers", "instructions of a `Check`", "of the first"], rows, "rrrrrr")


def gateway(run: dict) -> str:
    rows = [
        [entry["title"], f"{entry['envoy_us']:.0f}", *(["", ""] if name == "none" else [f"{entry['added_us']:.0f}", f"{entry['jotgate_us']:.0f}" if entry["jotgate_us"] else ""]), f"{entry['per_second']:,.0f}"]
        for name, entry in run["parts"]["gateway"]["variants"].items()
    ]
    return table(["", "Envoy µs", "of which added", "jotgate µs", "requests/s"], rows, "lrrrr")


def keys(run: dict) -> str:
    found = run["parts"]["keys"]["rotation"]
    requests = sum(found["verdicts"].values())
    refused = requests - found["verdicts"].get("ok", 0)
    rows = [
        ["requests, each with its signature verified", f"{requests:,}"],
        ["good tokens refused", f"{refused:,}"],
        ["until a new key was in use, after its first token", f"{found['new_key_seconds']:.1f} s"],
    ]
    return table(["", ""], rows, "lr")


def memory(run: dict) -> str:
    found = run["parts"]["memory"]
    rows = [["before", f"{found['start_mib']:.0f} MiB"], [f"at most, during {found['tokens']:,} tokens", f"{found['peak_mib']:.0f} MiB"]]
    return table(["", "resident"], rows, "lr")


def asking(run: dict) -> str:
    """For operations.md: what to choose."""
    variants = run["parts"]["gateway"]["variants"]
    rows = [
        [variants[name]["title"].removeprefix("ext_authz, "), f"{variants[name]['added_us']:.0f}", f"{variants[name]['jotgate_us']:.0f}"]
        for name in ("grpc", "grpc_unix", "grpc_few", "grpc_stats", "grpc_threads", "http", "http_unix")
    ]
    return table(["", "Envoy µs added", "jotgate µs"], rows, "lrr")


def table(head: list[str], rows: list[list[str]], alignment: str = "") -> str:
    marks = {"l": "---", "r": "---:"}
    line = [marks[kind] for kind in alignment or "l" * len(head)]
    return "".join(f"| {' | '.join(cells)} |\n".replace("|  |", "| |").replace("|  |", "| |") for cells in [head, line, *rows])


TABLES = {make.__name__: make for make in (machine, costs, latency, instructions, growth, gateway, keys, memory, asking)}
TABLES["goals"] = goal_table
