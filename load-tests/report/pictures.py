"""The pictures of docs/benchmarks.md."""

from .svg import OTHERS, OTHERS_DARK, OURS, Bar, Line, bars, lines


def pictures(parts: dict) -> dict[str, str]:
    """By the name of their file. Those of which there are figures."""
    found = {}
    if "costs" in parts:
        found["costs.svg"] = costs(parts["costs"]["subjects"])
    if "latency" in parts and (picture := latency(parts["latency"]["servers"])):
        found["latency.svg"] = picture
    if "gateway" in parts:
        found["gateway.svg"] = gateway(parts["gateway"]["variants"])
    return found


def costs(subjects: dict) -> str:
    groups = [
        ("References", [("echo", "bare tonic echo, 12 bytes"), ("generated", "generated types, one thread"), ("idiomatic", "generated types, default runtime")]),
        ("jotgate: the token is known", [("repeat", "Check, one token"), ("distinct", "Check, 10,000 tokens"), ("verify", "Verify"), ("stream", "VerifyStream"), ("auth", "HTTP/1.1 /auth")]),
        ("jotgate: refused", [("token_malformed", "malformed"), ("issuer_unknown", "unknown issuer"), ("key_unknown", "unknown key"), ("token_expired", "expired in the cache")]),
        ("jotgate: a signature each time", [("fresh", "HS256, every token new"), ("RS256", "RS256"), ("EdDSA", "EdDSA"), ("ES256", "ES256")]),
    ]
    found = []
    for group, entries in groups:
        for name, label in entries:
            is_ours = group != "References"
            colour = OURS if is_ours else OTHERS
            found.append(Bar(label, [(subjects[name]["cpu_us"], colour)], name == "repeat", group if name == entries[0][0] else ""))
    title = "What a request costs the server"
    return bars(title, "Microseconds of processor time; one core, 64 requests under way", "µs", found, [])


def latency(servers: dict) -> str:
    found = []
    for name, label, colour in [("repeat", "jotgate", OURS), ("echo", "bare tonic echo", OTHERS_DARK), ("generated", "generated types", "#c2673a")]:
        for quantile, is_dashed in [("p99", False), ("p50", True)]:
            # What says more of the load than of the server is no latency.
            told = [entry for entry in servers[name]["rates"].values() if not entry.get("is_late", {}).get(quantile)]
            points = [(entry["rate"], entry[quantile]) for entry in told]
            found.append(Line("" if is_dashed else label, colour, points, is_dashed))
    title = "How long an answer takes"
    subtitle = "99 of 100 answers take no longer than the line shows, and half of them no longer than the dashed one"
    return lines(title, subtitle, "requests a second", "µs", found) if any(line.points for line in found) else ""


def gateway(variants: dict) -> str:
    found = []
    for name, entry in variants.items():
        if name == "none":
            continue
        is_ours = "ext_authz" in entry["title"]
        pieces = [(max(entry["added_us"], 0.0), OTHERS_DARK)] + ([(entry["jotgate_us"], OURS)] if is_ours else [])
        found.append(Bar(entry["title"].replace("ext_authz, ", "jotgate, ").replace(" over a Unix socket", ", Unix socket").replace(" over TCP", ", TCP"), pieces))
    title = "What checking adds to a request through Envoy"
    legend = [("Envoy's own, beyond the same Envoy without a filter", OTHERS_DARK), ("jotgate", OURS)]
    return bars(title, "Microseconds of processor time", "µs", found, legend)
