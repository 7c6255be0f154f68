"""The command that asks for a run of a group's pipeline."""

import json as json_
from typing import Any

import typer

from cli import out
from cli.account import Account
from cli.following import LONGEST_WATCH, Minutes, Watch, follow
from cli.operating import Reason, write_act
from cli.reading import Group, Json
from lambdas.core.acts import RETRAIN, retrain_of
from lambdas.core.circle import Circle, RunTold, circle
from lambdas.core.codec import encode
from lambdas.core.errors import GreenlightError
from lambdas.core.following import run_progress

_SHOWN = 5  # runs


class NoRunError(GreenlightError):
    """No run can be asked for now; the text says why, and what to do."""


def retrain(
    group: Group,
    *,
    reason: Reason,
    watch: Watch = False,
    minutes: Minutes = LONGEST_WATCH,
    json: Json = False,
) -> None:
    """Start the group's pipeline now, whatever the cooldown, the limit or a failed run say. Shows the last runs first.

    Example: greenlight retrain credit-risk --reason "the new clinics' data is complete" --watch
    """
    asked = {"reason": reason}
    retrain_of(json_.dumps(asked))
    account = Account()
    record = account.record(group)
    stands = circle(record)
    _must_be_possible(group, stands)
    if not json:
        _show(stands)
    write_act(account, group, RETRAIN, asked)
    told: dict[str, Any] = {
        "group": group,
        "act": RETRAIN,
        "asked": asked,
        "pipeline": stands.pipeline,
        "past": encode(stands.past),
    }
    if not watch:
        _tell(told, f"asked for; `greenlight status {group}` tells what comes of it", json=json)
        return
    far = follow(account, record, run_progress, minutes, quiet=json)
    _tell({**told, "end": {"good": far.good, "said": far.said}}, far.said, json=json)
    if not far.good:
        raise typer.Exit(out.NO)


def _must_be_possible(group: str, stands: Circle) -> None:
    if stands.pipeline is None:
        raise NoRunError(
            f"group {group} names no pipeline; add `retraining: {{pipeline: NAME}}` to its YAML, and deploy"
        )
    run = stands.running
    if run is not None:
        raise NoRunError(
            f"run {run.run} of group {group} {'is ' if run.execution else ''}{run.outcome}, for {run.cause}, since "
            f"{out.moment(run.at)}; one at a time: `greenlight status {group}` tells when it has ended"
        )


def _show(stands: Circle) -> None:
    out.say(f"pipeline {stands.pipeline}" + ("" if stands.past else "; it has not run for this group yet"))
    if stands.past:
        out.table(("run", "for", "began", "outcome"), [_row(one) for one in stands.past[:_SHOWN]])


def _row(one: RunTold) -> tuple[object, ...]:
    return one.run, one.cause, out.moment(one.at), one.outcome


def _tell(told: dict[str, Any], words: str, *, json: bool) -> None:
    out.as_json(told) if json else out.say(words)
