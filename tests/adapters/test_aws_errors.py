"""Each of AWS's errors becomes one of ours, in one place."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    MissingDependencyException,
    ParamValidationError,
    ReadTimeoutError,
)

from lambdas.adapters.aws import aws_errors, not_found
from lambdas.core.errors import (
    Busy,
    Conflict,
    Denied,
    GreenlightError,
    NotReady,
    Passing,
    Permanent,
    QuotaExceeded,
    Refused,
    Throttled,
    Transient,
    VersionRefused,
)


def client_error(code: str, text: str = "", status: int = 400, **more: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": text},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, "Operation")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (client_error("ThrottlingException", "Rate exceeded"), Throttled),
        (client_error("Throttling"), Throttled),
        (client_error("ThrottlingError"), Throttled),
        (client_error("ThrottledException"), Throttled),
        (client_error("RequestThrottled"), Throttled),
        (client_error("RequestThrottledException"), Throttled),
        (client_error("RequestLimitExceeded"), Throttled),
        (client_error("RequestTimeout"), Throttled),
        (client_error("RequestTimeoutException"), Throttled),
        (client_error("BandwidthLimitExceeded"), Throttled),
        (client_error("KmsThrottled"), Throttled),
        (client_error("PriorRequestNotComplete"), Throttled),
        (client_error("SlowDown"), Throttled),
        (client_error("TooManyUpdates"), Throttled),
        (client_error("ConcurrentUpdateException"), Throttled),
        (client_error("TooManyRequests"), Throttled),
        (client_error("TooManyRequestsException"), Throttled),
        (client_error("ProvisionedThroughputExceededException"), Throttled),
        (client_error("InternalFailure", status=500), Throttled),
        (client_error("InternalServerError"), Throttled),
        (client_error("ServiceUnavailable", status=503), Throttled),
        (client_error("SomethingNew", status=503), Throttled),
        (client_error("TransactionInProgressException"), Throttled),
        (
            client_error("ResourceLimitExceeded", "The account-level service limit … is 0 Instances"),
            QuotaExceeded,
        ),
        (client_error("LimitExceeded", "alarms"), QuotaExceeded),
        (client_error("LimitExceededException"), QuotaExceeded),
        (client_error("ServiceQuotaExceededException"), QuotaExceeded),
        (client_error("AccessDeniedException", "User … is not authorized"), Denied),
        (client_error("AccessDenied"), Denied),
        (client_error("AccessDeniedForDependencyException"), Denied),
        (client_error("UnauthorizedOperation"), Denied),
        (client_error("UnrecognizedClientException"), Denied),
        (client_error("ExpiredToken"), Denied),
        (client_error("ExpiredTokenException"), Denied),
        (client_error("InvalidClientTokenId"), Denied),
        (client_error("InvalidSignatureException"), Denied),
        (client_error("KMSAccessDeniedException"), Denied),
        (client_error("KmsAccessDenied"), Denied),
        (client_error("FailedResourceAccessException", "may not call DescribeAlarms"), Denied),
        (client_error("ValidationException", 'Cannot update in-progress endpoint "arn".'), Busy),
        (client_error("ValidationException", 'Cannot create already existing endpoint "arn".'), Busy),
        (client_error("ResourceInUse"), Busy),
        (client_error("ResourceConflict"), Busy),
        (client_error("ConflictException"), Busy),
        (client_error("ValidationException", "Endpoint arn is being deleted."), Busy),
        (client_error("ValidationException", "An update is in progress."), Busy),
        (client_error("ValidationException", "Could not load model work-in-progress-v1"), Refused),
        (client_error("ValidationException", "Alarm greenlight/x is INSUFFICIENT_DATA"), NotReady),
        (client_error("ValidationException", "arn:aws:…:alarm:x is in INSUFFICIENT_DATA"), NotReady),
        (client_error("ValidationException", "The alarm x is in ALARM state."), NotReady),
        (client_error("ValidationException", "These are not usable alarms: x"), NotReady),
        (client_error("ValidationException", 'No data for model "fire-alarm-v3-0123456789"'), Refused),
        (client_error("ValidationException", "No access to arn:aws:sagemaker:…:model/alarm"), Refused),
        (
            client_error("ValidationException", "Value '[Alarm(x)]' failed to satisfy constraint: length"),
            Refused,
        ),
        (client_error("InvalidParameterValue", "The alarm's period must be 10 or 30"), Refused),
        (client_error("ValidationException", "Could not access model data at s3://b/k"), Passing),
        (client_error("ValidationException", "Could not find model data at s3://b/k."), VersionRefused),
        (client_error("ValidationException", "Words that nobody has seen before"), Refused),
        (client_error("ConditionalCheckFailedException"), Conflict),
        (client_error("TransactionConflictException"), Conflict),
        (client_error("ReplicatedWriteConflictException"), Conflict),
        (
            client_error(
                "TransactionCanceledException", CancellationReasons=[{"Code": "ConditionalCheckFailed"}]
            ),
            Conflict,
        ),
        (
            client_error(
                "TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}]
            ),
            Conflict,
        ),
        (
            client_error("TransactionCanceledException", CancellationReasons=[{"Code": "ThrottlingError"}]),
            Throttled,
        ),
        (
            client_error("TransactionCanceledException", CancellationReasons=[{"Code": "ValidationError"}]),
            Refused,
        ),
        (ConnectTimeoutError(endpoint_url="https://x"), Throttled),
        (ReadTimeoutError(endpoint_url="https://x"), Throttled),
        (EndpointConnectionError(endpoint_url="https://x"), Throttled),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value)[:70],
)
def test_an_error_of_aws_is_one_of_ours_and_names_the_thing(
    error: Exception, kind: type[GreenlightError]
) -> None:
    with (
        pytest.raises(GreenlightError, match="describing endpoint x: ") as raised,
        aws_errors("describing endpoint x"),
    ):
        raise error
    assert type(raised.value) is kind
    assert raised.value.__cause__ is error
    assert isinstance(raised.value, Transient) != isinstance(raised.value, Permanent)


@pytest.mark.parametrize(
    "error",
    [
        ParamValidationError(report="Unknown parameter in input: AdditionalModelDataSources"),
        MissingDependencyException(msg="Using S3 access points requires awscrt"),
    ],
    ids=repr,
)
def test_what_botocore_itself_refuses_is_refused_and_blames_no_version(error: Exception) -> None:
    with (
        pytest.raises(Refused, match=f"making model m: {type(error).__name__}") as told,
        aws_errors("making model m"),
    ):
        raise error
    assert type(told.value) is Refused


def test_our_own_errors_pass_through_untouched() -> None:
    with pytest.raises(Refused, match=r"^as it was$"), aws_errors("doing something"):
        raise Refused("as it was")


@pytest.mark.parametrize(
    ("error", "missing"),
    [
        (client_error("ValidationException", 'Could not find endpoint "arn".'), True),
        (client_error("ValidationException", "Model Package Group x does not exist."), True),
        (client_error("ParameterNotFound"), True),
        (client_error("ObjectNotFoundException"), True),
        (client_error("ValidationException", "1 validation error detected"), False),
        (client_error("AccessDeniedException", "could not find a policy"), False),
    ],
)
def test_what_is_not_there_is_told_from_other_errors(error: ClientError, missing: bool) -> None:
    assert not_found(error) is missing
