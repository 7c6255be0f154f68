"""Commands that only read: status, versions, diff, plan."""

import contextlib
import functools
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import out
from cli.account import Account
from lambdas.adapters.concurrently import concurrently
from lambdas.core.circle import Circle, RunTold, Watched
from lambdas.core.codec import encode
from lambdas.core.comparison import Comparison, Metric, compare
from lambdas.core.facts import Endpoint
from lambdas.core.ledger import event_of
from lambdas.core.record import Approval, Decided, Record
from lambdas.core.spec import GatesSpec
from lambdas.core.standing import Standing, standing
from lambdas.core.versions import Version, told_by, version_of

_NAME = re.compile(r"""^name:[ ]*["']?([A-Za-z0-9-]+)""", re.MULTILINE)


def groups_here(incomplete: str) -> list[str]:
    """The names that begin so of the groups whose YAML is in the folder `groups`, for a shell to complete.

    AWS is not asked: nobody who presses a key wants to wait for it, or to be asked for a second factor. What cannot be
    read is left out, and no folder is no groups: a shell that completes has no place for errors.
    """
    found: set[str] = set()
    for file in Path("groups").glob("*.y*ml"):
        with contextlib.suppress(OSError):
            found |= set(_NAME.findall(file.read_text(encoding="utf-8", errors="replace")))
    return sorted(name for name in found if name.startswith(incomplete))


