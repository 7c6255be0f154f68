"""Commands that ask for something beside decisions: to pause, resume, try again, to redrive, to announce again."""

import json as json_
from typing import Annotated, Any

import typer

from cli import out
from cli.account import Account, NotAllowedError, UnknownGroupError, who_may
from cli.reading import Group, Json
from lambdas.adapters.acts import Acts
from lambdas.adapters.functions import invoke
from lambdas.adapters.queue import redrive as redrive_all
from lambdas.adapters.stacks import outputs
from lambdas.core.acts import PAUSE, RETRY, pause_of, retry_of
from lambdas.core.errors import Denied, Permanent
from lambdas.core.names import CONTROLLER_STACK, role_name

_LONGEST_CALL = 300  # seconds: as long as the function may take
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


def write_act(account: Account, group: str, kind: str, asked: dict[str, Any]) -> None:
    """Ask for something by the caller's own credentials.

    Raises:
        NotAllowedError: the caller may not; says who may.
        UnknownGroupError: there is no such group.
    """
    try:
        if not account.registry.has_group(group):
            raise UnknownGroupError(f"there is no model package group {group} in this account and region")
        Acts(account.aws.ssm).ask(group, kind, json_.dumps(asked))
    except Denied as error:
        raise NotAllowedError(f"{error}\n{who_may(role_name(group, 'approver'), 'ask for it')}") from error


def _ask(group: str, kind: str, asked: dict[str, Any], *, json: bool) -> None:
    write_act(Account(), group, kind, asked)
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
            "no message waits in the dead-letter queue; one that somebody has just read is hidden for half a minute"
            if count == 0
            else f"about {count} messages go back to reconcile"
        )


def announce(
    group: Group,
    *,
    first: Annotated[
        int,
        typer.Option("--from", min=1, metavar="SEQ", help="The first entry's number.", show_default=False),
    ],
    last: Annotated[
        int | None, typer.Option("--to", min=1, metavar="SEQ", help="The last entry's number; else all.")
    ] = None,
    json: Json = False,
) -> None:
    """Announce entries of a group's ledger again: messages for people, events for machines, under the same ids.

    Example: greenlight announce credit-risk --from 41 --to 43
    """
    aws = Account().aws
    function = outputs(aws.cloudformation, CONTROLLER_STACK)["AnnounceFunction"]
    functions, announced, set_aside = aws.functions(_LONGEST_CALL), 0, 0
    following: int | None = first
    while following is not None:
        answer = invoke(functions, function, {"group": group, "first": following, "last": last})
        announced, set_aside = announced + answer["announced"], set_aside + answer["set_aside"]
        following = answer["next"]
        if answer["error"] is not None:
            until = "" if last is None else f" --to {last}"
            raise Permanent(
                f"{announced} entries were announced; not entry {following}, nor any after it: {answer['error']}. "
                f"Go on with `greenlight announce {group} --from {following}{until}`"
            )
    if json:
        out.as_json({"group": group, "announced": announced, "set_aside": set_aside})
    elif announced + set_aside == 0:
        out.say(f"group {group} has no such entries; `greenlight history {group}` lists them")
    else:
        aside = f"; {set_aside} cannot be, and lie in the queue greenlight-unannounced" if set_aside else ""
        out.say(f"{announced} entries are announced again{aside}")
