"""Files that `register` is given: read, found sound, and named by their content where they go to S3."""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cli.words import Problem
from lambdas.core.errors import Unreadable
from lambdas.core.facts import Report
from lambdas.core.quality import MOST_BYTES, numbers_in, report_of
from lambdas.core.samples import sample_of

T = TypeVar("T")
_CHUNK = 1 << 20  # bytes
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


def artifact(name: str, wrong: Problem) -> Upload | None:
    """A `model.tar.gz`, read to its end; None: it is none, and that was told."""
    return _told(f"--artifact {name}", lambda: _archive(Path(name)), wrong)


def metrics(name: str, wrong: Problem) -> tuple[Upload, Report] | None:
    """An evaluation report as the gates read it; None: it is none, and that was told."""

    def read() -> tuple[Upload, Report]:
        content = Path(name).read_bytes()
        return _upload(content, ".json"), sound_report(content)

    return _told(f"--metrics {name}", read, wrong)


def baseline(name: str, what: str, wrong: Problem) -> Upload | None:
    """Model Monitor's statistics or constraints; None: it is neither, and that was told."""

    def read() -> Upload:
        content = Path(name).read_bytes()
        if len(content) > MOST_BYTES:
            raise Unreadable(f"it has {len(content)} bytes; at most {MOST_BYTES} are read")
        found = report_of(content, "it")
        if found.problem is not None:
            raise Unreadable(found.problem)
        if not isinstance(found.data.get("features"), list):
            raise Unreadable(f"it has no list of features, which Model Monitor's {what} have")
        return _upload(content, ".json")

    return _told(f"--{what} {name}", read, wrong)


def sample(name: str, wrong: Problem) -> Upload | None:
    """A request, packed as SageMaker wants it unless it is so already; None: it is no such, and that was told."""

    def read() -> Upload:
        content = Path(name).read_bytes()
        packed = content if name.endswith(".tar.gz") else _packed(Path(name).name, content)
        sample_of(packed)
        return _upload(packed, ".tar.gz")

    return _told(f"--sample {name}", read, wrong)


def sound_report(content: bytes) -> Report:
    """An evaluation report that has metrics.

    Raises:
        Unreadable: it is not JSON, no object, too large for a gate to read, or has no number in it.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"it has {len(content)} bytes; gates read at most {MOST_BYTES}")
    report = report_of(content)
    if report.problem is not None:
        raise Unreadable(report.problem)
    if not numbers_in(report):
        raise Unreadable(
            'it has no metric; a metric is a number, or an object with one as its value: {"recall": {"value": 0.9}}'
        )
    return report


def _told(what: str, read: Callable[[], T], wrong: Problem) -> T | None:
    try:
        return read()
    except (OSError, Unreadable) as error:
        wrong(f"{what}: {getattr(error, 'strerror', None) or error}")
    return None


def _upload(content: bytes, suffix: str) -> Upload:
    return Upload(content, hashlib.sha256(content).hexdigest(), len(content), suffix)


def _archive(file: Path) -> Upload:
    try:
        with gzip.open(file) as packed:
            with tarfile.open(fileobj=packed, mode="r|") as tar:
                if not sum(member.isfile() for member in tar):
                    raise Unreadable("its archive holds no file")
            while packed.read(_CHUNK):
                pass  # to its end, where gzip has its checksum
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Unreadable(f"it is no .tar.gz, or not all of one: {error}") from error
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
