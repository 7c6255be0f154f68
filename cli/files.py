"""Files that `register` is given: read, found sound, and named by their content where they go to S3."""

import gzip
import hashlib
import io
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cli import local_files
from cli.model_archive import inspect
from cli.words import Problem
from lambdas.core.errors import Unreadable
from lambdas.core.facts import Report
from lambdas.core.quality import LARGEST_BASELINE, MOST_BYTES, sound_baseline, sound_report
from lambdas.core.samples import sample_of

T = TypeVar("T")
_PACKED = (".tar.gz", ".tgz")  # how the name of a file ends that is packed already
_LARGEST = 5 * 1024**3  # bytes that PutObject takes; more goes in parts


@dataclass(frozen=True)
class Upload:
    """Content that goes to S3; its name there is its digest (SHA-256, hex), so that it is never another's."""

    content: Path | bytes
    digest: str
    size: int
    suffix: str

    def below(self, prefix: str) -> str:
        """Its URI below `s3://bucket/prefix`."""
        return f"{prefix.rstrip('/')}/{self.digest}{self.suffix}"


def is_in_s3(said: str) -> bool:
    """Whether a URI of S3 was given instead of a file."""
    return said.startswith("s3://")


def artifact(name: str, wrong: Problem, odd: Problem) -> Upload | None:
    """A `model.tar.gz`, read to its end; None: it is none, and that was told. `odd` takes what does no harm."""
    return _told(f"--artifact {name}", lambda: _archive(name, odd), wrong)


def metrics(name: str, wrong: Problem) -> tuple[Upload, Report] | None:
    """An evaluation report as the gates read it; None: it is none, and that was told."""

    def read() -> tuple[Upload, Report]:
        content = local_files.content(name, MOST_BYTES)
        return _upload(content, ".json"), sound_report(content)

    return _told(f"--metrics {name}", read, wrong)


def baseline(name: str, what: str, wrong: Problem) -> Upload | None:
    """Model Monitor's statistics or constraints; None: it is neither, and that was told."""

    def read() -> Upload:
        content = local_files.content(name, LARGEST_BASELINE)
        sound_baseline(content, what)
        return _upload(content, ".json")

    return _told(f"--{what} {name}", read, wrong)


def sample(name: str, wrong: Problem) -> Upload | None:
    """A request, packed as SageMaker wants it unless it is so already; None: it is no such, and that was told."""

    def read() -> Upload:
        content = local_files.content(name, MOST_BYTES)
        packed = content if name.lower().endswith(_PACKED) else _packed(Path(name).name, content)
        sample_of(packed)
        return _upload(packed, ".tar.gz")

    return _told(f"--sample {name}", read, wrong)


def _told(what: str, read: Callable[[], T], wrong: Problem) -> T | None:
    try:
        return read()
    except (OSError, Unreadable) as error:
        wrong(f"{what}: {local_files.said(error)}")
    return None


def _upload(content: bytes, suffix: str) -> Upload:
    return Upload(content, hashlib.sha256(content).hexdigest(), len(content), suffix)


def _archive(name: str, odd: Problem) -> Upload:
    file = local_files.plain(name)
    for one in inspect(file, progress=sys.stderr.isatty()):
        odd(f"--artifact {name}: {one}")
    size = file.stat().st_size
    if size > _LARGEST:
        raise Unreadable(
            f"it has {size} bytes; upload what is larger than {_LARGEST} by `aws s3 cp`, and name its URI"
        )
    with file.open("rb") as content:
        return Upload(file, hashlib.file_digest(content, "sha256").hexdigest(), size, ".tar.gz")


def _packed(name: str, request: bytes) -> bytes:
    """The same request gives the same archive."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(request)
        archive.addfile(member, io.BytesIO(request))
    return gzip.compress(content.getvalue(), mtime=0)
