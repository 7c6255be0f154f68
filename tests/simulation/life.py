"""What people do to one group, and what is known of it: the truth that invariants and oracle are held to."""

import json
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from lambdas.adapters.store import Store
from lambdas.core.names import abort_alarm, act_parameter, parameter_name
from lambdas.core.record import Record, record_from_json
from lambdas.core.spec import (
    Autoscaling,
    EndpointMode,
    EndpointSpec,
    GroupSpec,
    GuardrailSpec,
    RolloutSpec,
    SmokeTest,
    Strategy,
    Withdrawal,
    spec_to_json,
)
from local.sagemaker.service import Caller, Switches
from tests.simulation.aws.account import ACCOUNT, LEDGER_TABLE, STATE_TABLE, Aws
from tests.simulation.aws.inference import DOES_NOT_START, ERRS, SOUND
from tests.simulation.fate import Fate, Luck, Rates
from tests.simulation.functions import caller
from tests.simulation.world import World, by_seed

GROUP = "churn"
NO_CAPACITY = "ml.p5.48xlarge"


def person(role: str, name: str) -> Caller:
    """Somebody in a session of a group's role."""
    return Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}", ACCOUNT, f"AROA:{name}")


ANN, ROB, EVE = (
    person(f"{GROUP}-approver", "ann"),
    person(f"{GROUP}-registrant", "rob"),
    person("platform-admins", "eve"),
)


@dataclass
class Known:
    """What was done to a version; `at` in epoch seconds.

    `contents`: what an approver approved, by artifact; `approved`: whole. `by_intruder`: its approval stands by
    somebody who may not. `own`: who approves it wrote its content. `is_anns`: the approver registered it herself, by
    another spelling of her name.
    """

    number: int
    kind: str
    uri: str
    approved_at: float | None = None
    rejected_at: float | None = None
    contents: set[str] = field(default_factory=set)
    approved: set[str] = field(default_factory=set)
    own: bool = False
    is_anns: bool = False
    by_intruder: bool = False
    tampered: bool = False
    before_us: bool = False
    doubtful: bool = False


