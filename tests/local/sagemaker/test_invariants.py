"""Whatever is called in whatever order, the model stays consistent."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from local.sagemaker.service import SageMakerError
from tests.local.sagemaker.world import Sim, blue_green, rolling, variant

CONFIGS = ["one", "two", "three"]
BUSY = {"Creating", "Updating", "RollingBack", "Deleting"}
SERVING = {"InService", "Updating", "RollingBack", "UpdateRollbackFailed"}
NEXT = {  # which statuses may follow which
    "Creating": {"InService", "Failed"},
    "InService": {"Updating", "Deleting"},
    "Updating": {"InService", "RollingBack"},
    "RollingBack": {"InService", "UpdateRollbackFailed"},
    "UpdateRollbackFailed": {"Updating", "Deleting"},
    "Failed": {"Deleting"},
    "Deleting": {"Creating"},  # of the next endpoint of that name
}
POLICIES: list[dict[str, Any]] = [
    {},
    {"DeploymentConfig": blue_green(alarms=("errors",))},
    {"DeploymentConfig": blue_green("CANARY", alarms=("errors",), TerminationWaitInSeconds=30)},
    {"DeploymentConfig": blue_green("LINEAR", alarms=("errors",), MaximumExecutionTimeoutInSeconds=600)},
    {"DeploymentConfig": rolling(percent=25, alarms=("errors",))},
    {"RetainDeploymentConfig": True, "RetainAllVariantProperties": True},
]


class Endpoints(RuleBasedStateMachine):
    """Random calls, faults, alarms and waits; most of the calls are refused."""

    def __init__(self) -> None:
        super().__init__()
        self.aws = Sim()
        self.aws.world.alarms["errors"] = "OK"
        for name in CONFIGS:
            self.make_config(name)
        self.call("CreateEndpoint", EndpointName="fraud", EndpointConfigName="one")
        self.aws.settle()

    def call(self, operation: str, **request: Any) -> None:
        """A call that may be refused, with an error of the API's."""
        try:
            self.aws(operation, **request)
        except SageMakerError as error:
            if error.code not in {"ValidationException", "ResourceLimitExceeded"}:
                raise

    def make_config(self, name: str) -> None:
        """A model and a configuration with two variants."""
        self.call("CreateModel", ModelName=name, PrimaryContainer={"Image": f"image:{name}"})
        variants = [variant(name, 4, "main")]
        if name == "three":
            variants.append(variant(name, 1, "side", 0.5))
        self.call("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=variants)

    @rule(config=st.sampled_from(CONFIGS))
    def create(self, config: str) -> None:
        """CreateEndpoint."""
        self.call("CreateEndpoint", EndpointName="fraud", EndpointConfigName=config)

    @rule(config=st.sampled_from(CONFIGS), more=st.sampled_from(POLICIES))
    def update(self, config: str, more: dict[str, Any]) -> None:
        """UpdateEndpoint."""
        self.call("UpdateEndpoint", EndpointName="fraud", EndpointConfigName=config, **more)

    @rule(count=st.integers(0, 6), weight=st.sampled_from([0.0, 1.0, 2.5]))
    def scale(self, count: int, weight: float) -> None:
        """UpdateEndpointWeightsAndCapacities."""
        change = {"VariantName": "main", "DesiredInstanceCount": count, "DesiredWeight": weight}
        self.call(
            "UpdateEndpointWeightsAndCapacities", EndpointName="fraud", DesiredWeightsAndCapacities=[change]
        )

    @rule()
    def delete(self) -> None:
        """DeleteEndpoint."""
        self.call("DeleteEndpoint", EndpointName="fraud")

    @rule(config=st.sampled_from(CONFIGS), again=st.booleans())
    def delete_config(self, config: str, *, again: bool) -> None:
        """DeleteEndpointConfig, and sometimes its rebirth."""
        self.call("DeleteEndpointConfig", EndpointConfigName=config)
        if again:
            self.make_config(config)

    @rule(state=st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"]))
    def alarm(self, state: str) -> None:
        """The alarm changes."""
        self.aws.world.alarms["errors"] = state

    @rule(image=st.sampled_from([None, *CONFIGS]))
    def break_image(self, image: str | None) -> None:
        """The containers of a model do not start from now on."""
        self.aws.world.broken_images = {f"image:{image}": "ping"}

    @rule(full=st.booleans(), quota=st.sampled_from([None, 9]))
    def limit(self, quota: int | None, *, full: bool) -> None:
        """AWS runs out of instances, or the account may not have them."""
        faults = self.aws.sagemaker.faults
        faults.no_capacity = {"ml.m5.large"} if full else set()
        faults.quota = {"ml.m5.large": quota} if quota else {}

    @rule(fails=st.booleans())
    def break_rollbacks(self, *, fails: bool) -> None:
        """Rollbacks fail from now on."""
        self.aws.sagemaker.faults.rollback_fails = {"fraud"} if fails else set()

    @rule(config=st.sampled_from(CONFIGS), more=st.sampled_from(POLICIES), seconds=st.integers(0, 700))
    def trip(self, config: str, more: dict[str, Any], seconds: int) -> None:
        """A rollout whose alarm trips somewhere on its way."""
        self.aws.world.alarms["errors"] = "OK"
        self.call("UpdateEndpoint", EndpointName="fraud", EndpointConfigName=config, **more)
        self.aws.wait(seconds)
        self.aws.world.alarms["errors"] = "ALARM"

    @rule()
    def rest(self) -> None:
        """All that is under way comes to its end."""
        self.aws.settle()

    @rule()
    def no_faults(self) -> None:
        """All works again."""
        self.aws.world.broken_images = {}
        faults = self.aws.sagemaker.faults
        faults.no_capacity, faults.rollback_fails, faults.quota = set(), set(), {}

    @rule(seconds=st.sampled_from([1, 7, 60, 185, 400, 5000]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.aws.wait(seconds)

    @rule(seconds=st.sampled_from([100, 1000]))
    def leap(self, seconds: int) -> None:
        """Time passes unattended."""
        self.aws.clock.advance(seconds)

    @invariant()
    def something_serves_exactly_while_it_should(self) -> None:
        """Traffic is whole, and goes only to fleets that run."""
        endpoints = self.aws("ListEndpoints")["Endpoints"]
        if not endpoints or endpoints[0]["EndpointStatus"] not in SERVING:
            return
        shares = self.aws.sagemaker.route("fraud", None)
        assert math.isclose(sum(share for _, share in shares), 1.0)
        assert all(share > 0 and fleet.id in self.aws.world.running for fleet, share in shares)

    @invariant()
    def a_status_follows_only_what_it_may_follow(self) -> None:
        """Events tell a possible life."""
        words = {
            "".join(f"_{c}" if c.isupper() else c.upper() for c in status).strip("_"): status
            for status in NEXT
        }
        told = [words[detail["EndpointStatus"]] for detail in self.aws.world.details("Endpoint")]
        for before, after in pairwise(told):
            assert after in NEXT[before], told

    @invariant()
    def what_is_under_way_shows_and_ends(self) -> None:
        """Busy exactly while something is due; nothing runs without an endpoint."""
        endpoints = self.aws("ListEndpoints")["Endpoints"]
        busy = bool(endpoints) and endpoints[0]["EndpointStatus"] in BUSY
        assert busy == (self.aws.sagemaker.next_change_at() is not None)
        if not endpoints:
            assert not self.aws.world.running

    @invariant()
    def in_service_runs_one_configuration_only(self) -> None:
        """No fleet is left over."""
        endpoints = self.aws("ListEndpoints")["Endpoints"]
        if endpoints and endpoints[0]["EndpointStatus"] == "InService":
            config = self.aws.describe()["EndpointConfigName"]
            assert {fleet.config for fleet in self.aws.world.running.values()} == {config}

    def teardown(self) -> None:
        """Left alone, everything comes to rest."""
        self.aws.settle()
        assert self.aws.sagemaker.next_change_at() is None


TestEndpoints = Endpoints.TestCase
TestEndpoints.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
