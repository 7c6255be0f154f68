"""Gates: what an approved version must show before it goes live."""

import json
import math
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.comparison import compare
from lambdas.core.facts import Report
from lambdas.core.quality import MOST_FIGURES, Compared, gated_first, report_of, shortcomings
from lambdas.core.record import Approval, Phase
from lambdas.core.spec import Better, GatesSpec, MetricGate, Stage
from tests.builders import (
    NOW,
    START,
    Seen,
    a_record,
    a_spec,
    after,
    ask,
    changed,
    decided_on,
    live_on,
    names,
    package,
    placed,
)

URI = "s3://models/churn/2/evaluation.json"
LIVE_URI = "s3://models/churn/1/evaluation.json"


def report(**metrics: object) -> Report:
    """As SageMaker Model Monitor writes it for binary classification."""
    told = {name: {"value": value, "standard_deviation": 0.01} for name, value in metrics.items()}
    return Report({"binary_classification_metrics": {"confusion_matrix": {"0": {"0": 1, "1": 0}}, **told}})


def found(
    gates: GatesSpec, shown: Report | None = None, live: Report | None = None, **detail: Any
) -> tuple[str, ...]:
    candidate = Compared(replace(package(2), **detail), shown)
    return shortcomings(gates, candidate, None if live is None else Compared(package(1), live))


def gate(**limits: Any) -> GatesSpec:
    return GatesSpec(metrics=(MetricGate("recall", **limits),))


# --- metrics ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "limits", "says"),
    [
        (0.9, {"at_least": 0.9}, None),
        (0.89, {"at_least": 0.9}, "its recall is 0.89, below 0.9"),
        (4.2, {"at_most": 4.2}, None),
        (4.3, {"at_most": 4.2}, "its recall is 4.3, above 4.2"),
        (0.5, {"at_least": 0.4, "at_most": 0.6}, None),
    ],
)
def test_a_metric_is_held_to_its_floor_and_its_ceiling(
    value: float, limits: dict[str, float], says: str | None
) -> None:
    assert found(gate(**limits), report(recall=value)) == (() if says is None else (says,))


@pytest.mark.parametrize(
    ("value", "live", "better", "passes"),
    [
        (0.90, 0.92, Better.HIGHER, True),
        (0.85, 0.92, Better.HIGHER, False),
        (0.99, 0.92, Better.HIGHER, True),
        (4.30, 4.20, Better.LOWER, False),
        (4.22, 4.20, Better.LOWER, True),
        (1.00, 4.20, Better.LOWER, True),
    ],
)
def test_a_metric_is_not_worse_than_the_live_versions_by_more_than_the_margin(
    value: float, live: float, better: Better, *, passes: bool
) -> None:
    gates = gate(worse_than_live_by=0.05, better=better)
    assert (found(gates, report(recall=value), report(recall=live)) == ()) is passes


def test_with_nothing_live_there_is_nothing_to_compare_with() -> None:
    assert found(gate(worse_than_live_by=0.0), report(recall=0.1)) == ()


def test_a_live_version_without_the_metric_cannot_be_compared_with() -> None:
    (reason,) = found(gate(worse_than_live_by=0.1), report(recall=0.9), report(accuracy=0.9))
    assert reason.startswith("v1, which is live, cannot be compared with")


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (None, "is missing"),
        (Report(problem="its evaluation report cannot be read: it is not there"), "cannot be read"),
        (report(accuracy=0.9), "its recall is missing"),
        (report(recall="NaN"), "not a number"),
        (report(recall=math.nan), "not a number"),
        (report(recall=math.inf), "not a number"),
        (report(recall=True), "not a number"),
        (report(recall=None), "is missing"),
        (report(recall=[0.9]), "not a number"),
        (Report({"a": {"recall": 0.9}, "b": {"recall": 0.8}}), "more than once (a.recall, b.recall)"),
        (report_of(b"not json"), "not JSON"),
        (report_of(b"[1]"), "it is a list of 1 numbers, and must be an object"),
    ],
)
def test_a_metric_that_is_missing_or_unreadable_never_passes(shown: Report | None, says: str) -> None:
    (reason,) = found(gate(at_least=0.0), shown)
    assert says in reason


RECURRING = {"rmse": 3.2, "baseline": {"rmse": 4.1}}


def test_the_metric_of_exactly_this_path_counts_and_not_one_that_recurs_deeper() -> None:
    gates = GatesSpec(metrics=(MetricGate("rmse", at_most=3.5), MetricGate("baseline.rmse", at_least=4.0)))
    assert found(gates, Report(RECURRING)) == ()
    deeper = Report({"metrics": RECURRING})
    assert "rmse more than once (metrics.baseline.rmse, metrics.rmse)" in found(gates, deeper)[0]