Group = Annotated[
    str, typer.Argument(help="The model package group.", show_default=False, autocompletion=groups_here)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead; times are epoch seconds.")]
_SHOWN = 20
_MOST_PENDING = 32
_METRICS = 6  # in a cell; `--json` has all


class Verb(StrEnum):
    """What an approver may do with a version."""

    APPROVE = "approve"
    REJECT = "reject"


def status(
    group: Annotated[
        str | None,
        typer.Argument(help="One group; all if left out.", show_default=False, autocompletion=groups_here),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """What is live, what it would go back to, what is in flight, pending or blocked, what drifts or runs, and why.

    All groups are told as they were when Greenlight last looked, one also as the registry has it now.

    Example: greenlight status credit-risk
    """
    account = Account()
    if group is not None:
        _one(*_stands(account, group), json=json)
        return
    known = account.records().items()
    found: list[Standing] = concurrently(
        *(functools.partial(_last_stood, account, one, record) for one, record in known)
    )
    if json:
        out.as_json(found)
    elif not found:
        out.say("there is no group yet; add its YAML and deploy")
    else:
        columns = ("group", "phase", "for", "live", "in flight", "pending", "why")
        out.table(columns, [_row(one) for one in found])


def _last_stood(account: Account, group: str, record: Record | None) -> Standing:
    """Where a group stood at the last look at it, which asks nobody; where nobody has looked, what the registry has."""
    return standing(_unseen(group), account.versions(group)) if record is None else standing(record)


def _unseen(group: str) -> Record:
    return Record(group, reason="nobody has looked at it yet; the next event or sweep will")


def _stands(account: Account, group: str) -> tuple[Standing, Endpoint | None]:
    """Where a group stands, and its endpoint."""
    record, versions = concurrently(lambda: account.record_or_none(group), lambda: account.versions(group))
    endpoint = None
    if record is None:
        return standing(_unseen(group), versions), None
    if record.rollout is not None and record.spec is not None:
        endpoint = account.endpoints.describe(record.spec.endpoint.name)
    return standing(record, versions), endpoint


def _row(one: Standing) -> tuple[object, ...]:
    phase, why, since = one.shown
    return (
        one.group,
        phase,
        out.ago(since or None),
        _v(one.live),
        _v(one.in_flight.version) if one.in_flight else None,
        _pending(one, 3),
        why,
    )


def _pending(one: Standing, most: int) -> str:
    """The youngest that wait, and how many more do."""
    more = len(one.pending) - most + one.more_pending if len(one.pending) > most else one.more_pending
    return ", ".join(f"v{number}" for number in one.pending[:most]) + (f" and {more} more" if more else "")


def _one(one: Standing, endpoint: Endpoint | None, *, json: bool) -> None:
    at = ", ".join(dict.fromkeys(endpoint.steps)) if endpoint is not None else ""
    if json:
        steps = list(endpoint.steps) if endpoint is not None else []
        out.as_json({**encode(one), "endpoint_status": endpoint and endpoint.status.value, "steps": steps})
        return
    flight, (phase, why, since) = one.in_flight, one.shown
    doing = f"{endpoint.status.value}{': ' if at else ''}{at}" if endpoint is not None else "no endpoint yet"
    lines = {
        "group": one.group,
        "phase": phase + (f", for {out.ago(since)}" if since else ""),
        "why": why,
        "live": f"v{one.live}, since {out.moment(one.live_since)}" if one.live else None,
        "goes back to": _v(one.last_known_good),
        "in flight": f"v{flight.version}, {flight.direction}, for {out.ago(flight.started_at)}; {doing}"
        if flight
        else None,
        "pending": _pending(one, _MOST_PENDING),
        "paused": one.paused,
        **(_circle(one.circle) if one.circle != Circle() else {}),
    }
    out.table(("", ""), list(lines.items()))


def _circle(told: Circle) -> dict[str, str | None]:
    """Drift, what is watched and what is not, and why; the run under way, the last one, what holds the next."""
    quiet = f", quiet since {out.moment(told.quiet)}" if told.quiet else ""
    return {
        "drift": f"since {out.moment(told.drift)}{quiet}" if told.drift else "none is seen",
        "watched": "\n".join(map(_schedule, told.watched)),
        "pipeline": told.pipeline,
        "run": _run(told.running) if told.running else None,
        "last run": _run(told.past[0]) if told.past else None,
        "no run by itself": None if told.running else told.held,
    }


def _schedule(one: Watched) -> str:
    version = f"v{one.version} by {one.schedule}" if one.version else "not watched"
    return f"{one.what}: {version}" + (f": {one.problem}" if one.problem else "")


def _run(one: RunTold) -> str:
    by = f" asked for by {one.by}" if one.by else ""
    when = f"for {out.ago(one.at)}" if one.ended is None else f"ended {out.ago(one.ended)} ago"
    fates = "".join(f"; v{made.version} is {made.became or made.status}" for made in one.versions)
    return f"{one.run}{by}, for {one.cause}, {when}: {one.outcome}{fates}"


def versions(
    group: Group,
    *,
    most: Annotated[int, typer.Option("--most", min=1, help="How many, newest first.")] = _SHOWN,
    json: Json = False,
) -> None:
    """All versions with their metrics, what was decided, by whom and when, and what became of it.

    Example: greenlight versions credit-risk --most 5
    """
    account = Account()
    record = account.record(group)
    numbers = [one.version for one in account.versions(group)][:most]
    archived: dict[int, Decided] = {}
    if any(record.archive.status(number) is not None for number in numbers):
        archived = told_by(map(event_of, account.store.history(group)))
    rows = [version_of(one, record, archived) for one in account.compared(group, *numbers)] if numbers else []
    if json:
        out.as_json(rows)
        return
    columns = ("version", "status", "decided", "by", "reason", "became", "metrics")
    out.table(columns, [_version_row(row) for row in rows])


def _version_row(row: Version) -> tuple[object, ...]:
    told = [f"{name} {value:g}" for name, value in row.metrics.items()]
    more = f", and {len(told) - _METRICS} more" if len(told) > _METRICS else ""
    metrics = ", ".join(told[:_METRICS]) + more
    return (
        _v(row.version),
        row.status,
        out.moment(row.decided_at),
        row.by and row.by.rpartition("/")[2],
        row.why,
        row.became,
        metrics or row.problem,
    )


def diff(
    group: Group,
    before: Annotated[int, typer.Argument(metavar="A", help="A version's number.", show_default=False)],
    after: Annotated[int, typer.Argument(metavar="B", help="Another's.", show_default=False)],
    *,
    json: Json = False,
) -> None:
    """Two versions side by side: metrics with their change, and what differs in containers, lineage and metadata.

    Example: greenlight diff credit-risk 6 7
    """
    account = Account()
    record = account.record(group)
    gates = record.spec.gates if record.spec is not None else GatesSpec()
    one, other = account.compared(group, before, after)
    found = compare(one, other, gates)
    if json:
        out.as_json(found)
    else:
        show(found)


def show(found: Comparison) -> None:
    """Print a comparison."""
    columns = ("", f"v{found.before}", f"v{found.after}", "change")
    rows: list[tuple[object, ...]] = [
        (one.name, _number(one.before), _number(one.after), _change(one)) for one in found.metrics
    ]
    rows += [(one.name, one.before, one.after, None) for one in (*found.containers, *found.metadata)]
    if rows:
        out.table(columns, rows)
    else:
        out.say(f"v{found.before} and v{found.after} have the same content, the same metadata and no metrics")


def _change(one: Metric) -> str | None:
    if one.change is None:
        return None
    word = {True: " better", False: " worse", None: ""}[one.better]
    return f"{one.change:+g}{word}"


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def plan(
    group: Group,
    verb: Annotated[Verb, typer.Argument(show_default=False)],
    version: Annotated[int, typer.Argument(help="The version's number.", show_default=False)],
    *,
    json: Json = False,
) -> None:
    """What would be recorded and called if a version were approved or rejected now; nothing is done.

    Example: greenlight plan credit-risk approve 7
    """
    from lambdas.reconcile.foresee import foresee, in_words  # noqa: PLC0415 - the whole decision; this command only

    wanted = {Verb.APPROVE: Approval.APPROVED, Verb.REJECT: Approval.REJECTED}[verb]
    decision = foresee(Account().ports, group, version, wanted)
    if json:
        actions: list[dict[str, Any]] = [
            {"call": type(one).__name__, **encode(one)} for one in decision.actions
        ]
        phase = decision.record.phase.value if decision.record is not None else None
        events = [
            {"kind": one.kind.value, "version": one.version, "reason": one.reason} for one in decision.events
        ]
        out.as_json({"phase": phase, "reason": decision.reason, "records": events, "calls": actions})
    else:
        out.say(*in_words(decision))


def _v(number: int | None) -> str | None:
    return None if number is None else f"v{number}"
