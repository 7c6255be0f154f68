"""Before its success is recorded a version answers one request; a wrong answer leads off it again."""

import io
import tarfile
from dataclasses import replace

import pytest

from lambdas.core.actions import UpdateEndpoint
from lambdas.core.errors import Unreadable
from lambdas.core.facts import AlarmState, Outcome, Payload, Probe, Trial
from lambdas.core.record import Approval, Direction, Phase
from lambdas.core.samples import sample_of
from lambdas.core.spec import GroupSpec, GuardrailSpec, SmokeTest
from tests.builders import (
    AFTER,
    GROUP,
    NOW,
    Seen,
    a_spec,
    after,
    an_endpoint,
    an_endpoint_spec,
    ask,
    changed,
    decided_as,
    decided_on,
    having,
    live_on,
    only,
    package,
    placed,
    rolling_to,
    told,
)

SPEC = a_spec(smoke_test=SmokeTest(payload="1,2"), guardrails=GuardrailSpec(error_rate=0.05))
V1, V2 = package(1), package(2, content_types=("text/csv", "application/json"))
C1, C2 = placed(V1, SPEC, live_at=None).config, placed(V2, SPEC, live_at=None).config
WRONG = Trial(Outcome.FAILED, "the model answered 500 instead of 200: boom")
NO_ANSWER = Trial(Outcome.INCONCLUSIVE, "invoking endpoint churn: ServiceUnavailable")
SAMPLE = "s3://models/churn/sample.tar.gz"


def ended(spec: GroupSpec = SPEC, **seen: object) -> Seen:
    """v1 was live, v2 was rolled out, and the endpoint serves v2 now."""
    rolled = rolling_to(live_on(V1, spec=spec), V2)
    return replace(rolled, endpoint=an_endpoint(C2, modified=AFTER), **seen)  # type: ignore[arg-type] # members of Seen


def probe(seen: Seen) -> Probe | None:
    """What the endpoint was asked."""
    asked: list[Probe] = []

    class Watching(Seen):
        def with_more(self, facts, need):  # type: ignore[no-untyped-def] # as its parent
            asked.extend([need.trial] if need.trial else [])
            return super().with_more(facts, need)

    ask(Watching(**{name: getattr(seen, name) for name in Seen.__dataclass_fields__}))
    return asked[0] if asked else None


def test_success_is_recorded_once_the_smoke_test_has_passed_and_says_so() -> None:
    decision = decided_on(ended())
    assert told(decision) == ["rollout.succeeded"]
    assert decision.events[0].data["smoke_test"] == "passed"
    assert "its smoke test passed: the model answered 200" in decision.events[0].reason
    assert after(decision).live == C2


def test_the_request_is_the_groups_payload_in_the_first_type_that_the_version_supports() -> None:
    assert probe(ended()) == Probe(GROUP, b"1,2", "text/csv", None, 200, None, 10)


def test_without_a_payload_of_the_group_the_versions_sample_is_sent() -> None:
    seen = changed(ended(a_spec()), 2, sample=SAMPLE)
    seen = replace(seen, payloads={SAMPLE: Payload(b"3,4")})
    asked = probe(seen)
    assert asked is not None
    assert asked.body == b"3,4"


@pytest.mark.parametrize(
    "spec", [a_spec(), replace(SPEC, smoke_test=None)], ids=["no-sample", "switched-off"]
)
def test_without_a_payload_or_switched_off_no_request_is_made_and_the_ledger_says_none(
    spec: GroupSpec,
) -> None:
    seen = ended(spec)
    assert probe(seen) is None
    assert decided_on(seen).events[0].data["smoke_test"] == "none"


def test_a_wrong_answer_fails_the_version_and_leads_back_at_once_watched_by_no_alarm() -> None:
    decision = decided_on(ended(trial=WRONG))
    assert told(decision) == ["rollout.failed", "rollout.started"]
    assert (
        decision.events[0].reason == "v2: its smoke test failed: the model answered 500 instead of 200: boom"
    )
    update = only(decision.actions, UpdateEndpoint)
    assert (update.config, update.alarms) == (C1, ())
    record = after(decision)
    assert record.versions[2].failed is not None
    assert record.rollout is not None
    assert record.rollout.direction is Direction.BACKWARD


def test_what_failed_its_smoke_test_is_no_version_to_go_back_to() -> None:
    seen = ended(trial=WRONG)
    record = after(decided_on(seen))
    gone_back = replace(seen, record=record, endpoint=an_endpoint(C1, modified=NOW))
    record = after(decided_on(gone_back))
    assert record.live == C1
    rejected = changed(replace(gone_back, record=record), 1, approval=Approval.REJECTED, modified=NOW)
    decision = decided_on(rejected)
    assert after(decision).phase is Phase.WITHDRAWN
    assert not [a for a in decision.actions if isinstance(a, UpdateEndpoint)]


def test_a_first_version_that_answers_wrongly_serves_on_and_is_said() -> None:
    fresh = rolling_to(
        having(live_on(V1, spec=SPEC), live=None, kept=(), versions={}), V2, endpoint_modified=None
    )
    seen = replace(fresh, packages=(V2,), endpoint=an_endpoint(C2, modified=AFTER), trial=WRONG)
    decision = decided_on(seen)
    assert told(decision) == ["rollout.failed", "withdrawn"]
    assert after(decision).phase is Phase.WITHDRAWN


