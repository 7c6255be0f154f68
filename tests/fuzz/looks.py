"""Whole looks: whatever a registrant writes into a version, the live version's rejection leads off it."""

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from lambdas.core.content import container_of
from lambdas.core.decide import Part, afterwards, decide, decide_part
from lambdas.core.facts import Baseline, Hint, Payload, Told, VersionDetail
from lambdas.core.identity import Identity
from lambdas.core.names import SWEEP
from lambdas.core.quality import report_of
from lambdas.core.record import Approval, record_to_json
from lambdas.core.spec import GatesSpec, MetricGate, Monitor, SmokeTest
from lambdas.core.turn import Decision
from tests.builders import (
    NOW,
    REGISTRANT,
    a_spec,
    after,
    live_on,
    names,
    of_part,
    package,
    placed,
)
from tests.fuzz.documents import documents, keys, values
from tests.fuzz.registry import target

_MOST_RECORD = 64_000  # bytes
_MOST_ENTRY = 400_000  # bytes of an item in DynamoDB
_PLACES = st.sampled_from(
    [
        "s3://models/report.json",
        "s3://models",
        "s3://",
        "",
        "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint:mine/report.json",
        "s3://elsewhere/report.json",
        "s3://models/" + "k" * 2_000,
        "https://models/report.json",
        "s3://models/../x//y z=1",
    ]
)
_WORDS = st.text(max_size=40) | st.sampled_from(
    ["😀" * 1024, "\ud800" * 1024, "\x1b[31m\n\r\t", "ü" * 1024, "\N{RIGHT-TO-LEFT OVERRIDE}x"]
)
_MAPPINGS: st.SearchStrategy[Mapping[str, str]] = st.dictionaries(keys, _WORDS, max_size=6) | st.just(
    {f"k{n}": "ü" * 256 for n in range(50)}
)
_CONTAINERS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "Image": _WORDS,
        "ImageDigest": _WORDS,
        "ModelDataUrl": _PLACES,
        "ModelDataSource": values,
        "AdditionalModelDataSources": values,
        "Environment": _MAPPINGS | values,
        "Framework": values,
        "ModelInput": values,
    },
)


@st.composite
def versions(draw: st.DrawFn) -> tuple[VersionDetail, Mapping[str, bytes]]:
    """A version as anybody may register it, and what lies where it points."""
    approval = draw(st.sampled_from([Approval.PENDING, Approval.APPROVED, Approval.REJECTED]))
    evaluation, sample = draw(st.none() | _PLACES), draw(st.none() | _PLACES)
    baselines = draw(
        st.dictionaries(
            st.sampled_from(Monitor),
            st.builds(Baseline, st.none() | _PLACES, st.none() | _PLACES, st.none() | _PLACES),
            max_size=2,
        )
    )
    found = package(
        3,
        approval=approval,
        at=NOW - 50,
        author=draw(st.none() | st.just(REGISTRANT) | st.builds(Identity, _WORDS, st.none() | _WORDS)),
        containers=tuple(map(container_of, draw(st.lists(_CONTAINERS, max_size=3)))),
        reason=draw(_WORDS),
        metadata=draw(_MAPPINGS),
        evaluation=evaluation,
        lineage=draw(_MAPPINGS),
        has_card=draw(st.booleans()),
        stage=draw(st.none() | st.tuples(_WORDS, _WORDS)),
        sample=sample,
        content_types=tuple(draw(st.lists(_WORDS, max_size=2))),
        baselines=baselines,
    )
    places = {place for place in (evaluation, sample) if place is not None}
    return found, {place: draw(documents()) for place in sorted(places)}


@target(versions())
def looks(found: tuple[VersionDetail, Mapping[str, bytes]]) -> None:
    """Version 2 is live and rejected, version 1 is good: the look leads back, and fits into the tables."""
    written, objects = found
    one, two = package(1), package(2)
    spec = a_spec(
        gates=GatesSpec(
            metrics=(MetricGate("loss", at_most=1.0, worse_than_live_by=0.1),), metadata=("k1",), lineage=True
        ),
        smoke_test=SmokeTest(),
    )
    seen = replace(
        live_on(two, one, spec=spec, kept=(placed(one, spec, live_at=NOW - 90_000),)),
        packages=(one, replace(two, approval=Approval.REJECTED, modified=NOW - 10), written),
        reports={place: report_of(content) for place, content in objects.items()},
        payloads={place: Payload(content) for place, content in objects.items()},
        hints=(Hint(SWEEP), Hint("registry", told=_told(written))),
        spec_is_read=True,
    )
    decision, facts = of_part(seen.facts(), seen, decide)
    assert "UpdateEndpoint" in names(decision), decision.reason
    assert decision.record is not None
    assert decision.record.rollout is not None
    assert decision.record.rollout.version == 1
    _fits(decision)
    for part in Part:
        facts = afterwards(facts, decision, after(decision))
        decision, facts = of_part(facts, seen, functools.partial(decide_part, part))
        _fits(decision)


def _told(written: VersionDetail) -> Told:
    return Told(3, written.approval, written.modified, frozenset({"ModelApprovalStatus"}), written.containers)


def _fits(decision: Decision) -> None:
    assert decision.record is not None
    assert len(record_to_json(decision.record).encode()) <= _MOST_RECORD
    assert all(len(entry.body.encode()) <= _MOST_ENTRY for entry in decision.entries)
