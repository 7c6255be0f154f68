"""Messages over a socket: two lengths, a JSON header, and raw bytes."""

import json
import socket
import struct
import time
from typing import Any

_LENGTHS = struct.Struct(">II")


def send(channel: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    """Write one message."""
    head = json.dumps(header).encode()
    channel.sendall(_LENGTHS.pack(len(head), len(body)) + head + body)


def receive(channel: socket.socket, deadline: float | None = None) -> tuple[dict[str, Any], bytes] | None:
    """Read one message; None when the other side is gone.

    Raises:
        TimeoutError: it was not there by `deadline`, a moment of time.monotonic(); None waits for ever.
    """
    lengths = _exactly(channel, _LENGTHS.size, deadline)
    if lengths is None:
        return None
    head_length, body_length = _LENGTHS.unpack(lengths)
    content = _exactly(channel, head_length + body_length, deadline)
    if content is None:
        return None
    return json.loads(content[:head_length]), content[head_length:]


def _exactly(channel: socket.socket, count: int, deadline: float | None) -> bytes | None:
    content = bytearray(count)
    view, filled = memoryview(content), 0
    while filled < count:
        channel.settimeout(_remaining(deadline))
        try:
            got = channel.recv_into(view[filled:])
        except ConnectionError:
            return None
        if not got:
            return None
        filled += got
    return bytes(content)


def _remaining(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
