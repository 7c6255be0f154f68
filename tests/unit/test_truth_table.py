"""When an approval is believed: each row of the table in docs/security.md is a case."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from lambdas.core.facts import Hint, Trail, VersionDetail
from lambdas.core.identity import Identity
from lambdas.core.record import Approval, Phase, Witness
from lambdas.core.turn import Decision
from tests.builders import APPROVER, REGISTRANT, Seen, after, decided_on, event_of, package
from tests.unit.test_proof import ADMIN, AT, OTHER_APPROVER, REGISTERED, SWEEP, fresh, starts, witness

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
NOTED = AT + 500  # when somebody wrote after the approval
SPELLED = Identity(APPROVER.arn.replace("approver/ann", "registrant/Ann"), "ANN@corp.com")
WITH_SOURCE = Identity(APPROVER.arn, "ann@corp.com")
OTHER_SOURCE = Identity(APPROVER.arn.replace("approver/ann", "registrant/ann"), "rob@corp.com")

WRITERS: dict[str, tuple[Identity | None, float]] = {
    "the approver": (APPROVER, AT),
    "the approver, with a source identity": (WITH_SOURCE, AT),
    "nobody is named": (None, AT),
    "an annotator": (REGISTRANT, NOTED),
    "an administrator": (ADMIN, NOTED),
}
REGISTRANTS: dict[str, Identity | None] = {
    "somebody else": REGISTRANT,
    "the approver": APPROVER,
    "the same source identity, spelled otherwise": SPELLED,
    "another source identity, the same session name": OTHER_SOURCE,
    "nobody is named": None,
}
BOTH = ("ModelApprovalStatus", "InferenceSpecification")
EVENTS: dict[str, Callable[[VersionDetail], Hint | None]] = {
    "came": lambda version: event_of(version, at=AT),
    "came late": lambda version: event_of(version, at=AT),
    "says that content was written too": lambda version: event_of(version, *BOTH, at=AT),
    "lost": lambda _: None,
}
NOTE = witness(REGISTRANT, None, NOTED)
TOLD: dict[str, tuple[Witness, ...]] = {
    "nothing": (),
    "the approval": (witness(), REGISTERED),
    "the approval, the note": (witness(), REGISTERED, NOTE),
    "the approval, then a change of content": (
        witness(),
        REGISTERED,
        witness(REGISTRANT, None, NOTED, content=True),
    ),
    "the approval, then a rejection": (
        witness(),
        REGISTERED,
        witness(OTHER_APPROVER, Approval.REJECTED, AT + 60),
    ),
    "the administrator's approval": (REGISTERED, witness(ADMIN, at=NOTED)),
    "the approval, then the administrator's": (witness(), REGISTERED, witness(ADMIN, at=NOTED)),
}
UP_TO: dict[str, float] = {"the last minutes are missing": AT + 950, "everything": AT + 1_500}
OUTCOMES = ("goes", "waits", "does not go")


def rows() -> list[tuple[str, ...]]:
    """Of the table, without its head."""
    section = PAGE.read_text(encoding="utf-8").partition("### When an approval is believed")[2]
    lines = [line for line in section.partition("\n#")[0].splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def outcome(decision: Decision) -> str:
    if starts(decision) == 1:
        return "goes"
    assert after(decision).phase is Phase.BLOCKED
    blocked = [event for event in decision.events if event.kind == "blocked"]
    waits = blocked[-1].data.get("awaited") if blocked else "awaited" in after(decision).reason
    return "waits" if waits else "does not go"


@pytest.mark.parametrize("row", rows(), ids=lambda row: "; ".join(row[:5]))
def test_an_approval_is_believed_as_the_table_says(row: tuple[str, ...]) -> None:
    last, event, told, up_to, registered_by, expected, _why = row
    author, modified = WRITERS[last]
    version = package(1, at=modified, author=author, registrant=REGISTRANTS[registered_by])
    hint = EVENTS[event](version)
    in_time = (hint,) if hint is not None and event != "came late" else ()
    seen = replace(fresh(version, *in_time), now=modified + 1)
    decision = decided_on(seen)
    if event == "came late":
        assert hint is not None
        decision = decided_on(_next(seen, decision, modified + 30, hint))
    if outcome(decision) != "goes":
        later = _next(seen, decision, UP_TO[up_to], SWEEP)
        decision = decided_on(replace(later, trail=Trail(TOLD[told], complete=True)))
    assert outcome(decision) == expected


def _next(seen: Seen, decision: Decision, now: float, hint: Hint) -> Seen:
    return replace(seen, record=after(decision), hints=(hint,), now=now)


def test_the_table_has_each_of_its_words_and_each_outcome() -> None:
    columns = list(zip(*rows(), strict=True))
    vocabulary: tuple[Iterable[str], ...] = (WRITERS, EVENTS, TOLD, UP_TO, REGISTRANTS, OUTCOMES)
    for cells, words in zip(columns, vocabulary, strict=False):
        assert set(cells) == set(words)
    assert all(re.search(r"\w", why) for why in columns[-1])
