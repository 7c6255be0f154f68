"""Archives that other people packed (.tar.gz), read as a stream: strictly, and within bounds."""

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from lambdas.core.errors import Unreadable
from lambdas.core.foreign import reason
from lambdas.core.text import cut

_MOST_HEADER = (
    65_536  # bytes of a member's extended header (pax, GNU long names): tarfile holds each as a whole
)
_EXTENDED = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)
_MOST_BEYOND = 16  # reads at the end that find nothing; a sound archive needs two
_GZIP = b"\x1f\x8b"
_OTHERS = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"BZh": "compressed with bzip2, not gzip",
    b"\xfd7zXZ\x00": "compressed with xz, not gzip",
    b"\x28\xb5\x2f\xfd": "compressed with zstd, not gzip",
    b"7z\xbc\xaf": "a 7z archive",
}
_USTAR_AT = 257  # where a tar archive says what it is
_HEAD = 512
_LONGEST_NAME = 200  # bytes of a member's name that a message quotes
# What a Mac or tar itself puts beside the files that somebody packed: extended attributes, folder views, pax headers.
_LITTER = re.compile(r"\._.*|\.DS_Store|__MACOSX|PaxHeaders?(\.[^/]*)?|pax_global_header", re.DOTALL)


class Unpacking(gzip.GzipFile):
    """Reads what is packed; what unpacks to more than so many bytes is refused as soon as it does.

    So is reading on and on beyond the end, as tarfile does to skip a member that says that it has 2**62 bytes.
    """

    def __init__(self, packed: BinaryIO, most: int | None) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._most, self._read, self._beyond = most, 0, 0

    def read(self, size: int | None = -1) -> bytes:
        """At most so many bytes."""
        content = super().read(size)
        self._read += len(content)
        self._beyond = self._beyond + 1 if not content else 0
        if self._beyond > _MOST_BEYOND:
            raise Unreadable("it is cut off: it ends before its last member does")
        if self._most is not None and self._read > self._most:
            raise Unreadable(f"it unpacks to more than {self._most} bytes before its first file's end")
        return content


class Archive(tarfile.TarFile):
    """An archive whose members can be forgotten once they were looked at."""

    members: list[tarfile.TarInfo]


class _Header(tarfile.TarInfo):
    """A member whose header is sound and of bounded size.

    tarfile itself takes a spoiled header for the archive's end, and reads extended headers of any size into memory.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Header":
        """Read a block of 512 bytes."""
        if not any(buf):  # nothing, or zeros: the end, which tarfile knows
            return super().frombuf(buf, encoding, errors)
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            raise Unreadable(f"what is packed is no tar archive, or a spoiled one: {error}") from error
        if header.size < 0:
            raise Unreadable(f"a member of it says that it has {header.size} bytes")
        if header.type in _EXTENDED and header.size > _MOST_HEADER:
            raise Unreadable(
                f"a member of it has a header of {header.size} bytes; at most {_MOST_HEADER} are read"
            )
        return header


@contextmanager
def opened(packed: BinaryIO, most: int | None = None) -> Iterator[tuple[Archive, Unpacking]]:
    """Open a .tar.gz as a stream, together with what reads on to its end.

    Args:
        packed: at its beginning; must be seekable.
        most: bytes that may be unpacked; None: any number.

    Raises:
        Unreadable: it is none, and says what it looks like instead; or what is read of it is spoiled.
    """
    head = packed.read(_HEAD)
    packed.seek(0)
    if (why := _not_gzip(head)) is not None:
        raise Unreadable(f"it is no .tar.gz: {why}. Pack it anew: tar -czf NAME.tar.gz FILES")
    unpacking = Unpacking(packed, most)
    try:
        with Archive.open(fileobj=unpacking, mode="r|", tarinfo=_Header) as archive:
            yield archive, unpacking
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Unreadable(f"it is no .tar.gz, or not all of one: {reason(error)}") from error


def members(archive: Archive, most: int | None = None) -> Iterator[tarfile.TarInfo]:
    """Its members in order, none kept in memory.

    Args:
        archive: as `opened` gives it.
        most: how many are looked at; None: all.

    Raises:
        Unreadable: it has more, or one of a size that nothing has.
    """
    count = 0
    while (member := archive.next()) is not None:
        archive.members.clear()
        count += 1
        if most is not None and count > most:
            raise Unreadable(f"it has more than {most} members")
        if member.size < 0:  # by an extended header, which tarfile believes
            raise Unreadable(f"{shown(member.name)} says that it has {member.size} bytes")
        yield member


def is_litter(name: str) -> bool:
    """Whether a member is none of the files that somebody packed, but what a Mac or tar put beside them."""
    return any(_LITTER.fullmatch(part) for part in name.split("/"))


def shown(name: str) -> str:
    """A member's name for a message: of bounded length; what is not UTF-8 in it shows."""
    return cut(name, _LONGEST_NAME)


def _not_gzip(head: bytes) -> str | None:
    if not head:
        return "it is empty"
    if head.startswith(_GZIP):
        return None
    for start, what in _OTHERS.items():
        if head.startswith(start):
            return f"it is {what}"
    if head[_USTAR_AT:].startswith(b"ustar"):
        return "it is a tar archive that is not compressed"
    return "it is not compressed with gzip"
