"""Commands that ask for something beside decisions: to pause, resume, try again, and to redrive dead letters."""

import json as json_
from typing import Annotated, Any

import typer

from cli import out
from cli.account import Account, NotAllowedError, UnknownGroupError, who_may
from cli.reading import Group, Json
from lambdas.adapters.acts import Acts
from lambdas.adapters.queue import redrive as redrive_all
from lambdas.adapters.stacks import outputs
from lambdas.core.acts import PAUSE, RETRY, pause_of, retry_of
from lambdas.core.errors import Denied
from lambdas.core.names import CONTROLLER_STACK, role_name

Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the ledger.", show_default=False)]


def pause(
    group: Group,
    *,
    reason: Reason,
    until: Annotated[
        str | None, typer.Option(help="When it ends, such as 2026-12-24T18:00:00+01:00; else until resumed.")
    ] = None,
    rollbacks: Annotated[bool, typer.Option(help="Let ways back and aborts pass.")] = True,
    json: Json = False,
) -> None:
    """Hold whatever moves a group forward. Ways back pass, unless told otherwise.

    Example: greenlight pause credit-risk --reason "incident 7" --until 2026-12-24T18:00:00+01:00
    """
    asked: dict[str, Any] = {"reason": reason, "rollbacks": rollbacks, **({"until": until} if until else {})}
    pause_of(json_.dumps(asked))
    _ask(group, PAUSE, asked, json=json)


def resume(group: Group, *, reason: Reason, json: Json = False) -> None:
    """End a group's pause.

    Example: greenlight resume credit-risk --reason "mended"
    """
    asked = {"resume": True, "reason": reason}
    pause_of(json_.dumps(asked))
    _ask(group, PAUSE, asked, json=json)


def retry(
    group: Group,
    version: Annotated[int, typer.Argument(min=1, help="The version's number.", show_default=False)],
    *,
    reason: Reason,
    json: Json = False,
) -> None:
    """Try a version again that is approved and failed.

    Example: greenlight retry credit-risk 7 --reason "the feature store was down"
    """
    asked = {"version": version, "reason": reason}
    retry_of(json_.dumps(asked))
    _ask(group, RETRY, asked, json=json)


def _ask(group: str, kind: str, asked: dict[str, Any], *, json: bool) -> None:
    account = Account()
    try:
        if not account.registry.has_group(group):
            raise UnknownGroupError(f"there is no model package group {group} in this account and region")
        Acts(account.aws.ssm).ask(group, kind, json_.dumps(asked))
    except Denied as error:
        raise NotAllowedError(f"{error}\n{who_may(role_name(group, 'approver'), 'ask for it')}") from error
    if json:
        out.as_json({"group": group, "act": kind, "asked": asked})
    else:
        out.say(f"asked for; `greenlight history {group}` tells what comes of it")


def redrive(*, json: Json = False) -> None:
    """Send what lies in the dead-letter queue back to reconcile, once its cause is mended.

    Example: greenlight redrive
    """
    aws = Account().aws
    urls = outputs(aws.cloudformation, CONTROLLER_STACK)
    count = redrive_all(aws.sqs, urls["DeadLetterUrl"], urls["QueueUrl"])
    if json:
        out.as_json({"messages": count})
    else:
        out.say(
            "the dead-letter queue is empty" if count == 0 else f"about {count} messages go back to reconcile"
        )
