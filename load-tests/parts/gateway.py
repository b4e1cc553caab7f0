"""What checking costs behind a real Envoy: Envoy's own processor time, and jotgate's beside it.

Envoy has one worker on one core and answers by itself; jotgate and the load share the other core. What a filter adds is
the difference to the same Envoy without one, in the same turn.
"""

from dataclasses import dataclass, field
from statistics import median

from harness import envoy, h2load, wire
from harness.envoy import Envoy
from harness.idp import AUDIENCE
from harness.process import LOAD_CORE, SERVER_CORE, busy_seconds
from harness.service import Jotgate

from .stage import Scale, Stage

# What jotgate needs to know of a request where rules look at no header.
FEW_HEADERS = {"patterns": [{"exact": name} for name in ("authorization", ":method", ":path", ":authority", ":scheme")]}


@dataclass
class Variant:
    title: str
    filters: list[dict]
    algorithm: str = "ES256"
    # jotgate's address, and whether Envoy speaks HTTP/2 with it.
    asks: tuple[str, bool] | None = None
    cluster: dict = field(default_factory=dict)
    turns: list[dict] = field(default_factory=list)


def run(stage: Stage, scale: Scale) -> dict:
    directory = stage.directory / "gateway"
    directory.mkdir()
    sockets = {name: f"unix://{directory}/{name}.sock" for name in ("grpc", "http")}
    tcp = stage.jotgate("gateway-tcp", core=LOAD_CORE)
    listen = {name: {"listen": address} for name, address in sockets.items()}
    unix = stage.jotgate("gateway-unix", core=LOAD_CORE, server=listen)
    many = stage.jotgate("gateway-threads", core=LOAD_CORE, server={"threads": 4})
    jotgates = (tcp, unix, many)
    envoys: dict[str, Envoy] = {}
    try:
        variants = every_variant(stage, tcp, many, sockets)
        variants = scale.of(variants, {name: variants[name] for name in ("none", "jwt_authn_cached", "grpc", "http")})
        for name, variant in variants.items():
            clusters = [envoy.cluster(*variant.asks, **variant.cluster)] if variant.asks else []
            envoys[name] = Envoy(directory / name, variant.filters, clusters)
        tokens = {variant.algorithm: stage.token(variant.algorithm) for variant in variants.values()}
        for turn in range(scale.of(6, 2)):
            for name, variant in variants.items():
                headers = {**wire.BROWSER, "authorization": f"Bearer {tokens[variant.algorithm]}"}
                found = take_turn(envoys[name], jotgates, headers, scale.of(1.5, 0.2))
                if turn > 0:  # The first one warms up.
                    variant.turns.append(found)
        reasons = {reason for jotgate in jotgates for _, reason in jotgate.settled()}
    finally:
        for server in (*jotgates, *envoys.values()):
            server.close()
    problems = [] if reasons == {"ok"} else [f"jotgate gave the reasons {reasons}"]
    found = {name: summary(variant, variants["none"]) for name, variant in variants.items()}
    show(found)
    return {"variants": found, "problems": problems}


def every_variant(stage: Stage, tcp: Jotgate, many: Jotgate, sockets: dict[str, str]) -> dict[str, Variant]:
    jwks = stage.jwks.read_text()

    def own(cached_tokens: int | None) -> list[dict]:
        return [envoy.jwt_authn(stage.idp.issuer, AUDIENCE, jwks, cached_tokens)]

    grpc, http = (tcp.addresses["grpc"], True), (tcp.addresses["http"], False)
    counting = {"track_cluster_stats": {"request_response_sizes": True, "timeout_budgets": True}}
    return {
        "none": Variant("no filter", []),
        "jwt_authn_cached": Variant("jwt_authn, token cache", own(100)),
        "jwt_authn_rs256": Variant("jwt_authn, RS256, no cache", own(None), "RS256"),
        "jwt_authn_es256": Variant("jwt_authn, ES256, no cache", own(None), "ES256"),
        "grpc": Variant("ext_authz, gRPC over TCP", [envoy.grpc_authz()], asks=grpc),
        "grpc_unix": Variant("ext_authz, gRPC over a Unix socket", [envoy.grpc_authz()], asks=(sockets["grpc"], True)),
        "grpc_few": Variant("ext_authz, gRPC over a Unix socket, allowed_headers", [envoy.grpc_authz(allowed_headers=FEW_HEADERS)], asks=(sockets["grpc"], True)),
        "grpc_stats": Variant("ext_authz, gRPC over TCP, track_cluster_stats", [envoy.grpc_authz()], asks=grpc, cluster=counting),
        "grpc_threads": Variant("ext_authz, gRPC over TCP, four workers on a core", [envoy.grpc_authz()], asks=(many.addresses["grpc"], True)),
        "http": Variant("ext_authz, HTTP over TCP", [envoy.http_authz()], asks=http),
        "http_unix": Variant("ext_authz, HTTP over a Unix socket", [envoy.http_authz()], asks=(sockets["http"], False)),
    }


def take_turn(server: Envoy, jotgates: tuple[Jotgate, ...], headers: dict[str, str], seconds: float) -> dict:
    def used() -> tuple[float, float, float]:
        return server.cpu_seconds(), sum(jotgate.cpu_seconds() for jotgate in jotgates), busy_seconds(SERVER_CORE)

    before = used()
    outcome = h2load.http1(f"http://{server.address}/orders/4711?expand=lines", headers, seconds, core=LOAD_CORE)
    own, jotgate, busy = (after - before for after, before in zip(used(), before))
    return {
        "envoy_us": own / outcome.succeeded * 1e6,
        "jotgate_us": jotgate / outcome.succeeded * 1e6,
        "per_second": outcome.per_second,
        "others": max(0.0, busy - own) / busy if busy else 0.0,
    }


def summary(variant: Variant, without: Variant) -> dict:
    names = ("envoy_us", "jotgate_us", "per_second", "others")
    added = (own["envoy_us"] - its["envoy_us"] for own, its in zip(variant.turns, without.turns))
    found = {name: median(turn[name] for turn in variant.turns) for name in names}
    # A variant that does not ask has jotgate idle beside it.
    found["jotgate_us"] = found["jotgate_us"] if variant.asks else 0.0
    return {"title": variant.title, **found, "added_us": median(added), "turns": variant.turns}


def show(found: dict[str, dict]) -> None:
    print("behind Envoy: processor time of a request, one worker on one core, HTTP/1.1, some twenty headers")
    print(f"  {'':52} {'Envoy µs':>9} {'added':>7} {'jotgate':>8} {'requests/s':>11}")
    for entry in found.values():
        print(f"  {entry['title']:52} {entry['envoy_us']:9.1f} {entry['added_us']:7.1f} {entry['jotgate_us']:8.1f} {entry['per_second']:11,.0f}")
