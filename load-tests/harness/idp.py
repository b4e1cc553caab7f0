"""An identity provider: keys made by jotgate itself, published over HTTP, tokens signed with them."""

import base64
import json
import secrets
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

AUDIENCE = "orders-api"


class Idp:
    def __init__(self, binary: Path, directory: Path):
        self.binary = binary
        self.directory = directory
        self.requests = 0
        self.published: list[dict] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()

    def make_key(self, kid: str, algorithm: str = "ES256") -> Path:
        path = self.directory / f"{kid}.json"
        path.write_text(self._jotgate("keygen", "--alg", algorithm, "--kid", kid))
        return path

    def publish(self, *keys: Path) -> None:
        """From here on these are the published keys."""
        sets = [json.loads(self._jotgate("keygen", "--public", "--key", str(key))) for key in keys]
        self.published = [jwk for jwks in sets for jwk in jwks["keys"]]

    def token(self, key: Path, ttl: str = "1h", **claims: str) -> str:
        claims = {"iss": self.issuer, "aud": AUDIENCE, "sub": "u1", **claims}
        flags = [flag for name, value in claims.items() for flag in ("--claim", f"{name}={value}")]
        return self._jotgate("mint", "--key", str(key), "--ttl", ttl, *flags).strip()

    def token_of_nobody(self) -> str:
        """A token with a random key id. Nobody gets to look at its signature."""
        header = {"alg": "ES256", "typ": "JWT", "kid": secrets.token_hex(8)}
        claims = {"iss": self.issuer, "aud": AUDIENCE, "sub": "u1", "exp": 4102444800}
        parts = [json.dumps(part).encode() for part in (header, claims)] + [b"\1" * 64]
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)

    def source(self, every: str, min_interval: str) -> dict:
        """The entry of `issuers.*.keys` that fetches the published keys."""
        refresh = {"every": every, "min_interval": min_interval}
        return {"jwks_url": f"{self.issuer}/keys", "refresh": refresh}

    def _jotgate(self, *arguments: str) -> str:
        return subprocess.run([self.binary, *arguments], check=True, capture_output=True, text=True).stdout

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        idp = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                idp.requests += 1
                body = json.dumps({"keys": idp.published}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/jwk-set+json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
