"""The story of one model, chapter by chapter; every claim is checked against the local AWS."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdas.core.ledger import Kind
from lambdas.core.names import guardrail_alarm, role_name
from lambdas.core.record import Phase
from local.aws import LocalAws
from local.demo.command import greenlight
from local.demo.narrator import Narrator
from local.demo.people import APPROVER, CLIENT, SCIENTIST, denied, session, stepped_in
from local.demo.registrations import Registrations
from local.demo.traffic import Traffic
from local.demo.watch import Watch
from local.models import CONTENT_TYPE, ModelArtifact, requests

GROUP = "tumor-screening"
_ROLLOUT = 40.0  # seconds of patience for one rollout at the demo's time scale
_SOON = 15.0
_SCALED_OUT = 3  # instances
_ENOUGH = 10  # answered requests that show an endpoint to be well


@dataclass
class Stage:
    """Everything that the chapters share; `picture` is called with a name, and a group, where the page is worth one."""

    aws: LocalAws
    narrator: Narrator
    models: dict[str, ModelArtifact]
    registrations: Registrations
    watch: Watch
    traffic: Traffic
    picture: Callable[..., None] = lambda *_, **__: None

    def decide(self, name: str, status: str, reason: str) -> None:
        """The approver decides about a version, with a reason."""
        approver = session(self.aws, APPROVER, "sagemaker", (GROUP, "approver"))
        approver.update_model_package(
            ModelPackageArn=self.registrations.arns[name],
            ModelApprovalStatus=status,
            ApprovalDescription=reason,
        )
        self.narrator.tell(f"{APPROVER.name}: {status.lower()} {name}, “{reason}”")

    def command(self, *arguments: str) -> None:
        """The approver runs `greenlight`; what it prints is part of the story.

        Raises:
            StoryError: it failed.
        """
        shown = " ".join(f'"{one}"' if " " in one else one for one in arguments)
        self.narrator.tell(f"{APPROVER.name}$ greenlight {shown}")
        me = stepped_in(self.aws, APPROVER, role_name(GROUP, "approver"))
        for line in greenlight(self.aws, me, *arguments).splitlines():
            self.narrator.quote(line)

    def register(self, name: str) -> None:
        """The data scientist registers a version."""
        self.registrations.register(name, self.models[name])
        accuracy = self.models[name].metrics["accuracy"]
        self.narrator.tell(
            f"{SCIENTIST.name}: registered {name}, accuracy {accuracy:.3f} on held-out patients"
        )

    def until_live(self, version: int) -> None:
        """Wait until this version is live and verified."""
        self.until(f"v{version} to be live and verified", lambda: self.watch.settled_on(version))

    def until(self, what: str, seek: Callable[[], Any], seconds: float = _ROLLOUT) -> None:
        """Wait for something, showing how the rollout goes."""
        self.narrator.wait(what, seek, seconds, self.watch.progress)


def stage(aws: LocalAws, narrator: Narrator, models: dict[str, ModelArtifact]) -> Stage:
    """Set the stage; the traffic is not running yet, and nobody takes pictures."""
    runtime = session(aws, CLIENT, "sagemaker-runtime")
    return Stage(
        aws=aws,
        narrator=narrator,
        models=models,
        registrations=Registrations(aws, GROUP),
        watch=Watch(aws, GROUP),
        traffic=Traffic(runtime, GROUP, CONTENT_TYPE, requests()),
    )


def tell(s: Stage) -> None:
    """Tell the whole story.

    Raises:
        StoryError: something is not as told.
    """
    a_registration_changes_nothing(s)
    the_first_approval_creates_the_endpoint(s)
    with s.traffic:
        a_better_version_takes_over_behind_a_canary(s)
        a_broken_version_is_rolled_back(s)
        rejecting_the_live_version_restores_the_last_known_good(s)
        rejecting_a_version_in_flight_aborts_it(s)
        a_broken_live_version_does_not_stop_its_own_repair(s)
    who_may_not_approve_cannot(s)
    the_ledger_tells_it_all(s)
    the_page_shows_it(s)


def a_registration_changes_nothing(s: Stage) -> None:
    """Nothing happens before somebody approves."""
    s.narrator.chapter("A data scientist registers v1: nothing happens")
    s.watch.sweep()  # the group was deployed beside the controller, whose rules may have missed its event
    s.register("v1")
    s.watch.sweep()
    s.narrator.fact(s.watch.endpoint() is None, "there is no endpoint: a registration is not an approval")


def the_first_approval_creates_the_endpoint(s: Stage) -> None:
    """The approval is the deployment."""
    s.narrator.chapter("The approver approves v1: the endpoint is created and answers")
    s.command("approve", GROUP, "1", "--reason", "sound baseline", "--yes")
    s.until_live(1)
    answer = s.traffic.runtime.invoke_endpoint(
        EndpointName=GROUP, ContentType=CONTENT_TYPE, Body=s.models["v1"].sample_request
    )
    body = json.loads(answer["Body"].read())
    s.narrator.fact(bool(body), f"the endpoint answers a real request: {json.dumps(body)[:80]}")


def a_better_version_takes_over_behind_a_canary(s: Stage) -> None:
    """A canary bakes, all traffic follows, and scaled-out capacity stays."""
    s.narrator.chapter("v2 is better: it takes over behind a canary while traffic flows")
    s.register("v2")
    s.aws.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=GROUP,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": _SCALED_OUT}],
    )
    s.until("the endpoint to be scaled out to 3 instances", lambda: s.watch.settled_on(1), _SOON)
    s.until("v2 to be compared with v1", lambda: True if s.watch.said(Kind.PENDING, 2) else None, _SOON)
    s.picture("pending", GROUP)
    s.traffic.since()
    s.command("approve", GROUP, "2", "--reason", "better on every metric", "--yes")
    s.until("the canary to bake", lambda: s.watch.baking() or s.watch.settled_on(2))
    s.picture("baking", GROUP)
    s.until_live(2)
    counts = s.traffic.since()
    s.narrator.fact(
        set(counts) == {"answered"}, f"every one of {counts.total()} requests was answered", dict(counts)
    )
    s.narrator.fact(
        s.watch.instances() == _SCALED_OUT, "the 3 instances are still 3: a rollout keeps scaled capacity"
    )


def a_broken_version_is_rolled_back(s: Stage) -> None:
    """A guardrail on the new fleet trips; the version is not tried again."""
    s.narrator.chapter("v3 is broken: its canary errors, the guardrail trips, v2 keeps serving")
    s.register("v3")
    s.decide("v3", "Approved", "looked fine offline")
    s.until("v3 to be recorded as failed", lambda: True if s.watch.said(Kind.FAILED, 3) else None)
    s.until_live(2)
    counts = s.traffic.since()
    s.narrator.tell(
        f"what clients saw of it: {counts['model error']} of {counts.total()} requests met the canary"
    )
    failed = next(line for line in s.watch.ledger() if line.kind == Kind.FAILED.value)
    s.narrator.fact("/errors" in failed.reason, f"the ledger names the guardrail: {failed.reason}")
    s.picture("failed", GROUP)
    s.watch.sweep()
    s.narrator.fact(s.watch.said(Kind.STARTED, 3) == 1, "v3 is still Approved, yet was not tried again")


def rejecting_the_live_version_restores_the_last_known_good(s: Stage) -> None:
    """One write to SageMaker brings v1 back."""
    s.narrator.chapter("v2 is rejected: v1 is back, by one call, on its kept config")
    before = s.aws.last_request()
    s.command("rollback", GROUP, "--reason", "complaints from two clinics", "--yes")
    s.until_live(1)
    writes = s.watch.sagemaker_writes(before)
    s.narrator.fact(writes == ["UpdateEndpoint"], "one write to SageMaker: UpdateEndpoint", writes)


def rejecting_a_version_in_flight_aborts_it(s: Stage) -> None:
    """The bake is the window of instant rollback."""
    s.narrator.chapter("v2 is approved again; then v4, and v4 is rejected while it bakes")
    s.decide("v2", "Approved", "complaints had another cause")
    s.until_live(2)
    s.register("v4")
    s.decide("v4", "Approved", "as good without the error measurements")
    s.until("v4 to bake", s.watch.baking)
    s.decide("v4", "Rejected", "wrong training cohort")
    s.until("v4 to be off again", lambda: True if s.watch.said(Kind.ABORTED, 4) else None)
    s.until_live(2)
    aborted = next(line for line in s.watch.ledger() if line.kind == Kind.ABORTED.value)
    seconds = aborted.data["seconds_from_rejection"]
    s.narrator.tell(
        f"traffic was back on v2 {seconds:.1f} s after the rejection (on this machine's fast clock)"
    )
    s.narrator.fact(s.watch.said(Kind.ABORT, 4) == 1, "the abort was asked for once")


def a_broken_live_version_does_not_stop_its_own_repair(s: Stage) -> None:
    """Guardrails watch the new fleet only: the live one may trip every alarm."""
    s.narrator.chapter(
        "The clinics' new device leaves a measurement out and v2 errors: its fix v5 gets through"
    )
    live = (s.watch.endpoint() or {})["EndpointConfigName"]
    s.traffic.send(requests(changed=True))
    s.traffic.since()
    alarm = guardrail_alarm(GROUP, live, "errors")
    s.until("v2's own alarm to trip", lambda: True if s.watch.alarm_state(alarm) == "ALARM" else None, _SOON)
    s.narrator.fact(s.traffic.since()["model error"] > 0, "v2 errors on the changed requests")
    s.register("v5")
    s.decide("v5", "Approved", "bears a measurement that is not reported")
    s.until("v5 to bake", s.watch.baking)
    s.narrator.fact(s.watch.alarm_state(alarm) == "ALARM", "v2's alarm is in ALARM while v5 rolls out")
    s.until_live(5)
    s.traffic.since()
    s.until("answers", lambda: True if s.traffic.answered() >= _ENOUGH else None, _SOON)
    counts = s.traffic.since()
    s.narrator.fact("model error" not in counts, "v5 answers the changed requests", dict(counts))


def who_may_not_approve_cannot(s: Stage) -> None:
    """IAM denies both ways to approve."""
    s.narrator.chapter("A data scientist tries to approve, and to register as approved: denied")
    scientist = session(s.aws, SCIENTIST, "sagemaker", (GROUP, "registrant"))
    s.narrator.fact(
        denied(
            scientist.update_model_package,
            ModelPackageArn=s.registrations.arns["v4"],
            ModelApprovalStatus="Approved",
        ),
        "UpdateModelPackage with an approval status is denied",
    )
    sneaky = s.registrations.request("v4", s.models["v4"], "Approved")
    s.narrator.fact(
        denied(scientist.create_model_package, **sneaky), "CreateModelPackage as Approved is denied"
    )
    s.narrator.fact(
        denied(session, aws=s.aws, person=SCIENTIST, service="sagemaker", group_role=(GROUP, "approver")),
        "and nobody lets her into the approver's role",
    )


def the_ledger_tells_it_all(s: Stage) -> None:
    """Who, what, when, why, outcome; and nobody has touched it since."""
    s.narrator.chapter("The ledger: who, what, when, why, outcome")
    lines = s.watch.ledger()
    rows = [[str(line.seq), line.kind, _who(line.data), line.reason] for line in lines]
    s.narrator.table(f"Ledger of {GROUP}", ["#", "what", "who", "why, outcome"], rows)
    s.command("history", GROUP, "--verify")
    s.narrator.fact(s.watch.broken_entry() is None, f"the hash chain over all {len(lines)} entries holds")
    record = s.watch.record()
    settled = record is not None and record.phase is Phase.SETTLED
    s.narrator.fact(settled, "the group is settled", record.phase if record else None)


def the_page_shows_it(s: Stage) -> None:
    """What is live, since when, and who decided, for whoever only looks."""
    s.narrator.chapter("The page: a CloudWatch dashboard's widget shows all groups, and each one's history")
    row = s.watch.page_row()
    s.narrator.tell(row)
    s.narrator.fact("v5" in row and "Settled" in row, "the page shows v5 live and the group settled", row)
    s.picture("overview")
    s.picture("group", GROUP)
    s.picture("group-dark", GROUP, theme="dark")


def _who(data: dict[str, Any]) -> str:
    identity = data.get("by") or data.get("approved_by") or ""
    return str(identity).rsplit("/", maxsplit=1)[-1]
