"""Bodies of gRPC requests: protobuf by hand, because five fields need no generated code."""

import struct


def check(token: str, path: str = "/orders") -> bytes:
    """What Envoy sends for `GET path` with this bearer token (envoy.service.auth.v3.CheckRequest)."""
    headers = {":authority": "api.example.com", ":method": "GET", ":path": path, "authorization": f"Bearer {token}"}
    entries = b"".join(_field(3, _field(1, name) + _field(2, value)) for name, value in headers.items())
    http = _field(2, "GET") + entries + _field(4, path) + _field(5, "api.example.com")
    return _framed(_field(1, _field(4, _field(2, http))))


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
