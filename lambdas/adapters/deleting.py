"""Deletes what may be gone already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, classify, not_found
from lambdas.core.errors import Denied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def unless_gone(
    what: str, delete: Callable[..., object], describe: Callable[..., object], key: Mapping[str, str]
) -> None:
    """Delete; gone already is success.

    What is gone carries no tag, so IAM, which lets us delete by tag only, may refuse before SageMaker can say that it
    is gone.

    Args:
        what: is being done, in words.
        delete, describe: boto3's calls.
        key: what both take to know which.
    """
    with aws_errors(what):
        try:
            delete(**key)
        except ClientError as error:
            if not (not_found(error) or (classify(error) is Denied and _is_gone(describe, key))):
                raise


def _is_gone(describe: Callable[..., object], key: Mapping[str, str]) -> bool:
    try:
        describe(**key)
    except ClientError as error:
        if not_found(error):
            return True
        if classify(error) is not Denied:
            raise  # throttled, say: whether the thing is there is not known
    return False
