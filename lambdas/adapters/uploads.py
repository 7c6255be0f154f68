"""Objects put into S3 for a registration, each once; what is there is never overwritten."""

from __future__ import annotations

import base64
from contextlib import nullcontext
from io import BytesIO
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, classify, code_of
from lambdas.adapters.objects import MISSING, parts_of
from lambdas.core.errors import Denied, NotOurs, Unreadable

if TYPE_CHECKING:
    from pathlib import Path

_FORBIDDEN = {"403", "Forbidden"}  # HEAD has no body that would say more
_THERE = {"PreconditionFailed", "412"}


class Uploads:
    """Puts objects by one's own credentials."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def size(self, uri: str) -> int:
        """The bytes of an object (HeadObject).

        Raises:
            Unreadable: it is not there, or may not be seen, which S3 need not tell apart.
        """
        bucket, key = parts_of(uri)
        with aws_errors(f"looking at {uri}"):
            try:
                return int(self._s3.head_object(Bucket=bucket, Key=key)["ContentLength"])
            except ClientError as error:
                if code_of(error) in MISSING:
                    raise Unreadable(f"{uri} is not there") from error
                if code_of(error) in _FORBIDDEN or classify(error) is Denied:
                    raise Unreadable(
                        f"{uri} is not there, or may not be read by you (s3:GetObject)"
                    ) from error
                raise

    def put(self, uri: str, content: Path | bytes, digest: str, size: int) -> bool:
        """Put content under a name that is its own (PutObject, If-None-Match).

        Args:
            uri: `s3://bucket/key`, with the digest in the key.
            content: bytes, or the file that holds them.
            digest: SHA-256, hex; S3 refuses content that has another.
            size: in bytes.

        Returns:
            Whether it was put; False: it was there already.

        Raises:
            NotOurs: something else is there under its name.
        """
        if self._has(uri, size):
            return False
        bucket, key = parts_of(uri)
        checksum = base64.b64encode(bytes.fromhex(digest)).decode()
        with (
            aws_errors(f"uploading {uri}"),
            nullcontext(BytesIO(content)) if isinstance(content, bytes) else content.open("rb") as body,
        ):
            try:
                self._s3.put_object(
                    Bucket=bucket, Key=key, Body=body, ChecksumSHA256=checksum, IfNoneMatch="*"
                )
            except ClientError as error:
                if code_of(error) in _THERE:
                    return False
                raise
        return True

    def _has(self, uri: str, size: int) -> bool:
        try:
            there = self.size(uri)
        except Unreadable:
            return False  # whoever may put need not be allowed to look; the put itself overwrites nothing
        if there != size:
            raise NotOurs(
                f"{uri} is there with {there} bytes instead of {size}; look at who put it, and delete it"
            )
        return True
