"""Files on this machine that options name: plain files, read within bounds."""

import os
import stat
from pathlib import Path
from typing import Any

from lambdas.core.errors import Unreadable
from lambdas.core.foreign import MOST_BYTES, read_json
from lambdas.core.text import quoted

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe, which can be read once only",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def plain(name: str) -> Path:
    """A file as named.

    Raises:
        OSError: it is not there, or may not be looked at.
        Unreadable: it is no plain file; opening a pipe might wait for ever.
    """
    try:
        file, mode = Path(name), os.stat(name).st_mode  # noqa: PTH116 - Path.stat of 3.11 raises what this does
    except ValueError as error:  # a NUL in its name
        raise Unreadable("that is no file's name") from error
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "no file")
        raise Unreadable(f"it is {kind}, and must be a plain file")
    return file


def content(name: str, most: int) -> bytes:
    """What is in a file of at most so many bytes.

    Raises:
        OSError: it cannot be read.
        Unreadable: it is no plain file, empty, or larger.
    """
    with plain(name).open("rb") as file:
        found = file.read(most + 1)
    if not found:
        raise Unreadable("it is empty")
    if len(found) > most:
        raise Unreadable(f"it has more than {most} bytes, which is what is read at most")
    return found


def json_object(name: str) -> dict[str, Any]:
    """A file's one JSON object, in any encoding of JSON.

    Raises:
        OSError, Unreadable: it cannot be read, or is none; see `said`.
    """
    found = read_json(content(name, MOST_BYTES))
    if not isinstance(found, dict):
        raise Unreadable(f"it is JSON, and must be one object: {{…}}, not {quoted(found)}")
    return found


def whole(name: str) -> bytes:
    """All that is in a file, however large.

    Raises:
        OSError, Unreadable: it cannot be read; see `said`.
    """
    return plain(name).read_bytes()


def said(error: Exception) -> str:
    """Why a file cannot be read, in words."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)
