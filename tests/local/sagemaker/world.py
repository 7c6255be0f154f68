"""A SageMaker on a virtual clock, with a world that does as it is told; and what tests say often."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from local.sagemaker.clock import VirtualClock
from local.sagemaker.service import Caller, Faults, SageMaker, SageMakerError, Switches, Timings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.sagemaker.ports import Fleet, MonitoringRun, PipelineRun

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/serve"
ANN = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/approver/ann", ACCOUNT, "AROA:ann", "ann@example.com")
BEN = Caller(f"arn:aws:iam::{ACCOUNT}:user/ben", ACCOUNT, "AIDABEN")
START = 1_800_000_000.0


class TestWorld:
    """The rest of AWS: everything is there and works, unless a test says otherwise."""

    __test__ = False

    def __init__(self) -> None:
        self.events: list[tuple[str, list[str], dict[str, Any]]] = []
        self.alarms: dict[str, str] = {}
        self.missing_objects: set[str] = set()
        self.bad_roles: set[str] = set()
        self.broken_images: dict[str, str] = {}
        self.running: dict[str, Fleet] = {}
        self.started = 0
        self.pipelines: list[PipelineRun] = []
        self.stopped: list[str] = []
        self.inspections: list[MonitoringRun] = []

    def run_pipeline(self, run: PipelineRun) -> None:
        """Keep what begins."""
        self.pipelines.append(run)

    def stop_pipeline(self, arn: str) -> None:
        """Keep what is left off."""
        self.stopped.append(arn)

    def inspect(self, run: MonitoringRun) -> None:
        """Keep what begins."""
        self.inspections.append(run)

    def emit(self, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
        """Keep an event."""
        self.events.append((detail_type, resources, detail))

    def alarm_state(self, name: str) -> str | None:
        """As set."""
        return self.alarms.get(name)

    def object_exists(self, s3_uri: str) -> bool:
        """Unless said to be missing."""
        return s3_uri not in self.missing_objects

    def role_assumable(self, role_arn: str) -> bool:
        """Unless said to be bad."""
        return role_arn not in self.bad_roles

    def start_fleet(self, fleet: Fleet) -> str | None:
        """It runs, unless its image is broken."""
        self.started += 1
        if problem := self.broken_images.get(fleet.containers[0].image):
            return problem
        self.running[fleet.id] = fleet
        return None

    def stop_fleet(self, fleet: Fleet) -> None:
        """It must have run."""
        del self.running[fleet.id]

    def details(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind: Endpoint, Endpoint Deployment or Model Package."""
        return [detail for name, _, detail in self.events if name == f"SageMaker {kind} State Change"]


