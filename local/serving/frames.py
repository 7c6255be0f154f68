"""Messages over a pipe: a length, a JSON header, and raw bytes."""

import json
import struct
from typing import Any, BinaryIO

_LENGTHS = struct.Struct(">II")


def send(pipe: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    """Write one message."""
    head = json.dumps(header).encode()
    pipe.write(_LENGTHS.pack(len(head), len(body)) + head + body)
    pipe.flush()


def receive(pipe: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """Read one message; None at the end of the pipe."""
    lengths = _exactly(pipe, _LENGTHS.size)
    if lengths is None:
        return None
    head_length, body_length = _LENGTHS.unpack(lengths)
    head, body = _exactly(pipe, head_length), _exactly(pipe, body_length)
    if head is None or body is None:
        return None
    return json.loads(head), body


def _exactly(pipe: BinaryIO, count: int) -> bytes | None:
    content = b""
    while len(content) < count:
        part = pipe.read(count - len(content))
        if not part:
            return None
        content += part
    return content