def test_two_metrics_of_one_path_are_told_and_none_is_chosen() -> None:
    gates = GatesSpec(metrics=(MetricGate("test.rmse", at_most=1.0),))
    (reason,) = found(gates, Report({"test": {"rmse": 0.5}, "test.rmse": 9.0}))
    assert "test.rmse more than once" in reason


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ([0.5] * 60_000, "its loss is a list of 60000 numbers, not a number"),
        (["a", "b"], "its loss is a list of 2 items, not a number"),
        ([], "its loss is an empty list, not a number"),
    ],
)
def test_a_metric_that_is_a_list_is_said_to_be_one_and_never_quoted(told: list[object], says: str) -> None:
    gates = GatesSpec(metrics=(MetricGate("loss", at_most=1.0),))
    assert found(gates, Report({"loss": {"value": told}})) == (says,)
    assert found(gates, Report({"loss": told})) == (says,)
    assert found(gates, Report({"history": {"loss": told}, "final": {"loss": 0.1}})) == ()


def test_what_a_report_says_is_quoted_in_two_hundred_bytes() -> None:
    gates = GatesSpec(metrics=(MetricGate("loss", at_most=1.0),))
    (reason,) = found(gates, Report({"loss": "\N{PILE OF POO}" * 100_000}))
    assert len(json.dumps(reason)) < 300


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_report_is_read_in_any_encoding_of_json(encoding: str) -> None:
    assert report_of('{"größe": 1}'.encode(encoding)).data == {"größe": 1}


def test_a_report_nested_1500_levels_deep_is_told() -> None:
    shown = report_of(b'{"a":' * 1500 + b"1" + b"}" * 1500)
    assert shown.problem == "its evaluation report cannot be read: it is nested more than 64 levels deep"


def test_a_reports_metrics_take_no_more_memory_than_the_report_allows_for() -> None:
    """Paths repeat what is above them: one long key above many metrics would take gigabytes."""
    data = {"k" * 400_000: {str(number): 1 for number in range(50_000)}, "recall": 0.9}
    tracemalloc.start()
    shown = report_of(json.dumps(data).encode())
    assert found(gate(at_least=0.9), shown) == ()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000_000


def test_people_are_shown_at_most_so_many_metrics_those_of_the_gates_first() -> None:
    many = Compared(package(2), Report({**{f"m{number}": number for number in range(2_000)}, "recall": 0.9}))
    shown = compare(many, many, gate(at_least=0.5)).metrics
    assert len(shown) == MOST_FIGURES
    assert shown[0].name == "recall"


def test_a_metric_told_apart_by_its_path_is_found() -> None:
    gates = GatesSpec(metrics=(MetricGate("b.recall", at_least=0.8),))
    assert found(gates, Report({"a": {"recall": 0.1}, "b": {"recall": 0.8}})) == ()


def test_a_metric_of_the_metadata_is_found_where_no_report_has_it() -> None:
    assert found(gate(at_least=0.9), metadata={"recall": "0.95"}) == ()
    assert found(gate(at_least=0.9), report(accuracy=1.0), metadata={"recall": "0.95"}) == ()
    assert "not a number" in found(gate(at_least=0.9), metadata={"recall": "high"})[0]


def test_the_report_counts_before_the_metadata() -> None:
    assert found(gate(at_least=0.9), report(recall=0.5), metadata={"recall": "0.95"})


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_a_report_holds_it_is_read_or_told(data: Any) -> None:
    shown = report_of(json.dumps(data).encode())
    reasons = found(gate(at_least=1e308), shown)
    assert reasons
    assert all(reasons)


@given(low=st.floats(-1e6, 1e6), high=st.floats(-1e6, 1e6), floor=st.floats(-1e6, 1e6))
def test_a_better_metric_passes_wherever_a_worse_one_does(low: float, high: float, floor: float) -> None:
    low, high = sorted((low, high))
    if not found(gate(at_least=floor), report(recall=low)):
        assert not found(gate(at_least=floor), report(recall=high))


# --- papers -----------------------------------------------------------------------------------------------------

EVERYTHING = GatesSpec(
    metadata=("dataset",),
    lineage=True,
    evaluation=True,
    model_card=True,
    stage=Stage("Production", "Approved"),
)
COMPLETE: dict[str, Any] = {
    "metadata": {"dataset": "2026-11"},
    "lineage": {"CommitId": "9f2c1e7"},
    "evaluation": URI,
    "has_card": True,
    "stage": ("Production", "Approved"),
}


