"""Extracts a model.tar.gz, and nothing outside the folder it belongs into."""

import gzip
import io
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import IO

_CHUNK = 1 << 20  # bytes
_LARGEST = 4 << 30  # bytes of a model that is unpacked on this machine


class ArchiveError(Exception):
    """The artifact is no archive, or would write where it must not."""


def extract(model_data: bytes, folder: Path) -> None:
    """Extract the files of a gzipped tar archive into a folder, which is made if need be.

    Stricter than AWS: a link is refused too. tarfile's own data filter would know good links from bad ones, but Python
    3.11 has it only from 3.11.4 on.

    Raises:
        ArchiveError: it is none; or a member points outside of `folder`, or is neither file nor folder.
    """
    try:
        with tempfile.TemporaryFile() as content:
            _unpack(model_data, content)
            with tarfile.open(fileobj=content, mode="r:") as archive:
                folder.mkdir(parents=True, exist_ok=True)
                for member in archive:
                    _extract(archive, member, folder.resolve())
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
        raise ArchiveError(f"model.tar.gz cannot be extracted: {error}") from error


def _unpack(model_data: bytes, into: IO[bytes]) -> None:
    """All of it before a file of it is written, for tarfile alone would not notice a cut-off end; and not in memory:
    a little may unpack to a lot."""
    with gzip.GzipFile(fileobj=io.BytesIO(model_data)) as packed:
        while chunk := packed.read(_CHUNK):
            into.write(chunk)
            if into.tell() > _LARGEST:
                raise ArchiveError(f"model.tar.gz is refused: it unpacks to more than {_LARGEST} bytes")
    into.seek(0)


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    target = (folder / member.name).resolve()
    if not target.is_relative_to(folder):
        raise ArchiveError(f"model.tar.gz is refused: {member.name} would be outside of the model's folder")
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    source = archive.extractfile(member) if member.isreg() else None
    if source is None:
        raise ArchiveError(
            f"model.tar.gz is refused: {member.name} is a link or a device; pack the file itself"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
