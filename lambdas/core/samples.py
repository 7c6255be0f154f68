"""The sample payload that a version was registered with."""

import io
import zlib

from lambdas.core.errors import Unreadable

_MOST_BYTES = 1_000_000  # of a payload; InvokeEndpoint takes more, a smoke test needs less


def sample_of(archive: bytes) -> bytes:
    """The first file of the archive that SamplePayloadUrl names: one .tar.gz with payloads [B].

    Raises:
        Unreadable: it is no such archive, holds no file, or one too large.
    """
    import gzip  # noqa: PLC0415 - needed by smoke tests with a sample only, and no cold start should pay for it
    import tarfile  # noqa: PLC0415 - as gzip

    try:
        with (
            gzip.GzipFile(fileobj=io.BytesIO(archive)) as packed,
            tarfile.open(fileobj=packed, mode="r|") as tar,
        ):
            for member in tar:
                if not member.isfile():
                    continue
                if member.size > _MOST_BYTES:
                    raise Unreadable(f"{member.name} has {member.size} bytes; at most {_MOST_BYTES} are sent")
                content = tar.extractfile(member)
                return content.read() if content is not None else b""
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"it is no .tar.gz: {error}") from error
    raise Unreadable("its archive holds no file")
