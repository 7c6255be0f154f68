"""Reading an object under a customer managed key takes kms:Decrypt on that key, by way of S3.

Source: S3 user guide, "Using server-side encryption with AWS KMS keys": GetObject of such an object is refused to a
caller who may not decrypt; the request to KMS comes via S3, in the caller's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ALGORITHM = "x-amz-server-side-encryption"
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def install() -> None:
    """Ask for the key, too, wherever an object is asked for."""
    enforce: Callable[..., Any] = hooks.private("core.iam_evaluator.enforce")

    def with_key(  # noqa: PLR0917 - the hook's shape
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        if denied or iam_action != "s3:GetObject" or (key := key_of(resource_arn)) is None:
            return denied
        via = {**(service_context or {}), "kms:viaservice": f"s3.{region}.amazonaws.com"}
        return enforce(access_key_id, "kms:Decrypt", "kms", region, key, via)

    hooks.replace("core.iam_evaluator.enforce", with_key)


def key_of(object_arn: str) -> str | None:
    """The ARN of the key that an object is encrypted with; None: none of the account's keys.

    Args:
        object_arn: `arn:aws:s3:::bucket/key`.
    """
    bucket, _, name = object_arn.rpartition(":::")[2].partition("/")
    found = (hooks.private("services.s3._buckets").get(bucket) or {}).get("objects", {}).get(name)
    headers = (found or {}).get("preserved_headers", {})
    if headers.get(_ALGORITHM) != "aws:kms":
        return None
    key = hooks.private("services.kms._resolve_key")(headers.get(_KEY))
    return None if key is None else str(key["Arn"])