class Sim:
    """A SageMaker, its clock and its world."""

    def __init__(self, switches: Switches | None = None, timings: Timings | None = None) -> None:
        self.clock = VirtualClock(START)
        self.world = TestWorld()
        self.sagemaker = SageMaker(
            account=ACCOUNT,
            region="us-east-1",
            clock=self.clock,
            world=self.world,
            switches=switches,
            faults=Faults(),
            timings=timings,
        )

    def __call__(self, operation: str, *, by: Caller = BEN, **request: Any) -> dict[str, Any]:
        """Call an operation."""
        return self.sagemaker.call(operation, request, by)

    def refused(self, operation: str, **request: Any) -> SageMakerError:
        """The error that a call ends with."""
        with pytest.raises(SageMakerError) as caught:
            self(operation, **request)
        return caught.value

    def wait(self, seconds: float) -> None:
        """Let time pass, everything happening when it is due."""
        end = self.clock.now() + seconds
        while (at := self.sagemaker.next_change_at()) is not None and at <= end:
            self.clock.advance(max(0.0, at - self.clock.now()))
            self.sagemaker.tick()
        self.clock.advance(end - self.clock.now())
        self.sagemaker.tick()

    def settle(self) -> None:
        """Let time pass until nothing is under way."""
        for _ in self.changes():
            pass

    def wait_for(self, status: str, name: str = "fraud") -> dict[str, Any]:
        """Let time pass until a variant of the pending deployment has this VariantStatus; the summary."""
        for _ in chain([None], self.changes()):
            pending = self("DescribeEndpoint", EndpointName=name).get("PendingDeploymentSummary")
            if pending and pending["ProductionVariants"][0]["VariantStatus"][0]["Status"] == status:
                return dict(pending)
        raise AssertionError(f"endpoint {name} never was {status}")

    def changes(self) -> Iterator[None]:
        """Let time pass from one change to the next."""
        while (at := self.sagemaker.next_change_at()) is not None:
            self.clock.advance(max(0.0, at - self.clock.now()))
            self.sagemaker.tick()
            yield

    def group(self, name: str = "fraud", **more: Any) -> str:
        """Make a group; its ARN."""
        return str(
            self("CreateModelPackageGroup", ModelPackageGroupName=name, **more)["ModelPackageGroupArn"]
        )

    def version(
        self, group: str = "fraud", *, status: str = "Approved", image: str = "image:1", **more: Any
    ) -> str:
        """Register a version and let it complete; its ARN."""
        made = self(
            "CreateModelPackage",
            ModelPackageGroupName=group,
            ModelApprovalStatus=status,
            InferenceSpecification=specification(image),
            **more,
        )
        self.wait(5)
        return str(made["ModelPackageArn"])

    def config(self, name: str, *, image: str | None = None, instances: int = 2, **more: Any) -> None:
        """Make a model and an endpoint configuration of this name with one variant, "main"."""
        self(
            "CreateModel",
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={
                "Image": image or f"image:{name}",
                "ModelDataUrl": f"s3://models/{name}.tar.gz",
            },
        )
        self(
            "CreateEndpointConfig",
            EndpointConfigName=name,
            ProductionVariants=[variant(name, instances)],
            **more,
        )

    def endpoint(self, config: str = "one", *, instances: int = 2, **more: Any) -> None:
        """Make the endpoint "fraud", in service."""
        self.config(config, instances=instances)
        self("CreateEndpoint", EndpointName="fraud", EndpointConfigName=config, **more)
        self.settle()

    def update(self, config: str, **more: Any) -> None:
        """Update the endpoint "fraud"."""
        self("UpdateEndpoint", EndpointName="fraud", EndpointConfigName=config, **more)

    def describe(self) -> dict[str, Any]:
        """The endpoint "fraud"."""
        return self("DescribeEndpoint", EndpointName="fraud")

    def traffic(self) -> dict[str, float]:
        """Each configuration's share of the traffic of the endpoint "fraud"."""
        shares: dict[str, float] = {}
        for fleet, share in self.sagemaker.route("fraud", None):
            shares[fleet.config] = shares.get(fleet.config, 0.0) + share
        return shares


def specification(image: str = "image:1") -> dict[str, Any]:
    """An InferenceSpecification with one container."""
    return {
        "Containers": [
            {"Image": image, "ModelDataUrl": "s3://models/model.tar.gz", "Environment": {"A": "1"}}
        ],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }


def variant(model: str, instances: int = 2, name: str = "main", weight: float = 1.0) -> dict[str, Any]:
    """A production variant."""
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": instances,
        "InitialVariantWeight": weight,
    }


def blue_green(
    kind: str = "ALL_AT_ONCE", *, wait: int = 60, alarms: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    """A DeploymentConfig."""
    routing: dict[str, Any] = {"Type": kind, "WaitIntervalInSeconds": wait}
    size = {"Type": "CAPACITY_PERCENT", "Value": 50 if kind == "CANARY" else 25}
    routing |= {"CANARY": {"CanarySize": size}, "LINEAR": {"LinearStepSize": size}}.get(kind, {})
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **more}} | watched(alarms)


def rolling(
    *, percent: int = 50, wait: int = 60, alarms: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    """A DeploymentConfig."""
    size = {"Type": "CAPACITY_PERCENT", "Value": percent}
    policy = {"MaximumBatchSize": size, "WaitIntervalInSeconds": wait, **more}
    return {"RollingUpdatePolicy": policy} | watched(alarms)


def watched(alarms: tuple[str, ...]) -> dict[str, Any]:
    """The part of a DeploymentConfig that names alarms."""
    if not alarms:
        return {}
    return {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}}
