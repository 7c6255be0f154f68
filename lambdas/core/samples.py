"""The sample payload that a version was registered with."""

import io

from lambdas.core.errors import Unreadable
from lambdas.core.foreign import boundary

_MOST_BYTES = 1_000_000  # of a payload; InvokeEndpoint takes more, a smoke test needs less
_MOST_UNPACKED = 4_000_000  # bytes of an archive up to its first file's end, headers and all
_MOST_MEMBERS = 1_000  # before the first file: folders, and what a Mac puts there


def sample_of(archive: bytes) -> bytes:
    """The first file of the archive that SamplePayloadUrl names: one .tar.gz with payloads [B].

    What a Mac or tar puts beside the files (`._payload.json`, `.DS_Store`) is none.

    Raises:
        Unreadable: it is no such archive, holds no file, an empty one or one too large.
    """
    with boundary("its archive"):
        return _first_file(archive)


def _first_file(archive: bytes) -> bytes:
    # Needed by smoke tests with a sample only, and no cold start should pay for it.
    from lambdas.core.archives import is_litter, members, opened, shown  # noqa: PLC0415

    with opened(io.BytesIO(archive), _MOST_UNPACKED) as (tar, _):
        for member in members(tar, _MOST_MEMBERS):
            if not member.isfile() or is_litter(member.name):
                continue
            if member.size > _MOST_BYTES:
                raise Unreadable(
                    f"{shown(member.name)} has {member.size} bytes; at most {_MOST_BYTES} are sent"
                )
            if not member.size:
                raise Unreadable(f"{shown(member.name)}, its first file, is empty: there is nothing to send")
            content = tar.extractfile(member)
            return content.read() if content is not None else b""
    raise Unreadable("it holds no file")
