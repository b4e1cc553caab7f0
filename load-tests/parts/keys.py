"""Keys that never fail a request: a rotation, and a flood of unknown ids, under load.

It is judged that no good token is refused, no key comes late, and unknown keys cause few fetches. What depends on the
machine (requests a second, processor time) is printed and judges nothing.
"""

import time
from pathlib import Path

from harness import wire
from harness.h2load import CHECK, VERIFY_BATCH, counting, grpc, lasting
from harness.idp import AUDIENCE, Idp
from harness.process import BINARY, wait_until
from harness.service import Jotgate

from .stage import Scale, Stage

MIN_INTERVAL_SECONDS = 2


def run(stage: Stage, scale: Scale) -> dict:
    rotated, flooded = rotation(stage.directory / "rotation", scale), flood(stage.directory / "flood", scale)
    return {"rotation": rotated, "flood": flooded, "problems": rotated.pop("problems") + flooded.pop("problems")}


def rotation(directory: Path, scale: Scale) -> dict:
    """A new key comes and the old one goes, under load that uses both and no cached verdict."""
    rate, seconds = scale.of(10_000, 100), scale.of(8, 6)
    print(f"rotation under {rate:,} Check requests a second, each with its signature verified")
    directory.mkdir()
    idp, jotgate = start(directory, {"cache": {"max_bytes": 0}})
    try:
        found = rotate(directory, idp, jotgate, rate, seconds)
    finally:
        jotgate.close()
        idp.close()
    # A test does not judge how long something took.
    if not scale.is_short and found["new_key_seconds"] > MIN_INTERVAL_SECONDS + 0.5:
        found["problems"].append(f"the new key came late: {found['new_key_seconds']:.2f} s")
    return found


def rotate(directory: Path, idp: Idp, jotgate: Jotgate, rate: int, seconds: int) -> dict:
    port = jotgate.port("grpc")
    first, second = directory / "first.json", idp.make_key("second")
    tokens = {"first": idp.token(first), "second": idp.token(second)}

    with_first = grpc(port, CHECK, wire.check(tokens["first"]), directory / "first.body", lasting(seconds), rate)
    time.sleep(seconds / 4)
    # The worst moment for a new key: a fetch that an unknown id caused has just missed it.
    miss(jotgate, idp)
    idp.publish(first, second)
    fetches = idp.requests
    late = wait_until("the new key is in use", lambda: jotgate.ask(tokens["second"]) == 200)
    fetches = idp.requests - fetches
    with_second = grpc(port, CHECK, wire.check(tokens["second"]), directory / "second.body", lasting(seconds), rate // 2)
    outcomes = [with_first.wait()]
    # Nobody uses the old key any more: it goes, while the new one is in use.
    idp.publish(second)
    miss(jotgate, idp)
    wait_until("the old key is gone", lambda: jotgate.ask(tokens["first"]) == 401)
    outcomes.append(with_second.wait())

    reasons = {reason: count for (transport, reason), count in jotgate.decisions().items() if transport == "check"}
    old, new = (outcome.per_second for outcome in outcomes)
    print(f"  answered {old:,.0f} requests a second with the old key, {new:,.0f} with the new one, part of the time together")
    print(f"  verdicts of Check: {reasons}")
    print(f"  the new key was in use {late:.2f} s after its first token, with {fetches} fetch(es)")
    problems = []
    if set(reasons) != {"ok"}:
        problems.append(f"good tokens were refused: {reasons}")
    if any(outcome.succeeded < outcome.sent for outcome in outcomes):
        problems.append("requests were not answered")
    return {"verdicts": reasons, "per_second": old, "new_key_seconds": late, "fetches": fetches, "problems": problems}


def flood(directory: Path, scale: Scale) -> dict:
    """Unknown key ids cost what other refusals cost, and next to no fetches."""
    requests, batch = scale.of(40, 10), scale.of(1000, 10)
    print(f"refusals in VerifyBatch, {batch} tokens a request, of which key_unknown has as many ids: most of it is the verdict")
    directory.mkdir()
    idp, jotgate = start(directory, {})
    try:
        return measure(directory, idp, jotgate, requests, batch)
    finally:
        jotgate.close()
        idp.close()


def measure(directory: Path, idp: Idp, jotgate: Jotgate, requests: int, batch: int) -> dict:
    key = directory / "first.json"
    good = idp.token(key)
    # A full alphabet of first characters of the signature is as good as any: only the last is special.
    forged = good[:-40] + ("A" if good[-40] != "A" else "B") + good[-39:]
    strangers = [idp.token_of_nobody() for _ in range(batch)]
    batches = {
        "token_malformed": [token.replace(".", "!") for token in strangers],
        "issuer_unknown": [idp.token(key, iss="https://nobody.example.com/")] * batch,
        "audience_mismatch": [idp.token(key, aud="somebody-else")] * batch,
        "signature_invalid": [forged] * batch,
        "key_unknown": strangers,
    }
    problems, found = [], {}
    before, begun = idp.requests, time.monotonic()
    for reason, tokens in batches.items():
        seen, cpu = jotgate.settled(), jotgate.cpu_seconds()
        outcome = grpc(jotgate.port("grpc"), VERIFY_BATCH, wire.verify_batch(tokens), directory / "body", counting(requests), streams=1).wait()
        new, cpu = jotgate.settled() - seen, jotgate.cpu_seconds() - cpu
        decided = sum(new.values())
        if {found_reason for _, found_reason in new} != {reason} or outcome.succeeded < requests:
            problems.append(f"{reason} expected, there was {dict(new)}")
            continue
        found[reason] = cpu / decided * 1e6
        print(f"    {reason:18} {outcome.per_second * batch:12,.0f}/s {found[reason]:8.2f} µs of processor")
    fetches, took = idp.requests - before, time.monotonic() - begun
    print(f"  {fetches} fetches in {took:.0f} s; one in {MIN_INTERVAL_SECONDS} s may be")
    if fetches > took / MIN_INTERVAL_SECONDS + 1:
        problems.append(f"{fetches} fetches in {took:.0f} s")
    return {"cpu_us": found, "fetches": fetches, "seconds": took, "problems": problems}


def start(directory: Path, settings: dict) -> tuple[Idp, Jotgate]:
    """A provider that publishes the key `first`, and jotgate that trusts it and fetches only what is missing."""
    idp = Idp(BINARY, directory)
    idp.publish(idp.make_key("first"))
    source = idp.source(every="1h", min_interval=f"{MIN_INTERVAL_SECONDS}s")
    issuer = {"issuer": idp.issuer, "audiences": [AUDIENCE], "keys": [source]}
    return idp, Jotgate({"issuers": {"corp": issuer}, **settings}, directory)


def miss(jotgate: Jotgate, idp: Idp) -> None:
    """Makes jotgate look for a key that nobody has, and waits until it did."""
    before = idp.requests
    token = idp.token_of_nobody()
    wait_until("a missing key is looked for", lambda: jotgate.ask(token) == 401 and idp.requests > before)
