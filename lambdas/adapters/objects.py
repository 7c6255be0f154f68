"""Objects in S3, read by the role that a group has for it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.adapters.aws import classify, code_of, step_into
from lambdas.core import places
from lambdas.core.errors import Denied, Unreadable
from lambdas.core.foreign import named, reason

if TYPE_CHECKING:
    from collections.abc import Callable

MISSING = {"NoSuchBucket", "NoSuchKey", "NotFound", "404"}


class Objects:
    """Reads objects; writes none.

    Args:
        sts: gives the client of STS; made only when it is needed.
        s3_as: a client of S3 with the credentials that AssumeRole gave.
    """

    def __init__(self, sts: Callable[[], Any], s3_as: Callable[[dict[str, str]], Any]) -> None:
        self._sts, self._s3_as = sts, s3_as

    def read(self, role: str | None, uri: str, most: int) -> bytes:
        """An object as a role (AssumeRole, GetObject).

        Args:
            role: ARN of the group's reader role; None: as oneself.
            uri: `s3://bucket/key`.
            most: bytes; a larger object is not read.

        Raises:
            Unreadable: it is not there, larger, the role may not read it, or AWS did not answer in time, asked several
                times; says which.
        """
        return self.reader(role)(uri, most)

    def reader(self, role: str | None) -> Callable[[str, int], bytes]:
        """`read` for several objects, or one that is not there yet: the role is stepped into once."""

        @functools.cache
        def s3() -> Any:
            return self._s3_as(step_into(self._sts(), role, "greenlight") if role is not None else {})

        return lambda uri, most: _read(s3, role, uri, most)


def _read(s3: Callable[[], Any], role: str | None, uri: str, most: int) -> bytes:
    """Whatever S3 and its client do, the answer is the object or a reason: what is not answered in time, too."""
    bucket, key = parts_of(uri)
    try:
        with s3().get_object(Bucket=bucket, Key=key)["Body"] as body:
            content = bytes(body.read(most + 1))
    except ClientError as error:
        raise Unreadable(f"{named(uri)} {_refusal(error, role)}") from error
    except Exception as error:  # botocore, the network and the disk have errors of many kinds
        raise Unreadable(f"{named(uri)} cannot be read: {type(error).__name__}: {reason(error)}") from error
    if len(content) > most:
        raise Unreadable(f"{named(uri)} has more than {most} bytes, which are the most that are read")
    return content


def _refusal(error: ClientError, role: str | None) -> str:
    if code_of(error) in MISSING:
        return "is not there"
    if classify(error) is Denied:
        return f"may not be read by {role or 'you'}: {code_of(error)}"
    return f"cannot be read: {code_of(error)}"


def parts_of(uri: str) -> tuple[str, str]:
    """The bucket and the key of an object.

    Raises:
        Unreadable: it names none in a plain bucket.
    """
    parts = places.parts_of(uri)
    if parts is None:
        raise Unreadable(f"{named(uri)} is no object in a plain bucket of S3; it must be s3://bucket/key")
    return parts
