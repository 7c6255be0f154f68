"""The circle as people ask for it: what is watched, whether it drifts, the runs, and what became of their versions."""

from dataclasses import dataclass

from lambdas.core.monitoring import in_words
from lambdas.core.names import schedule_name
from lambdas.core.record import Approval, Monitored, Record, Run
from lambdas.core.spec import Monitor
from lambdas.core.versions import became


@dataclass(frozen=True)
class Watched:
    """What a monitoring schedule watches; `version`: None: none; `problem`: why not, or why that says nothing."""

    what: str
    schedule: str
    version: int | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Registered:
    """A version that a run registered; `status`: in the registry, `became`: what became of it, in words."""

    version: int
    status: str
    decided_at: float | None = None
    by: str | None = None
    became: str | None = None


@dataclass(frozen=True)
class RunTold:
    """A run of the group's pipeline; times in epoch seconds.

    `outcome`: in words. `ended`: None: it is under way. `failed`: it registered nothing, or failed on the way.
    """

    run: str
    cause: str
    reason: str
    at: float
    outcome: str
    live: int | None = None
    by: str | None = None
    execution: str | None = None
    ended: float | None = None
    failed: bool = False
    versions: tuple[Registered, ...] = ()


@dataclass(frozen=True)
class Circle:
    """Where a group's circle stands; times in epoch seconds.

    `pipeline`: that retrains. `drift`: since when alarms say that the live version drifts; `quiet`: since when they do
    so no more. `past`: runs that ended, youngest first. `held`: why none starts by itself.
    """

    pipeline: str | None = None
    drift: float | None = None
    quiet: float | None = None
    watched: tuple[Watched, ...] = ()
    running: RunTold | None = None
    past: tuple[RunTold, ...] = ()
    held: str | None = None


def circle(record: Record) -> Circle:
    """Where a group's circle stands, by its record alone."""
    known, spec = record.retraining, record.spec
    return Circle(
        pipeline=spec.retraining.pipeline if spec is not None and spec.retraining is not None else None,
        drift=known.drift or None,
        quiet=known.calm or None,
        watched=tuple(_watched(record)),
        running=_run(record, known.run) if known.run is not None else None,
        past=tuple(_run(record, run) for run in reversed(known.past)),
        held=known.stopped or known.held,
    )


def _watched(record: Record) -> list[Watched]:
    spec = record.spec.monitoring if record.spec is not None else None
    wanted = spec.schedules.keys() if spec is not None else frozenset[Monitor]()
    return [
        _schedule(record.group, monitor, record.monitored.get(monitor))
        for monitor in Monitor
        if monitor in wanted or monitor in record.monitored
    ]


def _schedule(group: str, monitor: Monitor, known: Monitored | None) -> Watched:
    what, schedule = in_words(monitor), schedule_name(group, monitor)
    if known is None:
        return Watched(what, schedule, problem="it begins once a version is verified live")
    if known.definition is None:
        return Watched(what, schedule, problem=known.problem or "its schedule is being deleted")
    if not known.done:
        return Watched(
            what, schedule, problem=known.problem or f"its schedule is being moved to v{known.version}"
        )
    return Watched(what, schedule, known.version, known.failing)


def _run(record: Record, run: Run) -> RunTold:
    return RunTold(
        run=run.id,
        cause=run.cause.value,
        reason=run.reason,
        at=run.at,
        outcome=_outcome(run),
        live=run.live,
        by=run.by,
        execution=run.execution,
        ended=run.ended or None,
        failed=run.problem is not None,
        versions=tuple(_registered(record, number) for number in run.versions),
    )


def _outcome(run: Run) -> str:
    if run.problem is not None:
        return f"failed: {run.problem}"
    if run.ended:
        return "registered " + (", ".join(f"v{number}" for number in run.versions) or "nothing")
    return "under way" if run.execution is not None else "waits to be started"


def _registered(record: Record, number: int) -> Registered:
    decided = record.versions.get(number)
    if decided is None:
        return Registered(number, (record.archive.status(number) or Approval.PENDING).value)
    return Registered(
        number,
        decided.approval.value,
        decided.at,
        str(decided.by) if decided.by is not None else None,
        became(record, number, decided),
    )
