"""What most parts need: keys, tokens, configurations, and the servers that are compared."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from harness import wire
from harness.generator import Fresh, tokens
from harness.idp import AUDIENCE, Idp
from harness.process import BINARY, EXAMPLES, SERVER_CORE, wait_until
from harness.reference import Reference
from harness.service import Jotgate

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "HS256")
# Some twelve claims and 900 bytes: what identity providers hand out.
CLAIMS = {
    "azp": "orders-web",
    "scope": "openid profile email orders:read orders:write",
    "email": "alice@example.com",
    "name": "Alice Example",
    "given_name": "Alice",
    "family_name": "Example",
    "preferred_username": "alice",
    "sid": "0b1f6a54-6e1a-4a5e-9d0f-6f2f3c1d2e7a",
    "acr": "1",
    "tenant": "acme",
}
FORWARD = {"headers": {"x-user-id": "sub", "x-email": "email", "x-tenant": "tenant"}}
FAR_AWAY = 4_102_444_800
MIB = 1024 * 1024


@dataclass(frozen=True)
class Scale:
    """How long to measure. The short one is for the test suite, which judges no time."""

    is_short: bool

    def of(self, full, short):
        return short if self.is_short else full


class Stage:
    def __init__(self, directory: Path):
        self.directory = directory
        self.idp = Idp(BINARY, directory)
        self.keys = {algorithm: self.idp.make_key(algorithm.lower(), algorithm) for algorithm in ALGORITHMS}
        secret = json.loads(self.keys["HS256"].read_text())["k"]
        (directory / "hs.key").write_text(secret)
        self.idp.publish(*(key for algorithm, key in self.keys.items() if algorithm != "HS256"))
        self.jwks = directory / "jwks.json"
        self.jwks.write_text(json.dumps({"keys": self.idp.published}))
        # The references take one key.
        self.one_key = directory / "one.json"
        one = [jwk for jwk in self.idp.published if jwk["kid"] == "es256"]
        self.one_key.write_text(json.dumps({"keys": one}))

    def close(self) -> None:
        self.idp.close()

    def claims(self, **more) -> dict:
        return {"iss": self.idp.issuer, "aud": AUDIENCE, "sub": "alice", "exp": FAR_AWAY, **CLAIMS, **more}

    def token(self, algorithm: str = "ES256", **claims) -> str:
        return self.tokens(algorithm, 1, **claims)[0]

    def tokens(self, algorithm: str, count: int, **claims) -> list[str]:
        return tokens(self.keys[algorithm], self.claims(**claims), count)

    def fresh(self, algorithm: str, **claims) -> Fresh:
        """A token for each request."""
        return Fresh(self.token(algorithm, **claims), self.keys[algorithm], self.claims(**claims))

    def expired_in_cache(self, jotgate: Jotgate, seconds: int = 2) -> str:
        """A token that was good for so long, and came while it was."""
        end = int(time.time()) + seconds
        token = self.token(exp=end)
        if (asked := jotgate.ask(token)) != 200:
            raise SystemExit(f"a token of {seconds} s was refused at once: {asked}")
        time.sleep(max(0.0, end - time.time()))
        wait_until("a token in the cache expires", lambda: jotgate.ask(token) == 401)
        return token

    def bodies(self, name: str, messages: list[bytes]) -> Path:
        file = self.directory / f"{name}.bodies"
        file.write_bytes(b"".join(messages))
        return file

    def checks(self, name: str, *tokens: str) -> Path:
        return self.bodies(name, [wire.check_of_envoy(token) for token in tokens])

    def config(self, **settings) -> dict:
        issuer = {
            "issuer": self.idp.issuer,
            "audiences": [AUDIENCE],
            "algorithms": list(ALGORITHMS),
            "leeway": "0s",
            "keys": [
                {"jwks_file": str(self.jwks)},
                {"secret": {"file": str(self.directory / "hs.key")}, "kid": "hs256", "alg": "HS256", "encoding": "base64url"},
            ],
        }
        config = {"issuers": {"corp": issuer}, "forward": FORWARD, "log": {"decisions": "off"}, **settings}
        config["server"] = {"threads": 1, **settings.get("server", {})}
        return config

    def jotgate(self, name: str = "jotgate", core: int | None = SERVER_CORE, under: tuple = (), patience: float = 20, **settings) -> Jotgate:
        return Jotgate(self.config(**settings), self.directory / name, core, under, patience)

    def echo(self, under: tuple = (), log: Path | None = None) -> Reference:
        return Reference(EXAMPLES / "reference-echo", core=SERVER_CORE, under=under, log=log)

    def generated(self, under: tuple = (), log: Path | None = None) -> Reference:
        return self._generated("one-thread", SERVER_CORE, under, log)

    def idiomatic(self) -> Reference:
        """The same as people start it: with tokio's threads on all cores."""
        return self._generated("many-threads", None, (), None)

    def _generated(self, threads: str, core: int | None, under: tuple, log: Path | None) -> Reference:
        arguments = (str(self.one_key), self.idp.issuer, AUDIENCE, threads)
        return Reference(EXAMPLES / "reference-generated", *arguments, core=core, under=under, log=log)
