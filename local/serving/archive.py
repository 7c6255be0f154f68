"""Extracts a model.tar.gz, and nothing outside the folder it belongs into."""

import gzip
import io
import tarfile
import zlib
from pathlib import Path


class ArchiveError(Exception):
    """The artifact is no archive, or would write where it must not."""


def extract(model_data: bytes, folder: Path) -> None:
    """Extract a gzipped tar archive.

    Raises:
        ArchiveError: it is none, or a member points outside of `folder` or is a device (tarfile's data filter).
    """
    try:
        content = gzip.decompress(model_data)  # all of it: tarfile alone would not notice a cut-off end
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            archive.extractall(folder, filter="data")
    except tarfile.FilterError as error:
        raise ArchiveError(f"model.tar.gz is refused: {error}") from error
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
        raise ArchiveError(f"model.tar.gz cannot be extracted: {error}") from error
