"""A real Envoy with one worker: it answers by itself, so that nothing but its filters is compared."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from .process import ROOT, SERVER_CORE, Server, wait_until

TYPES = "type.googleapis.com/envoy.extensions"


def program() -> Path:
    named = os.environ.get("JOTGATE_TEST_ENVOY") or ROOT / ".tools/venv/bin/envoy"
    found = shutil.which(named)
    if not found:
        raise SystemExit(f"{named} is needed: scripts/test install, or name another Envoy in JOTGATE_TEST_ENVOY")
    return Path(found)


class Envoy(Server):
    """Runs from here until it is closed, with these filters before its router."""

    def __init__(self, directory: Path, filters: list[dict], clusters: list[dict]):
        directory.mkdir()
        file, admin = directory / "envoy.json", directory / "admin"
        file.write_text(json.dumps(bootstrap(filters, clusters)))
        command = [program(), "--disable-hot-restart", "--concurrency", "1", "--log-level", "error"]
        command += ["--config-path", file, "--admin-address-path", admin]
        with (directory / "log").open("wb") as log:
            self.start(command, SERVER_CORE, stdout=log, stderr=log)
        self.directory = directory
        wait_until("Envoy starts", lambda: self._has_started(admin))
        self.admin = admin.read_text().strip()
        wait_until("Envoy listens", lambda: "front" in self.ask("/listeners"))
        self.address = re.search(r"front::(\S+)", self.ask("/listeners"))[1]

    def ask(self, path: str) -> str:
        command = ["curl", "-sS", "--max-time", "5", f"http://{self.admin}{path}"]
        return subprocess.run(command, capture_output=True, text=True).stdout

    def _has_started(self, admin: Path) -> bool:
        if self.process.poll() is not None:
            raise SystemExit(f"Envoy ended: {(self.directory / 'log').read_text()}")
        return admin.exists() and bool(admin.read_text().strip())


def bootstrap(filters: list[dict], clusters: list[dict]) -> dict:
    loopback = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    routes = {
        "name": "all",
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}],
    }
    manager = {
        "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "front",
        "route_config": routes,
        "http_filters": [*filters, http_filter("router", "router.v3.Router")],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    listener = {"name": "front", "address": loopback, "filter_chains": [chain]}
    return {"admin": {"address": loopback}, "static_resources": {"listeners": [listener], "clusters": clusters}}


def http_filter(name: str, kind: str, **settings) -> dict:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": f"{TYPES}.filters.http.{kind}", **settings}}


def cluster(address: str, is_http2: bool, **settings) -> dict:
    """jotgate as Envoy sees it, at `127.0.0.1:9191` or `unix:///run/jotgate/grpc.sock`."""
    if address.startswith("unix://"):
        where = {"pipe": {"path": address.removeprefix("unix://")}}
    else:
        host, port = address.rsplit(":", 1)
        where = {"socket_address": {"address": host, "port_value": int(port)}}
    found = {
        "name": "jotgate",
        "type": "STATIC",
        "load_assignment": {"cluster_name": "jotgate", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": where}}]}]},
        **settings,
    }
    if is_http2:
        options = {"@type": f"{TYPES}.upstreams.http.v3.HttpProtocolOptions", "explicit_http_config": {"http2_protocol_options": {}}}
        found["typed_extension_protocol_options"] = {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options}
    return found


def grpc_authz(**settings) -> dict:
    service = {"envoy_grpc": {"cluster_name": "jotgate"}, "timeout": "2s"}
    return http_filter("ext_authz", "ext_authz.v3.ExtAuthz", transport_api_version="V3", grpc_service=service, **settings)


def http_authz(**settings) -> dict:
    service = {
        "path_prefix": "/envoy",
        "server_uri": {"uri": "http://jotgate", "cluster": "jotgate", "timeout": "2s"},
        "authorization_response": {"allowed_upstream_headers": {"patterns": [{"prefix": "x-"}]}},
    }
    return http_filter("ext_authz", "ext_authz.v3.ExtAuthz", transport_api_version="V3", http_service=service, **settings)


def jwt_authn(issuer: str, audience: str, jwks: str, cached_tokens: int | None) -> dict:
    provider = {
        "issuer": issuer,
        "audiences": [audience],
        "local_jwks": {"inline_string": jwks},
        "forward": True,
        "claim_to_headers": [{"header_name": f"x-{name}", "claim_name": claim} for name, claim in [("user-id", "sub"), ("email", "email"), ("tenant", "tenant")]],
    }
    if cached_tokens:
        provider["jwt_cache_config"] = {"jwt_cache_size": cached_tokens}
    rules = [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
    return http_filter("jwt_authn", "jwt_authn.v3.JwtAuthentication", providers={"corp": provider}, rules=rules)
