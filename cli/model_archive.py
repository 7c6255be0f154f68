"""The `model.tar.gz` that `register` is given: whether SageMaker will extract all of it."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from lambdas.core.archives import Unpacking, is_litter, members, opened, shown
from lambdas.core.errors import Unreadable
from lambdas.core.foreign import boundary

_CHUNK = 1 << 20  # bytes
_MOST_NAMED = 5  # members that a message names
_LARGE = 100_000_000  # bytes from which on people want to see that it goes on


def inspect(file: Path, *, progress: bool = False) -> list[str]:
    """Read a model's archive to its end, in bounded memory.

    Args:
        file: a plain file.
        progress: whether to show on standard error how far it is, if it is large.

    Returns:
        What is odd about it, in words, and does no harm.

    Raises:
        Unreadable: it is no .tar.gz or not all of one, holds no file, or a member that SageMaker does not extract; says
            which and what to do.
        OSError: it cannot be opened.
    """
    found = _Found()
    with (
        file.open("rb") as raw,
        _watched(raw, file, shows=progress) as packed,
        boundary("the archive"),
        opened(packed) as (archive, unpacking),
    ):
        for member in members(archive):
            found.take(member)
        _to_its_end(unpacking)
    found.judge()
    return found.warnings()


class _Found:
    """What was found in an archive so far."""

    def __init__(self) -> None:
        self.files, self.litter, self.empty = 0, _Named(), _Named()
        self.refused: dict[str, _Named] = {}

    def take(self, member: tarfile.TarInfo) -> None:
        """Look at a member."""
        if (why := _why_not(member)) is not None:
            self.refused.setdefault(why, _Named()).add(_with_target(member))
        elif member.isfile() and is_litter(member.name):
            self.litter.add(shown(member.name))
        elif member.isfile():
            self.files += 1
            if not member.size:
                self.empty.add(shown(member.name))

    def judge(self) -> None:
        """Refuse what SageMaker would not extract."""
        if self.refused:
            raise Unreadable("; ".join(f"{named} {why}" for why, named in self.refused.items()))
        if not self.files:
            raise Unreadable("it holds no file")
        if self.files == self.empty.count:
            raise Unreadable(f"all files in it are empty: {self.empty}")

    def warnings(self) -> list[str]:
        """What is odd."""
        said = []
        if self.litter.count:
            said.append(
                f"it holds {self.litter}, which a Mac or tar puts there and a container may take for the model's "
                "files; without them: COPYFILE_DISABLE=1 tar --exclude .DS_Store -czf model.tar.gz FILES"
            )
        if self.empty.count:
            said.append(f"it holds {self.empty}, with nothing in it")
        return said


class _Named:
    """Names of members, of which a message has the first few."""

    def __init__(self) -> None:
        self.first: list[str] = []
        self.count = 0

    def add(self, name: str) -> None:
        """One more."""
        self.count += 1
        if len(self.first) < _MOST_NAMED:
            self.first.append(name)

    def __str__(self) -> str:
        more = self.count - len(self.first)
        return ", ".join(self.first) + (f" and {more} more" if more else "")


def _why_not(member: tarfile.TarInfo) -> str | None:
    """Why SageMaker does not extract a member, and what to do; None: it does."""
    if member.issym():
        return (
            "is a symbolic link, which SageMaker does not extract; pack the file itself: "
            "tar -czhf model.tar.gz FILES"
        )
    if member.islnk():
        return (
            "is a hard link to another member, which SageMaker need not extract; pack the file itself: "
            "tar --hard-dereference -czf model.tar.gz FILES"
        )
    if not (member.isfile() or member.isdir()):
        return "is a device or a pipe, and SageMaker extracts files and folders; pack it without"
    path = PurePosixPath(member.name)
    if path.is_absolute():
        return (
            "has an absolute name, which SageMaker does not extract; pack by relative names: "
            "tar -czf model.tar.gz -C FOLDER ."
        )
    if ".." in path.parts:
        return (
            "has a name that leads out of the model's folder, which SageMaker does not extract; pack by names below "
            "it: tar -czf model.tar.gz -C FOLDER ."
        )
    if not _is_utf8(member.name):
        return "has a name that is not UTF-8, which a container may not find; rename it"
    return None


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return bool(name.strip("/")) and "\0" not in name


def _with_target(member: tarfile.TarInfo) -> str:
    leads = f" (to {shown(member.linkname)})" if member.issym() or member.islnk() else ""
    return f"{shown(member.name)}{leads}"


def _to_its_end(unpacking: Unpacking) -> None:
    """To where gzip has its checksum."""
    while unpacking.read(_CHUNK):
        pass


@contextmanager
def _watched(raw: BinaryIO, file: Path, *, shows: bool) -> Iterator[BinaryIO]:
    size = file.stat().st_size
    if not shows or size < _LARGE:
        yield raw
        return
    from rich.console import Console  # noqa: PLC0415 - for large files only
    from rich.progress import wrap_file  # noqa: PLC0415 - as above

    with wrap_file(
        raw, size, description=f"reading {file.name}", console=Console(stderr=True), transient=True
    ) as packed:
        yield packed
