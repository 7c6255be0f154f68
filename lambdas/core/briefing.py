"""What the ledger has of a version that waits for a decision, in lines for people who are to decide."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.core.text import one_line

_MOST = 10  # metrics, and differences
_LONGEST = 120  # characters of a value
_LONGEST_RUN = 300


def briefing(version: int, data: Mapping[str, Any]) -> list[str]:
    """The run that registered it; metrics beside those of the live version, gates that it would not pass, what differs.

    Args:
        version: that waits.
        data: of its ledger entry, as `review.reviewed` made it; none of it: it was not compared.
    """
    if "gates" not in data:
        return _run(data)
    live = data.get("compared_with")
    beside = (
        "nothing is live to compare it with" if live is None else f"v{version} beside v{live}, which is live"
    )
    return [*_run(data), f"{beside}:", *_metrics(live, data), *_gates(data), *_differences(data)]


def commands(group: str, version: int, data: Mapping[str, Any]) -> list[str]:
    """What looks further, and what decides, as a shell takes it."""
    live = data.get("compared_with")
    return [
        *([] if live is None else [f"greenlight diff {shlex.quote(group)} {live} {version}"]),
        deciding("approve", group, version),
        deciding("reject", group, version),
    ]


def deciding(verb: str, group: str, version: int) -> str:
    """The command that approves or rejects a version; it asks for a reason, which only the approver can give."""
    return f'greenlight {verb} {shlex.quote(group)} {version} --reason "…"'


def _run(data: Mapping[str, Any]) -> list[str]:
    told = from_run(data)
    return [] if told is None else [told]


def from_run(data: Mapping[str, Any]) -> str | None:
    """Which run of the group's pipeline registered a version, and what that ran for; None: no run that is known.

    Args:
        data: of the ledger entry of its registration.
    """
    if not data.get("run"):
        return None
    because = f": {data['because']}" if data.get("because") else ""
    return one_line(f"registered by run {data['run']}, for {data.get('cause')}{because}", _LONGEST_RUN)


def _metrics(live: int | None, data: Mapping[str, Any]) -> Iterator[str]:
    metrics = list(data.get("metrics", ()))
    if not metrics:
        yield "  it has no metrics"
    for one in metrics[:_MOST]:
        name = one_line(str(one["name"]), _LONGEST)
        if one["after"] is None:
            yield f"  {name}: missing; v{live} has {one['before']:g}"
        elif one["change"] is None:
            yield f"  {name}: {one['after']:g}"
        else:
            word = {True: ", better", False: ", worse"}.get(one["better"], "")
            yield f"  {name}: {one['after']:g} ({one['change']:+g}{word})"
    yield from _more(len(metrics), "metrics")


def _gates(data: Mapping[str, Any]) -> Iterator[str]:
    if problem := data.get("report"):
        yield f"  {one_line(str(problem), _LONGEST)}"
    failing = [one_line(str(one), _LONGEST) for one in data["gates"]]
    yield (
        f"  gates it would not pass: {'; '.join(failing)}" if failing else "  it would pass the group's gates"
    )


def _differences(data: Mapping[str, Any]) -> Iterator[str]:
    differences = list(data.get("differences", ()))
    for one in differences[:_MOST]:
        name, before, after = (one_line(_shown(one[part]), _LONGEST) for part in ("name", "before", "after"))
        yield f"  {name}: {before} → {after}"
    yield from _more(len(differences), "differences")


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def _more(count: int, what: str) -> Iterator[str]:
    if count > _MOST:
        yield f"  and {count - _MOST} more {what}"