@dataclass
class Life:
    """One group, its people, and their world."""

    world: World
    spec: GroupSpec
    versions: dict[int, Known] = field(default_factory=dict)
    unordered: bool = False  # only a lost event could tell when an approval was
    hands_off: bool = False  # a pause held aborts
    answered: bool = False  # AWS was made to refuse something
    doubtful: bool = False  # AWS may fail any version by its own content
    not_its_own: set[str] = field(default_factory=set)  # AWS's words that may fail no version
    told: list[tuple[int, str, str, str]] = field(
        default_factory=list
    )  # status writes: version, status, who, why
    pauses: int = 0
    retrainings: int = 0

    @classmethod
    def peaceful(cls) -> "Life":
        """Nothing goes wrong."""
        return cls.by_seed(0, Rates(), Switches())

    @classmethod
    def by_seed(
        cls,
        seed: int,
        rates: Rates,
        switches: Switches,
        *,
        lag: float = 0.0,
        most: int = 1,
        literal: bool = False,
        **spec: Any,
    ) -> "Life":
        """Everything that is left to chance is by this seed."""
        chance, choose = by_seed(seed)
        luck = Luck(rates, random.Random(chance.random()))  # noqa: S311 - not a secret
        fate: Fate = luck
        aws = Aws(switches, lag=lag, fate=fate, literal=literal)
        return cls(World(aws, choose, most=most, luck=luck), a_spec(**spec))

    @property
    def aws(self) -> Aws:
        """The account."""
        return self.world.aws

    # --- what is there ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The group's stack: package group, abort alarm, spec."""
        self._call(caller("deployer"), "sagemaker", "create_model_package_group", ModelPackageGroupName=GROUP)
        self.aws.alarms.make(abort_alarm(GROUP))
        self.write_spec()

    def write_spec(self) -> None:
        """Deploy the spec as it is now."""
        self.aws.parameters.put(parameter_name(GROUP), spec_to_json(self.spec), "deployer")

    def record(self) -> Record:
        """As last committed."""
        (item,) = [i for i in self.aws.tables.items(STATE_TABLE) if i["group"]["S"] == GROUP]
        return record_from_json(item["body"]["S"])

    def stored(self) -> Record:
        """As last committed, with what stands beside its body."""
        store = Store(self.aws.clients("person", EVE).dynamodb, STATE_TABLE, LEDGER_TABLE)
        found = store.load(GROUP)
        assert found is not None
        return found

    def has_record(self) -> bool:
        """Whether the group was ever looked at."""
        return any(i["group"]["S"] == GROUP for i in self.aws.tables.items(STATE_TABLE))

    def live(self) -> int | None:
        """The version that the endpoint serves, by the artifact that runs."""
        found = self.endpoint()
        if found is None or found["EndpointStatus"] != "InService":
            return None
        return self.version_behind(found["EndpointConfigName"])

    def version_behind(self, config: str) -> int | None:
        """The version whose artifact a config runs."""
        uri = self.uri_behind(config)
        return next((v.number for v in self.versions.values() if v.uri == uri or uri in v.contents), None)

    def uri_behind(self, config: str) -> str | None:
        """The artifact that a config runs; None: it is not there."""
        state = self.aws.sagemaker._account.state
        found = state.configs.get(config.lower())
        model = (
            state.models.get(found.fields["ProductionVariants"][0]["ModelName"].lower()) if found else None
        )
        return model.containers[0].model_data_url if model else None

    def content_behind(self, config: str) -> str:
        """All that a config runs, as text."""
        state = self.aws.sagemaker._account.state
        model = state.models[
            state.configs[config.lower()].fields["ProductionVariants"][0]["ModelName"].lower()
        ]
        return _content(model.containers[0].model_data_url, model.containers[0].environment)

    def endpoint(self) -> dict[str, Any] | None:
        """As DescribeEndpoint has it."""
        if GROUP not in self.aws.endpoint_names():
            return None
        return dict(self._call(EVE, "sagemaker", "describe_endpoint", EndpointName=GROUP))

    def package(self, number: int) -> dict[str, Any] | None:
        """As DescribeModelPackage has it; None: it left the registry."""
        found = self.aws.sagemaker._account.state.packages.get(self.arn(number).lower())
        return found.fields if found else None

    def arn(self, number: int) -> str:
        """Of a version."""
        return f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/{GROUP}/{number}"

    def is_approved(self, number: int) -> bool:
        """In the registry, now."""
        found = self.package(number)
        return found is not None and found["ModelApprovalStatus"] == "Approved"

    # --- what people do -----------------------------------------------------------------------------------------

    def register(
        self, kind: str = SOUND, baseline: str | None = "its-own", by: Caller = ROB, **more: Any
    ) -> int:
        """A new version, pending; its package is complete when this returns."""
        number = self.put_in(kind, baseline, by, **more)
        self.aws.advance_to(self.aws.clock.now() + 4)
        return number

    def put_in(
        self, kind: str = SOUND, baseline: str | None = "its-own", by: Caller = ROB, **more: Any
    ) -> int:
        """Register a version and return at once; in a group that is monitored with a baseline, unless it is None."""
        number = max(self.versions, default=0) + 1
        uri = f"s3://models/{GROUP}/{number}.tar.gz"
        self.aws.kinds[uri] = kind
        if self.spec.monitoring is not None and baseline is not None:
            more = {**more, "DriftCheckBaselines": {"ModelDataQuality": _baseline(number, baseline)}}
        if self.spec.gates.metrics and "ModelMetrics" not in more:
            report = f"s3://models/{GROUP}/{number}.json"
            self.aws.objects[report] = json.dumps(
                {gate.name: 0.5 for gate in self.spec.gates.metrics}
            ).encode()
            more = {**more, "ModelMetrics": model_metrics(report)}
        self._call(
            by,
            "sagemaker",
            "create_model_package",
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification=_specification(uri),
            **more,
        )
        self.versions[number] = Known(number, kind, uri, doubtful=self.doubtful)
        return number

    def release(self, kind: str = SOUND) -> int:
        """Registered, and approved."""
        number = self.register(kind)
        self.decide(number, "Approved")
        return number

    def decide(self, number: int, status: str, by: Caller = ANN, reason: str | None = None) -> None:
        """Write a status, and why."""
        why = {} if reason is None else {"ApprovalDescription": reason}
        self._call(
            by,
            "sagemaker",
            "update_model_package",
            ModelPackageArn=self.arn(number),
            ModelApprovalStatus=status,
            **why,
        )
        known, now = self.versions[number], self.aws.clock.now()
        if status == "Approved" and by is ANN:
            known.approved_at, known.by_intruder, known.before_us = now, known.is_anns, False
            if not known.own:
                known.contents.add(self._uri(number))
                known.approved.add(self._content(number))
                known.tampered = False
        elif status == "Approved":
            known.by_intruder = True
        else:
            known.rejected_at = now

    def annotate(self, number: int) -> None:
        """The registrant notes something: an event that says Approved, and is no approval."""
        self._call(
            ROB,
            "sagemaker",
            "update_model_package",
            ModelPackageArn=self.arn(number),
            CustomerMetadataProperties={"note": str(self.aws.clock.now())},
        )

    def tamper(self, number: int) -> None:
        """The registrant changes the content of an approved version."""
        uri = f"s3://models/{GROUP}/{number}-evil-{self.aws.clock.now():.0f}.tar.gz"
        self._call(
            ROB,
            "sagemaker",
            "update_model_package",
            ModelPackageArn=self.arn(number),
            InferenceSpecification=_specification(uri),
        )
        self.versions[number].tampered, self.versions[number].own = True, False

    def slip_in(self, number: int) -> None:
        """The registrant adds to the content of an approved version what was not there."""
        more = {"SAGEMAKER_SUBMIT_DIRECTORY": f"s3://evil/{self.aws.clock.now():.0f}.tar.gz"}
        self._call(
            ROB,
            "sagemaker",
            "update_model_package",
            ModelPackageArn=self.arn(number),
            InferenceSpecification=_specification(self._uri(number), more),
        )
        self.versions[number].tampered, self.versions[number].own = True, False

    def decide_on_own(self, number: int, status: str) -> None:
        """The approver writes a status and content in one call."""
        uri = f"s3://models/{GROUP}/{number}-own-{self.aws.clock.now():.0f}.tar.gz"
        self._call(
            ANN,
            "sagemaker",
            "update_model_package",
            ModelPackageArn=self.arn(number),
            ModelApprovalStatus=status,
            InferenceSpecification=_specification(uri),
        )
        known = self.versions[number]
        known.tampered, known.own = True, True
        if status != "Approved":
            known.rejected_at = self.aws.clock.now()

    def delete(self, number: int) -> None:
        """A version leaves the registry."""
        self._call(EVE, "sagemaker", "delete_model_package", ModelPackageName=self.arn(number))

    def endpoint_mode(self) -> EndpointMode:
        """How the endpoint is served."""
        found = self.endpoint() or {}
        if found.get("AsyncInferenceConfig"):
            return EndpointMode.ASYNCHRONOUS
        variants = found.get("ProductionVariants", ())
        serverless = any("CurrentServerlessConfig" in one for one in variants)
        return EndpointMode.SERVERLESS if serverless else EndpointMode.REAL_TIME

    def respec(self, **endpoint: Any) -> None:
        """The group's endpoint is to be another."""
        self.spec = replace(self.spec, endpoint=replace(self.spec.endpoint, **endpoint))
        if not self.has_record():  # the first look will find the spec younger than these approvals
            for known in self.versions.values():
                known.before_us = known.before_us or self.is_approved(known.number)
        self.write_spec()

    def pause(self, *, rollbacks: bool = True) -> None:
        """Somebody pauses the group."""
        self.pauses += 1
        self.hands_off = self.hands_off or not rollbacks
        text = f'{{"reason": "pause {self.pauses}", "rollbacks": {str(rollbacks).lower()}}}'
        self.aws.parameters.put(act_parameter(GROUP, "pause"), text, ANN.arn)

    def resume(self) -> None:
        """The pause ends."""
        self.aws.parameters.delete(act_parameter(GROUP, "pause"))

    def retry(self, number: int) -> None:
        """Somebody asks for another try."""
        text = f'{{"version": {number}, "reason": "once more"}}'
        self.aws.parameters.put(act_parameter(GROUP, "retry"), text, ANN.arn)

    def ask_to_retrain(self) -> None:
        """Somebody asks for a run of the group's pipeline."""
        self.retrainings += 1
        text = f'{{"reason": "season {self.retrainings}"}}'
        self.aws.parameters.put(act_parameter(GROUP, "retrain"), text, ANN.arn)

    def turn_bad(self, number: int) -> None:
        """A version begins to err in production."""
        known = self.versions[number]
        if known.kind == SOUND:
            known.kind, known.doubtful = ERRS, True
            self.aws.kinds[known.uri] = ERRS

    def autoscale(self) -> None:
        """Autoscaling changes the endpoint's capacity, if it may now."""
        found = self.endpoint()
        if found is None or found["EndpointStatus"] != "InService":
            return
        with suppress(ClientError):  # the quota may be used up
            self._call(
                EVE,
                "sagemaker",
                "update_endpoint_weights_and_capacities",
                EndpointName=GROUP,
                DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}],
            )

    def _uri(self, number: int) -> str:
        found = self.package(number)
        assert found is not None
        return str(found["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])

    def _content(self, number: int) -> str:
        container = self.package(number)["InferenceSpecification"]["Containers"][0]  # type: ignore[index] # it is there
        return _content(container["ModelDataUrl"], container.get("Environment", {}))

    def _call(self, by: Caller, service: str, method: str, **request: Any) -> Any:
        clients = self.aws.clients("person", by)
        answer = getattr(getattr(clients, service), method)(**request)
        if method == "update_model_package" and "ModelApprovalStatus" in request:
            number, why = (
                int(request["ModelPackageArn"].rpartition("/")[2]),
                request.get("ApprovalDescription", ""),
            )
            self.told.append((number, request["ModelApprovalStatus"], by.arn, why))
        return answer


def a_spec(**changes: Any) -> GroupSpec:
    """A group's spec with a guardrail, short waits and everything that is asked by default."""
    whole: dict[str, Any] = {
        "name": GROUP,
        "endpoint": EndpointSpec(GROUP, "ml.m5.large"),
        "execution_role": f"arn:aws:iam::{ACCOUNT}:role/greenlight/{GROUP}-endpoint",
        "artifacts": ("s3://models",),
        "rollout": RolloutSpec(Strategy.ALL_AT_ONCE, bake_seconds=180, termination_wait_seconds=0),
        "guardrails": GuardrailSpec(error_rate=0.05),
        "probation_minutes": 0,
        "retain_versions": 1,
        "withdrawal": Withdrawal.KEEP,
        **changes,
    }
    return GroupSpec(**whole)


def model_metrics(report: str) -> dict[str, Any]:
    """The member of a version whose evaluation report lies there."""
    return {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": report}}}


def _baseline(number: int, name: str) -> dict[str, Any]:
    files = {"Statistics": "statistics", "Constraints": "constraints"}
    return {
        member: {
            "ContentType": "application/json",
            "S3Uri": f"s3://models/{GROUP}/{number}/{name}/{file}.json",
        }
        for member, file in files.items()
    }


def _content(uri: str | None, environment: Mapping[str, str]) -> str:
    return f"{uri} {sorted(environment.items())}"


def _specification(uri: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    container: dict[str, Any] = {
        "Image": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/scorer:1",
        "ModelDataUrl": uri,
    }
    return {
        "Containers": [container | ({"Environment": environment} if environment else {})],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }


SMOKE_TEST = SmokeTest(payload="1", answer='{"type":"number"}')
SCALING = Autoscaling(1, 4, 500)
KINDS = (SOUND, SOUND, SOUND, SOUND, ERRS, DOES_NOT_START)
