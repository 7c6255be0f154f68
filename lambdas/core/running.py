"""Whether a run of a group's pipeline is to be started now, and with what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.core.errors import Malformed
from lambdas.core.hints import read_message
from lambdas.core.record import Record, Run
from lambdas.core.retraining import FRESH, moment
from lambdas.core.text import one_line

_LONGEST_VALUE = 1024  # of a pipeline's parameter [B]
_LONGEST_DESCRIPTION = 3072  # PipelineExecutionDescription [B]
_OWN = "Greenlight"


@dataclass(frozen=True)
class Asked:
    """A run that is to be started."""

    group: str
    run: str


@dataclass(frozen=True)
class Start:
    """A pipeline's start; `parameters`: by name, each of 1 to 1024 characters."""

    pipeline: str
    run: str
    description: str
    parameters: Mapping[str, str]


def asked_in(body: str) -> Asked:
    """The run that a message of reconcile's asks for.

    Raises:
        Malformed: it asks for none; says what is wrong.
    """
    message = read_message(body)
    started = message.hint.started
    if message.group is None or started is None:
        raise Malformed("the message asks for no run")
    return Asked(message.group, started.run)


def to_start(record: Record | None, run_id: str, now: float) -> Start | str:
    """What a run is to be started with; or why nothing is to be done: the message is void.

    Args:
        record: of the group, as it is now.
        run_id: that the message asks for.
        now: epoch seconds.
    """
    run = record.retraining.run if record is not None else None
    if record is None or run is None or run.id != run_id:
        return f"{run_id} is not under way"
    if run.execution is not None:
        return f"{run_id} was started already"
    if now - run.asked_at >= FRESH:
        return f"{run_id} was asked for {now - run.asked_at:.0f} s ago; if it still is to start, it is asked for again"
    why = f"{run.cause.value}: {run.reason}"
    return Start(
        run.pipeline,
        run.id,
        one_line(f"Greenlight starts this for {why}", _LONGEST_DESCRIPTION),
        {**run.parameters, **_own_parameters(record.group, run, why)},
    )


def _own_parameters(group: str, run: Run, why: str) -> dict[str, str]:
    """What every pipeline is told; AWS takes no empty value."""
    return {
        "GreenlightGroup": group,
        "GreenlightRun": run.id,
        "GreenlightLiveVersion": "none" if run.live is None else str(run.live),
        "GreenlightReason": one_line(why, _LONGEST_VALUE),
        "GreenlightWindowStart": moment(run.since),
        "GreenlightWindowEnd": moment(run.at),
    }


def why_not_started(start: Start, refusal: str) -> str:
    """AWS's refusal, with what the pipeline must declare if it is about parameters.

    Args:
        start: that was refused.
        refusal: in AWS's words. It names what the pipeline does not declare [?]; if none, all that we send may be it.
    """
    if not re.search(r"\bparameters?\b", refusal, re.IGNORECASE):
        return refusal
    named = [
        name for name in start.parameters if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", refusal)
    ]
    meant = named or [name for name in start.parameters if name.startswith(_OWN)]
    return (
        f"{refusal}. Pipeline {start.pipeline} does not declare {', '.join(meant)}, it seems: declare them in its "
        "definition as parameters of type String with a default, or take them from the group's retraining.parameters"
    )
