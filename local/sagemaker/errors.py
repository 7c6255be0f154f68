"""SageMaker's errors: the codes and the wording that clients see."""

from __future__ import annotations

BAD_REQUEST = 400


class SageMakerError(Exception):
    """A refusal, as the service's wire protocol (JSON 1.1) carries it.

    Attributes:
        code: the error's `__type`, which botocore shows as `Error.Code`.
        message: AWS's sentence.
        status: the HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = BAD_REQUEST) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> SageMakerError:
    """A request that cannot be fulfilled as it is; also SageMaker's answer for most things that are missing."""
    return SageMakerError("ValidationException", message)


def malformed(message: str) -> SageMakerError:
    """A request whose JSON has another type than the API's shape."""
    return SageMakerError("SerializationException", message)


def conflict(message: str) -> SageMakerError:
    """A request at odds with what exists (ConflictException)."""
    return SageMakerError("ConflictException", message)


def absent(kind: str, arn: str) -> SageMakerError:
    """What is not there, as pipelines and Model Monitor say it (ResourceNotFound [B])."""
    return SageMakerError("ResourceNotFound", f"{kind} {arn} does not exist.")


def missing(kind: str, arn: str) -> SageMakerError:
    """`Could not find endpoint "arn…".`, and the same for a model or an endpoint configuration."""
    return invalid(f'Could not find {kind} "{arn}".')


def existing(kind: str, arn: str) -> SageMakerError:
    """`Cannot create already existing endpoint "arn…".`, and the same for a model or a configuration."""
    return invalid(f'Cannot create already existing {kind} "{arn}".')


def busy(arn: str) -> SageMakerError:
    """The endpoint is being created, updated, rolled back or deleted."""
    return invalid(f'Cannot update in-progress endpoint "{arn}".')


def over_quota(instance_type: str, limit: int, used: int, wanted: int) -> SageMakerError:
    """More instances than the account may have."""
    return SageMakerError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{instance_type} for endpoint usage' is {limit} Instances, with current "
        f"utilization of {used} Instances and a request delta of {wanted} Instances. Please use AWS Service Quotas "
        "to request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to "
        "request an increase for this quota.",
    )
