"""How long answers take at fixed rates, counted from when each request was due.

A load that waits for an answer before it asks again asks less while the server is slow, and so never sees how long
others would have waited. Here requests come at random times, whether the server keeps up or not. The rates are the same for
all servers: shares of what the slowest can do, and one that only the faster can. A load that does not keep up itself
measures itself; where it did not, that is told in the place of a latency.
"""

from statistics import median

from harness import wire
from harness.generator import Outcome, send
from harness.h2load import CHECK
from harness.process import SERVER_CORE, Server, busy_seconds
from harness.reference import ECHO

from .stage import Scale, Stage

SHARES = (0.25, 0.5, 0.75)
QUANTILES = ("p50", "p99", "p99.9")
STREAMS = 100
# More than any server answers: whatever is sent is due at once.
AT_ONCE = 1e7
# Beyond, queues grow in the load.
LOAD_FULL = 0.9


def run(stage: Stage, scale: Scale) -> dict:
    echo, generated, jotgate = stage.echo(), stage.generated(), stage.jotgate("latency")
    check = stage.checks("repeat", stage.token())
    hello = stage.bodies("hello", [wire.text("hello world!")])
    servers = {
        "echo": (echo, echo.address, ECHO, hello),
        "generated": (generated, generated.address, CHECK, check),
        "repeat": (jotgate, jotgate.addresses["grpc"], CHECK, check),
    }
    found = {}
    try:
        for name, (_, *target) in servers.items():
            found[name] = {"capacity": capacity(target, scale.of(100_000, 300)), "rates": {}}
        for rate in rates([entry["capacity"] for entry in found.values()], scale):
            for name, (server, *target) in servers.items():
                if rate < found[name]["capacity"]:
                    turns = [at_rate(server, target, rate, scale.of(3, 0.2)) for _ in range(scale.of(3, 1))]
                    found[name]["rates"][f"{rate:.0f}"] = {"rate": rate, **least_disturbed(turns), "turns": turns}
    finally:
        for server in (echo, generated, jotgate):
            server.close()
    show(found)
    return {"servers": found, "problems": []}


def capacity(target: list, requests: int) -> float:
    """How many a second are answered if more are due all the time. The first go warms up."""
    return median([send(*target, requests=requests, rate=AT_ONCE, streams=STREAMS).per_second for _ in range(4)][1:])


def rates(capacities: list[float], scale: Scale) -> list[float]:
    """The same for all servers, in round numbers."""
    slowest, fastest = min(capacities), max(capacities)
    wanted = [slowest * share for share in scale.of(SHARES, SHARES[:1])] + [fastest * share for share in scale.of(SHARES[-1:], ())]
    return sorted({float(f"{rate:.1e}") for rate in wanted})


def at_rate(server: Server, target: list, rate: float, seconds: float) -> dict:
    cpu, busy = server.cpu_seconds(), busy_seconds(SERVER_CORE)
    outcome = send(*target, seconds=seconds, rate=rate, streams=STREAMS)
    cpu, busy = server.cpu_seconds() - cpu, busy_seconds(SERVER_CORE) - busy
    return {
        **{name: outcome.latency[name] for name in QUANTILES},
        "is_late": is_late(outcome),
        "load": {"busy": outcome.busy, **{name: outcome.late[name] for name in QUANTILES}},
        "per_second": outcome.per_second,
        "cpu_us": cpu / outcome.answered * 1e6,
        "others": max(0.0, busy - cpu) / outcome.seconds,
    }


def is_late(outcome: Outcome) -> dict[str, bool]:
    """For each quantile, whether it says more of the load than of the server: it had no time left, or noticed late what was due."""
    is_full = outcome.busy > LOAD_FULL
    return {name: is_full or outcome.late[name] > outcome.latency[name] / 2 for name in QUANTILES}


def least_disturbed(turns: list[dict]) -> dict:
    """Latencies only ever grow by what else a machine does. The same choice for every server."""
    return min(turns, key=lambda turn: (sum(turn["is_late"].values()), turn["p99"]))


def show(found: dict) -> None:
    print("latency in µs at fixed rates, requests at random times, counted from when each was due; repeat token")
    print(f"  {'':10} {'requests/s':>10} {'of capacity':>12} " + " ".join(f"{name:>9}" for name in QUANTILES) + f" {'load busy':>10} {'load late p99':>14}")
    for name, server in found.items():
        for entry in server["rates"].values():
            quantiles = " ".join(f"{'load late' if entry['is_late'][quantile] else format(entry[quantile], ',.0f'):>9}" for quantile in QUANTILES)
            load = f"{entry['load']['busy']:10.0%} {entry['load']['p99']:14,.0f}"
            print(f"  {name:10} {entry['rate']:10,.0f} {entry['rate'] / server['capacity']:12.0%} {quantiles} {load}")
