"""How long answers take at fixed rates, counted from when each request was due.

A load that waits for an answer before it asks again asks less while the server is slow, and so never sees how long
others would have waited. Here requests come at random times, whether the server keeps up or not.
"""

from statistics import median

from harness import wire
from harness.generator import send
from harness.h2load import CHECK
from harness.process import SERVER_CORE, busy_seconds
from harness.reference import ECHO

from .stage import Scale, Stage

SHARES = (0.25, 0.5, 0.75, 0.9)
QUANTILES = ("p50", "p99", "p99.9")
STREAMS = 100


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
        for name, (server, *target) in servers.items():
            send(*target, seconds=scale.of(1, 0.1))
            capacity = median(send(*target, seconds=scale.of(1, 0.1)).per_second for _ in range(3))
            found[name] = {"capacity": capacity, "rates": {}}
        for share in scale.of(SHARES, SHARES[:1]):
            for name, (server, *target) in servers.items():
                rate = found[name]["capacity"] * share
                turns = [at_rate(server, target, rate, scale.of(3, 0.2)) for _ in range(scale.of(3, 1))]
                found[name]["rates"][str(share)] = {
                    "rate": rate,
                    # The least disturbed turn: latencies only ever grow by what else a machine does.
                    **min(turns, key=lambda turn: turn["p99"]),
                    "turns": turns,
                }
    finally:
        for server in (echo, generated, jotgate):
            server.close()
    show(found)
    return {"servers": found, "problems": []}


def at_rate(server, target: list, rate: float, seconds: float) -> dict:
    cpu, busy = server.cpu_seconds(), busy_seconds(SERVER_CORE)
    outcome = send(*target, seconds=seconds, rate=rate, streams=STREAMS)
    cpu, busy = server.cpu_seconds() - cpu, busy_seconds(SERVER_CORE) - busy
    others = max(0.0, busy - cpu) / outcome.seconds
    return {**outcome.latency, "per_second": outcome.per_second, "cpu_us": cpu / outcome.answered * 1e6, "others": others}


def show(found: dict) -> None:
    print("latency in µs at fixed rates, requests at random times, counted from when each was due; repeat token")
    print(f"  {'':10} {'of capacity':>12} {'requests/s':>11} " + " ".join(f"{name:>8}" for name in QUANTILES))
    for name, server in found.items():
        for share, entry in server["rates"].items():
            quantiles = " ".join(f"{entry[quantile]:8,.0f}" for quantile in QUANTILES)
            print(f"  {name:10} {float(share):12.0%} {entry['rate']:11,.0f} {quantiles}")
