"""Places in S3: which of them are plain buckets and keys, and which lie below a group's own prefixes."""

import re
from collections.abc import Iterable, Sequence

from lambdas.core.foreign import named

_SCHEME = "s3://"
# An access point's ARN or alias, or a bucket of another partition, would be asked in ways that nobody granted.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MOST_KEY = 1024  # bytes of an object's key [S3 guide, "Naming objects"]


def parts_of(uri: str) -> tuple[str, str] | None:
    """The bucket and the key of an object `s3://bucket/key`; None: it names no object in a plain bucket."""
    bucket, _, key = uri.removeprefix(_SCHEME).partition("/")
    plain = uri.startswith(_SCHEME) and _BUCKET.fullmatch(bucket) is not None
    return (bucket, key) if plain and key and len(key.encode("utf-8", "replace")) <= _MOST_KEY else None


def is_below(place: str, prefix: str) -> bool:
    """Whether a place lies below `s3://bucket/prefix`, or anywhere in `s3://bucket`.

    Compared as IAM does it: whole segments, as they are written. A key has no `.` and `..` that lead elsewhere, but
    what reads it may think so: with them it lies nowhere.
    """
    if not place.startswith(_SCHEME) or {".", ".."} & set(place.split("/")):
        return False
    return place.startswith(f"{prefix.rstrip('/')}/")


def is_below_any(place: str, prefixes: Iterable[str]) -> bool:
    """Whether a place lies below one of some prefixes."""
    return any(is_below(place, prefix) for prefix in prefixes)


def why_not_read(uri: str, prefixes: Sequence[str]) -> str | None:
    """Why a group's object is not even asked for, in words; None: it may be read.

    Args:
        uri: that somebody registered.
        prefixes: the group's `artifacts`.
    """
    if parts_of(uri) is None:
        return f"{named(uri)} is no object in a plain bucket; it must be s3://bucket/key"
    if not is_below_any(uri, prefixes):
        below = ", ".join(prefixes) or "none"
        return (
            f"{named(uri)} lies outside the group's artifacts ({below}); put it there, or name its prefix too"
        )
    return None
