"""What the call behind a row is, and what its outcome means: a refusal by IAM is told from every other error."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from tests.e2e.matrix.stage import Stage
from tests.e2e.matrix.table import NO, YES, Key

Request = Mapping[str, Any]
Undo = Callable[[Stage], None]
_REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError"})
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_PREFIXES = {"dynamodbstreams": "dynamodb", "sagemaker-runtime": "sagemaker"}


class UnclearError(AssertionError):
    """A call came to an end that says neither that IAM let it through nor that IAM refused it."""


@dataclass(frozen=True)
class Part:
    """A part of a call: what it is made on, or with.

    Attributes:
        request: parameters.
        asks: the IAM actions of which one may be refused.
        bounce: how the call may fail, as a pattern in `Code: message`, when IAM has let it through.
        undo: puts back, as root, what a call that IAM has let through may have changed.
    """

    request: Callable[[Stage], Request]
    asks: tuple[str, ...] = ()
    bounce: str = ""
    undo: Undo | None = None


def part(request: Request, *, asks: tuple[str, ...] = (), bounce: str = "", undo: Undo | None = None) -> Part:
    """A part with parameters that do not depend on the stage."""
    return Part(lambda _: request, asks, bounce, undo)


@dataclass(frozen=True)
class Call:
    """An API call of the matrix; harmless also where IAM lets it through.

    Attributes:
        service: boto3's name.
        on: what it is made on, by the words of the table.
        having: what it is made with, by the words of the table.
        asks: as of a part, which goes first; without, the action that is named as the call.
        bounce: as of a part, which goes first; without, a call that IAM lets through succeeds.
    """

    service: str
    on: Mapping[str, Part]
    having: Mapping[str, Part] = field(default_factory=lambda: {"": part({})})
    asks: tuple[str, ...] = ()
    bounce: str = ""


@dataclass(frozen=True)
class Attempt:
    """A row's call, put together."""

    operation: str
    service: str
    request: Callable[[Stage], dict[str, Any]]
    actions: tuple[str, ...]
    bounce: str
    undo: Undo | None


def attempt(calls: Mapping[str, Call], key: Key) -> Attempt:
    """Put a row's call together.

    Raises:
        KeyError: there is no such call, or it knows no such words; the error names them.
    """
    operation, *words = key
    call = calls[operation]
    on, having = call.on[words[0]], call.having[words[1]]
    named = f"{_PREFIXES.get(call.service, call.service)}:{operation}"
    return Attempt(
        operation,
        call.service,
        lambda stage: {**on.request(stage), **having.request(stage)},
        having.asks or on.asks or call.asks or (named,),
        having.bounce or on.bounce or call.bounce,
        having.undo or on.undo,
    )


def outcome(tried: Attempt, client: Any, stage: Stage) -> str:
    """Make the call: `yes` if IAM lets it through, `no` if IAM refuses it. What it has changed is put back.

    Raises:
        UnclearError: the call fails otherwise than it should, or IAM refuses another action than the row tries.
    """
    request = tried.request(stage)
    try:
        getattr(client, xform_name(tried.operation))(**request)
    except ClientError as error:
        code, message = (str(error.response["Error"].get(name, "")) for name in ("Code", "Message"))
        if code in _REFUSED:
            return _refused(tried.actions, message)
        if not tried.bounce or not re.search(tried.bounce, f"{code}: {message}"):
            raise UnclearError(
                f"{tried.operation} failed by {code}: {message}; expected {tried.bounce or 'success'}"
            ) from error
    if tried.undo is not None:
        tried.undo(stage)
    return YES


def _refused(actions: tuple[str, ...], message: str) -> str:
    """IAM's message names the action that it refused; SQS writes it in lower case."""
    found = _ACTION.search(message)
    if found is None or found[1].lower() not in {action.lower() for action in actions}:
        raise UnclearError(f"refused, but not for {' or '.join(actions)}: {message}")
    return NO
