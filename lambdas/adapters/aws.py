"""AWS clients, made when first used, and the one translation of AWS's errors to ours."""

from __future__ import annotations

import functools
import json
import logging
import os
import random
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's name
    CredentialRetrievalError,
    DataNotFoundError,
    HTTPClientError,
    MissingDependencyException,
    ParamValidationError,
)
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError

from lambdas.core import foreign
from lambdas.core.answers import SLOW_DOWN, Blame, blame_of_call
from lambdas.core.errors import (
    Busy,
    Conflict,
    Denied,
    GreenlightError,
    NotReady,
    Passing,
    QuotaExceeded,
    Refused,
    SpecRefused,
    Throttled,
    VersionRefused,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_application_autoscaling import ApplicationAutoScalingClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sagemaker import SageMakerClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient
    from types_boto3_ssm import SSMClient

_log = logging.getLogger(__name__)
MODELS = Path(__file__).parents[2] / "aws_models"
"""What a function's asset brings of AWS's service models: the operations that it calls (`infra.constructs.models`)."""
OLDEST = (1, 37, 0)
"""The first botocore that reads them: which one Lambda has is AWS's to say, and not the same everywhere."""
_CONFIG: dict[str, Any] = {
    # Adaptive: the client slows itself down when AWS throttles; control-plane rates are not published.
    "retries": {"mode": "adaptive", "total_max_attempts": 5},
    "connect_timeout": 3,
    "read_timeout": 10,
    "max_pool_connections": 20,
    "user_agent_extra": "greenlight",
}


_MOST_ATTEMPTS = (
    15  # of a call that AWS only asks to send later: at its slowest a client waits some minutes in all
)
_SESSION = 900  # seconds: the shortest that STS gives
_LONGEST_PAUSE = 8.0  # seconds between two of them


def persist(
    response: tuple[Any, dict[str, Any]] | None,
    attempts: int,
    jitter: Callable[[], float] = random.random,
    **_: Any,
) -> float | None:
    """A handler of botocore's event `needs-retry`: goes on where botocore would give a throttled call up.

    botocore gives up after five attempts, and at the first when its quota of retries is used up, which a client that
    is throttled for long never fills again. But a call given up is a look given up: what it has read and made is read
    and asked for again, and under a limit those repeats crowd out the looks that would come to their end
    (docs/decisions/015-a-throttled-call-is-not-given-up.md). A call that is refused costs AWS's limit nothing.

    Args:
        response: HTTP's and the parsed one; None: there was none.
        attempts: so far.
        jitter: a number from 0 to 1.

    Returns:
        Seconds until it is sent again; None: as botocore has it.
    """
    code = str((response[1] if response else {}).get("Error", {}).get("Code", ""))
    if attempts >= _MOST_ATTEMPTS or not (code in SLOW_DOWN or code.startswith("Throttling")):
        return None
    return jitter() * float(min(_LONGEST_PAUSE, 2.0 ** (attempts - 1)))


class _Files:
    """Reads JSON for botocore's loader, whose own reader makes ordered dictionaries: slower, and dictionaries are."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file; botocore leaves out its extension."""
        return Path(f"{path}.json").is_file()

    def load_file(self, path: str) -> Any:
        """Its content; None: it is not there, and botocore looks elsewhere."""
        return json.loads(Path(f"{path}.json").read_bytes()) if self.exists(path) else None


class _Part(Loader):
    """botocore's loader of a part of its models. Whatever else some botocore asks for that is no service's, is its own.

    Its endpoints pass for built in, as they are: those that somebody made himself would be asked whatever the rules
    of a service say, and a bucket in another region would never be found.
    """

    def is_builtin_path(self, path: str) -> bool:  # noqa: ARG002 - botocore's own signature
        """Asked by botocore of `endpoints.json`."""
        return True

    def load_data_with_path(self, name: str) -> Any:
        """Asked for each file: `service/version/type`, or a name alone."""
        try:
            return super().load_data_with_path(name)
        except DataNotFoundError:
            if os.sep in name:
                raise
            return Loader().load_data_with_path(name)


def loader_of(models: Path) -> Loader:
    """botocore's loader, that finds the services in this folder and no other."""
    files: Any = _Files()  # Any: the stubs ask for botocore's own
    return _Part(extra_search_paths=[str(models)], file_loader=files, include_default_search_paths=False)


def reads_models(version: str) -> bool:
    """Whether a botocore of this version reads `MODELS`; one that does not has its own, which are whole.

    Args:
        version: as botocore says it, 1.37.0 for example.
    """
    return tuple(int(part) for part in version.split(".")[:3] if part.isdecimal()) >= OLDEST


class _Later:
    """A client that is made when it is first used: most looks need no more than two, and each takes time to make.

    Args:
        make: makes it.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        with self._lock:  # looks run side by side
            if self._made is None:
                self._made = self._make()
        return getattr(self._made, name)


class Aws:
    """The clients that adapters are built from; each is made once, when first asked for.

    Args:
        credentials: as `step_into` gives them; None: one's own.
    """

    def __init__(self, credentials: dict[str, str] | None = None) -> None:
        self._credentials = credentials or {}
        self._lock = threading.Lock()

    @functools.cached_property
    def _session(self) -> Any:
        """botocore's own: what boto3 adds to it is not needed here, and takes time at each start of a function.

        In a function it reads `MODELS`, unless it is too old for them; people's commands have none.
        """
        session = botocore.session.get_session()
        if self._lean:
            session.register_component("data_loader", loader_of(MODELS))
        return session

    @functools.cached_property
    def _lean(self) -> bool:
        """Whether the session reads `MODELS`."""
        return MODELS.is_dir() and reads_models(botocore.__version__)

    def _make(self, service: str, config: dict[str, Any], credentials: dict[str, str]) -> Any:
        with self._lock:  # a session makes one client at a time, and looks run side by side
            try:
                return self._session.create_client(service, config=Config(**config), **credentials)
            except Exception:
                if not self._lean:
                    raise
                # Whatever a newer botocore misses in a part of its models, it has itself: slower, and right.
                _log.exception(
                    "no client of %s from our part of the models; botocore's own are read", service
                )
                self._lean = False
                del self._session
            return self._session.create_client(service, config=Config(**config), **credentials)

    def _client(self, service: str) -> Any:
        client = self._make(service, _CONFIG, self._credentials)
        # Botocore asks the handlers of the service's own event first, its own among them, and takes the first answer.
        client.meta.events.register("needs-retry", persist)
        return client

    def _later(self, service: str) -> Any:
        return _Later(lambda: self._client(service))

    @functools.cached_property
    def sagemaker(self) -> SageMakerClient:
        """Amazon SageMaker."""
        return self._client("sagemaker")  # type: ignore[no-any-return] # see _client

    @functools.cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Amazon DynamoDB."""
        return self._client("dynamodb")  # type: ignore[no-any-return] # see _client

    @functools.cached_property
    def cloudwatch(self) -> CloudWatchClient:
        """Amazon CloudWatch."""
        return self._later("cloudwatch")  # type: ignore[no-any-return] # see _client

    @functools.cached_property
    def ssm(self) -> SSMClient:
        """AWS Systems Manager, for its Parameter Store."""
        return self._later("ssm")  # type: ignore[no-any-return] # see _client

    @functools.cached_property
    def cloudtrail(self) -> Any:
        """AWS CloudTrail; asked so seldom that it is not worth a package of stubs."""
        return self._client("cloudtrail")

    @functools.cached_property
    def cloudformation(self) -> Any:
        """AWS CloudFormation; for people's commands only."""
        return self._client("cloudformation")

    @functools.cached_property
    def iam(self) -> Any:
        """AWS IAM; for people's commands only."""
        return self._client("iam")

    @functools.cached_property
    def lambda_(self) -> Any:
        """AWS Lambda; for people's commands only."""
        return self._client("lambda")

    @functools.cached_property
    def service_quotas(self) -> Any:
        """Service Quotas; for people's commands only."""
        return self._client("service-quotas")

    @functools.cached_property
    def sts(self) -> Any:
        """AWS STS; for groups whose reports or payloads are read."""
        return self._client("sts")

    @functools.cached_property
    def sns(self) -> SNSClient:
        """Amazon SNS."""
        return self._client("sns")  # type: ignore[no-any-return] # see _client

    @functools.cached_property
    def events(self) -> Any:
        """Amazon EventBridge; one call is not worth a package of stubs."""
        return self._client("events")

    def functions(self, seconds: int) -> Any:
        """AWS Lambda, for people's commands; a call is waited for so many seconds, and not made again."""
        return self._once("lambda", seconds)

    def s3_as(self, credentials: dict[str, str]) -> Any:
        """Amazon S3 as somebody else; made anew for each, as credentials differ."""
        return self._make("s3", _CONFIG, credentials)

    def runtime(self, seconds: int) -> Any:
        """Amazon SageMaker Runtime; a request that is not answered within so many seconds is not made again."""
        return self._once("sagemaker-runtime", seconds)

    def _once(self, service: str, seconds: int) -> Any:
        config = _CONFIG | {"read_timeout": seconds, "retries": {"total_max_attempts": 1}}
        return self._make(service, config, self._credentials)

    @functools.cached_property
    def sqs(self) -> SQSClient:
        """Amazon SQS."""
        return self._later("sqs")  # type: ignore[no-any-return] # see _client

    @functools.cached_property
    def application_autoscaling(self) -> ApplicationAutoScalingClient:
        """Application Auto Scaling."""
        return self._later("application-autoscaling")  # type: ignore[no-any-return] # see _client


def step_into(sts: Any, role: str, session: str) -> dict[str, str]:
    """The credentials of a role for a quarter of an hour (AssumeRole).

    Args:
        sts: the client of who steps in.
        role: its ARN.
        session: the name that AWS tells of whoever stepped in.
    """
    given = sts.assume_role(RoleArn=role, RoleSessionName=session, DurationSeconds=_SESSION)["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


_KINDS: dict[Blame, type[GreenlightError]] = {
    Blame.TRANSIENT: Throttled,
    Blame.CONFLICT: Conflict,
    Blame.BUSY: Busy,
    Blame.UNREADY: NotReady,
    Blame.PASSING: Passing,
    Blame.CAPACITY: QuotaExceeded,
    Blame.DENIED: Denied,
    Blame.SPEC: SpecRefused,
    Blame.VERSION: VersionRefused,
    Blame.UNKNOWN: Refused,
}


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """Turn what boto3 raises inside into our own errors.

    Args:
        what: what is being done to which thing, in words; part of every message.

    Raises:
        GreenlightError: one of its kinds, by `classify`; Refused where botocore itself refuses.
    """
    try:
        yield
    except ClientError as error:
        raise classify(error)(f"{what}: {message(error)}") from error
    except (ConnectionError, HTTPClientError, CredentialRetrievalError, ResponseParserError) as error:
        raise Throttled(f"{what}: no answer in time ({type(error).__name__})") from error
    except (
        ParamValidationError,
        MissingDependencyException,
    ) as error:  # the SDK in Lambda may be too old for it
        raise Refused(f"{what}: {type(error).__name__}: {foreign.reason(error)}") from error


def classify(error: ClientError) -> type[GreenlightError]:
    """The kind of an error, by the table of AWS's answers (`lambdas.core.answers`)."""
    if code_of(error) == "TransactionCanceledException":
        return _canceled(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _KINDS[blame_of_call(code_of(error), _words(error), error.operation_name, status)]


def _canceled(error: ClientError) -> type[GreenlightError]:
    codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
    if codes & {"ThrottlingError", "ProvisionedThroughputExceeded"}:
        return Throttled
    return Conflict if codes & {"ConditionalCheckFailed", "TransactionConflict"} else Refused


def code_of(error: ClientError) -> str:
    """AWS's error code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message(error: ClientError) -> str:
    """AWS's code and message."""
    return f"{code_of(error)}: {_words(error)}"


def _words(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))


def not_found(error: ClientError) -> bool:
    """Whether AWS says that the thing is not there; SageMaker says so by ValidationException and words."""
    text = message(error).lower()
    words = ("could not find", "does not exist", "not found", "cannot find")
    return code_of(error) in {
        "ResourceNotFound",
        "ResourceNotFoundException",
        "ObjectNotFoundException",
        "ParameterNotFound",
    } or (code_of(error) == "ValidationException" and any(part in text for part in words))