def test_under_a_changed_spec_a_wrong_answer_blames_the_spec_and_leads_back_to_the_old_config() -> None:
    larger = replace(SPEC, endpoint=an_endpoint_spec(instance_type="ml.m5.xlarge"))
    target = placed(V1, larger, live_at=None)
    seen = rolling_to(
        having(live_on(V1, spec=SPEC), spec=larger), V1, placement=target, direction=Direction.RESPEC
    )
    seen = replace(seen, spec=larger, endpoint=an_endpoint(target.config, modified=AFTER), trial=WRONG)
    decision = decided_on(seen)
    record = after(decision)
    assert record.versions[1].failed is None
    assert record.refused == target.config
    assert only(decision.actions, UpdateEndpoint).config == C1


def test_a_way_back_is_not_tested() -> None:
    kept = placed(V1, SPEC, live_at=NOW - 9000)
    seen = live_on(package(2, approval=Approval.REJECTED), V1, spec=SPEC, kept=(kept,))
    seen = rolling_to(seen, V1, placement=kept, direction=Direction.BACKWARD)
    seen = replace(seen, endpoint=an_endpoint(C1, modified=AFTER), trial=WRONG)
    assert probe(seen) is None
    assert told(decided_on(seen)) == ["rollout.succeeded"]


def test_a_test_that_could_not_be_made_blames_nobody_and_is_tried_again_by_the_next_look() -> None:
    seen = ended(trial=NO_ANSWER)
    decision = decided_on(seen)
    record = after(decision)
    assert told(decision) == ["waiting"]
    assert (record.phase, record.live) == (Phase.WAITING, C1)
    assert record.versions[2].failed is None
    assert decision.unsettled
    again = replace(seen, record=record)
    assert not decided_on(again).changed
    assert told(decided_on(replace(again, trial=Seen(None).trial))) == ["rollout.succeeded"]


def test_an_alarm_that_trips_while_the_test_cannot_be_made_fails_the_version() -> None:
    seen = ended(trial=NO_ANSWER)
    alarm = placed(V2, SPEC, live_at=None).alarms[0]
    decision = decided_on(replace(seen, alarms={alarm: AlarmState.ALARM}))
    assert told(decision) == ["rollout.failed", "rollout.started"]
    assert f"its alarm tripped: {alarm}" in decision.events[0].reason


def test_a_rejection_does_not_wait_for_a_test_that_cannot_be_made() -> None:
    seen = changed(ended(trial=NO_ANSWER), 2, approval=Approval.REJECTED, modified=NOW - 1)
    decision = decided_on(seen)
    assert told(decision) == ["decision", "rollout.superseded", "rollout.started"]
    assert only(decision.actions, UpdateEndpoint).config == C1


def test_a_younger_approval_does_not_wait_for_a_test_that_cannot_be_made() -> None:
    v3 = package(3)
    seen = ended(trial=NO_ANSWER)
    seen = replace(seen, packages=(*seen.packages, v3))
    decision = decided_on(seen)
    assert told(decision) == ["decision", "rollout.superseded", "rollout.started"]
    assert after(decision).versions[2].failed is None
    started = after(decision).rollout
    assert started is not None
    assert started.version == 3


def test_an_approval_again_of_the_same_version_supersedes_nothing() -> None:
    seen = decided_as(ended(trial=NO_ANSWER), 2, renewed=NOW - 1)
    assert told(decided_on(seen)) == ["waiting"]


def test_a_sample_that_cannot_be_read_blocks_before_the_rollout_starts() -> None:
    v2 = replace(V2, sample=SAMPLE)
    seen = live_on(V1, spec=a_spec())
    decision = decided_on(replace(seen, packages=(V1, v2)))
    assert after(decision).phase is Phase.BLOCKED
    assert "v2: its sample payload cannot be read" in after(decision).reason
    readable = replace(seen, packages=(V1, v2), payloads={SAMPLE: Payload(b"1")})
    assert "rollout.started" in told(decided_on(readable))


def test_a_sample_that_is_gone_when_it_is_needed_says_nothing_of_the_version() -> None:
    seen = changed(ended(a_spec()), 2, sample=SAMPLE)
    assert "its sample payload cannot be read" in after(decided_on(seen)).reason
    assert after(decided_on(seen)).phase is Phase.WAITING


def packed(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        folder = tarfile.TarInfo("payloads")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_a_sample_is_the_first_file_of_its_archive() -> None:
    assert sample_of(packed(("payloads/a.csv", b"1,2"), ("payloads/b.csv", b"3,4"))) == b"1,2"


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (b"1,2,3", r"no \.tar\.gz"),
        (packed(("a", b"1"))[:40], "ended before the end-of-stream marker"),
        (b"", r"no \.tar\.gz: it is empty"),
        (packed(), "holds no file"),
        (packed(("a", b"0" * 1_000_001)), "has 1000001 bytes"),
    ],
    ids=["text", "cut", "empty", "nothing-in-it", "too-large"],
)
def test_what_is_no_archive_of_samples_is_told(archive: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        sample_of(archive)
