"""A million tokens through a cache of 64 MiB: how much memory that takes."""

import threading

from harness import wire
from harness.generator import send
from harness.h2load import CHECK

from .stage import Scale, Stage

CACHE_MIB = 64
ROOM_MIB = 64


def run(stage: Stage, scale: Scale) -> dict:
    count = scale.of(1_000_000, 5_000)
    fresh = stage.fresh("HS256")
    bodies = stage.checks("fresh", fresh.sample)
    jotgate = stage.jotgate("memory", cache={"max_bytes": f"{CACHE_MIB}MiB"})
    over = threading.Event()
    samples = [[0.0, jotgate.resident_mib()]]
    begun = jotgate.cpu_seconds()

    def watch() -> None:
        while not over.wait(0.5):
            samples.append([samples[-1][0] + 0.5, jotgate.resident_mib()])

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        outcome = send(jotgate.addresses["grpc"], CHECK, bodies, requests=count, fresh=fresh)
        over.set()
        watching.join()
        problems = [] if all(map(wire.is_allowed, outcome.answers)) else [f"answers {outcome.answers}"]
        found = {
            "tokens": count,
            "cache_mib": CACHE_MIB,
            "start_mib": samples[0][1],
            "peak_mib": jotgate.peak_mib(),
            "samples": samples,
            "cpu_us": (jotgate.cpu_seconds() - begun) / count * 1e6,
        }
    finally:
        over.set()
        jotgate.close()
    print(f"memory: {count:,} tokens through a cache of {CACHE_MIB} MiB")
    print(f"  resident {found['start_mib']:.0f} MiB before, {found['peak_mib']:.0f} MiB at most (goal: under {CACHE_MIB + ROOM_MIB})")
    return {**found, "problems": problems}
