"""Objects in S3, read by the role that a group has for it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError

from lambdas.adapters.aws import aws_errors, classify, code_of, step_into
from lambdas.core.errors import Denied, Permanent, Unreadable

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
            Unreadable: it is not there, larger, or the role may not read it; says which.
            Throttled: AWS did not answer in time.
        """
        return self.reader(role)(uri, most)

    def reader(self, role: str | None) -> Callable[[str, int], bytes]:
        """`read` for several objects, or one that is not there yet: the role is stepped into once."""

        @functools.cache
        def s3() -> Any:
            return self._s3_as(step_into(self._sts(), role, "greenlight") if role is not None else {})

        return lambda uri, most: _read(s3, role, uri, most)


def _read(s3: Callable[[], Any], role: str | None, uri: str, most: int) -> bytes:
    bucket, key = parts_of(uri)
    with aws_errors(f"reading {uri}"):
        try:
            answer = s3().get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if code_of(error) in MISSING:
                raise Unreadable(f"{uri} is not there") from error
            if classify(error) is Denied:
                raise Unreadable(f"{uri} may not be read by {role or 'you'}: {code_of(error)}") from error
            if issubclass(classify(error), Permanent):
                raise Unreadable(f"{uri} cannot be read: {code_of(error)}") from error
            raise
        except ParamValidationError as error:
            raise Unreadable(f"{uri} is no object's name: {error}") from error
        with answer["Body"] as body:
            if answer["ContentLength"] > most:
                raise Unreadable(f"{uri} has {answer['ContentLength']} bytes; at most {most} are read")
            return bytes(body.read())


def parts_of(uri: str) -> tuple[str, str]:
    """The bucket and the key of an object.

    Raises:
        Unreadable: it names none.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        raise Unreadable(f"{uri} is no object in S3; it must be s3://bucket/key")
    return bucket, key
