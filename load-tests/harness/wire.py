"""Bodies of gRPC requests: protobuf by hand, because five fields need no generated code."""

import struct


def check(token: str, path: str = "/orders") -> bytes:
    """What Envoy sends for `GET path` with this bearer token (envoy.service.auth.v3.CheckRequest)."""
    headers = {":authority": "api.example.com", ":method": "GET", ":path": path, "authorization": f"Bearer {token}"}
    entries = b"".join(_field(3, _field(1, name) + _field(2, value)) for name, value in headers.items())
    http = _field(2, "GET") + entries + _field(4, path) + _field(5, "api.example.com")
    return _framed(_field(1, _field(4, _field(2, http))))


# What a browser sends, and Envoy adds.
BROWSER = {
    "accept": "application/json, text/plain, */*",
    "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "en-GB,en;q=0.9,de;q=0.8",
    "cache-control": "no-cache",
    "cookie": "session=0b1f6a546e1a4a5e9d0f6f2f3c1d2e7a; theme=dark; consent=yes",
    "origin": "https://app.example.com",
    "referer": "https://app.example.com/orders",
    "sec-fetch-dest": "empty",
    "sec-fetch-mode": "cors",
    "sec-fetch-site": "same-site",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
}
ENVOY = {
    "x-envoy-internal": "true",
    "x-forwarded-for": "10.0.0.7",
    "x-forwarded-proto": "https",
    "x-request-id": "6f2f3c1d-2e7a-4a5e-9d0f-0b1f6a546e1a",
}


def check_of_envoy(token: str) -> bytes:
    """The same with the headers that a browser and Envoy add: about twenty."""
    path = "/orders/4711?expand=lines"
    pseudo = {":authority": "api.example.com", ":method": "GET", ":path": path, ":scheme": "https"}
    headers = {**pseudo, **BROWSER, **ENVOY, "authorization": f"Bearer {token}"}
    entries = b"".join(_field(3, _field(1, name) + _field(2, value)) for name, value in sorted(headers.items()))
    identity = _field(1, "6f2f3c1d2e7a") + _field(2, "GET")
    http = identity + entries + _field(4, path) + _field(5, "api.example.com") + _field(6, "https") + _field(10, "HTTP/2")
    return _framed(_field(1, _field(4, _field(2, http))))


def verify(token: str) -> bytes:
    """jotgate.v1.VerifyRequest of a token alone."""
    return _framed(_field(1, token))


def is_allowed(start: str) -> bool:
    """Whether an answer that begins so, in hexadecimal digits, is a CheckResponse or VerifyResponse that allows."""
    check_refused, verify_allowed = start[:2] == "0a" and start[4:6] == "08", start[:4] == "0801"
    return verify_allowed or start[:2] == "0a" and not check_refused


def text(value: str) -> bytes:
    """google.protobuf.StringValue."""
    return _framed(_field(1, value))


def check_without_token() -> bytes:
    http = _field(2, "GET") + _field(4, "/orders") + _field(5, "api.example.com")
    return _framed(_field(1, _field(4, _field(2, http))))


def verify_batch(tokens: list[str]) -> bytes:
    """jotgate.v1.VerifyBatchRequest."""
    return _framed(b"".join(_field(1, _field(1, token)) for token in tokens))


def _field(number: int, value: str | bytes) -> bytes:
    """A field of wire type 2: text, bytes or a message."""
    value = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _framed(message: bytes) -> bytes:
    """Not compressed, and its length: how gRPC sends a message."""
    return struct.pack(">BI", 0, len(message)) + message