def test_a_version_with_all_its_papers_passes() -> None:
    assert found(EVERYTHING, **COMPLETE) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"metadata": {}}, "lacks 'dataset'"),
        ({"metadata": {"dataset": " "}}, "lacks 'dataset'"),
        ({"lineage": {}}, "no lineage"),
        ({"evaluation": None}, "no evaluation"),
        ({"has_card": False}, "no model card"),
        ({"stage": None}, "life cycle is none"),
        (
            {"stage": ("Production", "Pending")},
            "life cycle is Production Pending; Production Approved is asked for",
        ),
    ],
)
def test_each_paper_that_is_missing_is_named(changes: dict[str, Any], says: str) -> None:
    (reason,) = found(EVERYTHING, **{**COMPLETE, **changes})
    assert says in reason


def test_all_that_is_missing_is_told_at_once() -> None:
    assert len(found(EVERYTHING)) == 5


# --- in the decision --------------------------------------------------------------------------------------------

FLOOR = a_spec(gates=gate(at_least=0.9, worse_than_live_by=0.02))
V1 = package(1, evaluation=LIVE_URI)
V2 = package(2, evaluation=URI)


def approved(value: float, live: float = 0.91, **changes: Any) -> Seen:
    reports = {URI: report(recall=value), LIVE_URI: report(recall=live)}
    return replace(live_on(V1, V2, spec=FLOOR), reports=reports, **changes)


def test_a_version_that_passes_goes_live() -> None:
    assert names(decided_on(approved(0.93)))[-1] == "UpdateEndpoint"


def test_a_version_that_does_not_pass_is_blocked_with_every_reason_and_the_live_one_serves_on() -> None:
    decision = decided_on(approved(0.85))
    assert decision.actions == ()
    assert after(decision).phase is Phase.BLOCKED
    assert "its recall is 0.85, below 0.9" in decision.reason
    assert "worse by more than 0.02 than v1's 0.91" in decision.reason


def test_what_blocked_is_looked_at_again_and_lets_pass_what_was_mended() -> None:
    seen = approved(0.85)
    mended = replace(seen, record=after(decided_on(seen)), reports=approved(0.95).reports)
    assert names(decided_on(mended))[-1] == "UpdateEndpoint"


def test_without_its_report_a_version_is_blocked() -> None:
    decision = decided_on(replace(approved(0.95), reports={LIVE_URI: report(recall=0.9)}))
    assert "cannot be read" in decision.reason


def test_a_live_version_that_left_the_registry_cannot_be_compared_with() -> None:
    seen = approved(0.95)
    gone = replace(seen, packages=(V2,))
    assert "left the registry" in decided_on(gone).reason


def test_the_way_back_passes_no_gates() -> None:
    seen = live_on(V2, V1, spec=FLOOR, kept=(placed(V1, FLOOR, live_at=START + 150),))
    rejected = changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)
    decision, facts = ask(rejected)
    assert names(decision) == ["UpdateEndpoint"]
    assert facts.reports == {}


def test_a_changed_spec_of_what_is_live_passes_no_gates() -> None:
    seen = live_on(V1, spec=a_spec())
    respec = replace(
        seen,
        spec=replace(FLOOR, endpoint=replace(FLOOR.endpoint, instance_type="ml.m5.xlarge")),
        spec_is_read=True,
    )
    assert names(decided_on(respec))[-1] == "UpdateEndpoint"


def test_the_first_version_of_a_group_passes_the_gates_too() -> None:
    blocked = Seen(a_record(spec=FLOOR), (V2,), spec=FLOOR, reports={URI: report(recall=0.5)})
    assert decided_on(blocked).actions == ()
    assert names(decided_on(replace(blocked, reports={URI: report(recall=0.95)})))[-1] == "CreateEndpoint"


def test_a_group_without_gates_reads_no_reports() -> None:
    _, facts = ask(live_on(V1, V2))
    assert facts.reports == {}


def test_a_gate_on_papers_alone_reads_no_reports() -> None:
    spec = a_spec(gates=GatesSpec(evaluation=True))
    decision, facts = ask(live_on(V1, V2, spec=spec))
    assert names(decision)[-1] == "UpdateEndpoint"
    assert facts.reports == {}


def test_metrics_that_a_gate_is_about_come_first_by_whichever_part_of_their_path_it_names_them() -> None:
    gates = GatesSpec(metrics=(MetricGate("recall", at_least=0.9), MetricGate("b.auc", at_least=0.9)))
    names = ["zeal", "a.recall", "b.auc", "accuracy", "auc"]
    assert gated_first(names, gates) == ["a.recall", "b.auc", "accuracy", "auc", "zeal"]
