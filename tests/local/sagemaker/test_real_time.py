"""With a clock that runs by itself: containers start in `tick` only, and nobody waits for them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from local.sagemaker.clock import VirtualClock, WallClock
from local.sagemaker.service import SageMaker, SageMakerError
from tests.local.sagemaker.world import ACCOUNT, BEN, TestWorld, variant

if TYPE_CHECKING:
    from local.sagemaker.ports import Fleet

FAST = 100_000.0  # AWS seconds per wall second: what takes minutes is over in milliseconds


class SlowWorld(TestWorld):
    """A world in which a container starts when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.starting = threading.Event()
        self.go = threading.Event()

    def start_fleet(self, fleet: Fleet) -> str | None:
        """Wait for the test."""
        self.starting.set()
        assert self.go.wait(5)
        return super().start_fleet(fleet)


def with_endpoint_to_start(world: TestWorld) -> SageMaker:
    """A SageMaker in real time with an endpoint whose containers are about to start."""
    sagemaker = SageMaker(
        account=ACCOUNT, region="us-east-1", clock=WallClock(FAST), world=world, real_time=True
    )
    sagemaker.call("CreateModel", {"ModelName": "m", "PrimaryContainer": {"Image": "i"}}, BEN)
    config = {"EndpointConfigName": "c", "ProductionVariants": [variant("m")]}
    sagemaker.call("CreateEndpointConfig", config, BEN)
    sagemaker.call("CreateEndpoint", {"EndpointName": "fraud", "EndpointConfigName": "c"}, BEN)
    return sagemaker


def status(sagemaker: SageMaker) -> str:
    """The endpoint's status."""
    return str(sagemaker.call("DescribeEndpoint", {"EndpointName": "fraud"}, BEN)["EndpointStatus"])


def test_calls_never_wait_for_a_container_that_starts() -> None:
    world = SlowWorld()
    sagemaker = with_endpoint_to_start(world)

    def beat() -> None:
        while not world.starting.is_set():
            sagemaker.tick()

    heart = threading.Thread(target=beat)
    heart.start()
    assert world.starting.wait(5)
    assert status(sagemaker) == "Creating"
    assert sagemaker.next_change_at() is None  # nothing to do until it has started
    sagemaker.tick()  # another thread's tick does not start it twice
    world.go.set()
    heart.join(5)
    while status(sagemaker) == "Creating":
        sagemaker.tick()
    assert status(sagemaker) == "InService"
    assert world.started == 1


def test_calls_alone_start_no_container() -> None:
    world = TestWorld()
    sagemaker = with_endpoint_to_start(world)
    while (due := sagemaker.next_change_at()) is not None and due > WallClock().now():
        pass
    assert status(sagemaker) == "Creating"
    assert world.started == 0


def test_a_world_that_breaks_while_starting_fails_the_endpoint_and_is_heard() -> None:
    class Broken(TestWorld):
        def start_fleet(self, fleet: Fleet) -> str | None:
            raise OSError(f"no process for {fleet.id}")

    world = Broken()
    sagemaker = with_endpoint_to_start(world)

    def tick_until_it_breaks() -> None:
        while status(sagemaker) == "Creating":
            sagemaker.tick()

    with pytest.raises(OSError, match="no process"):
        tick_until_it_breaks()
    assert status(sagemaker) == "Failed"


def test_events_arrive_in_order_from_many_threads_and_may_call_back() -> None:
    class Curious(TestWorld):
        def emit(self, detail_type: str, resources: list[str], detail: dict[str, object]) -> None:
            """Ask SageMaker something, as a function that an event starts does."""
            sagemaker.call("ListModelPackageGroups", {}, BEN)
            super().emit(detail_type, resources, detail)

    world = Curious()
    sagemaker = SageMaker(account=ACCOUNT, region="us-east-1", clock=WallClock(), world=world, real_time=True)
    sagemaker.call("CreateModelPackageGroup", {"ModelPackageGroupName": "fraud"}, BEN)

    def register() -> None:
        for _ in range(25):
            sagemaker.call("CreateModelPackage", {"ModelPackageGroupName": "fraud"}, BEN)

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [
        detail["ModelPackageVersion"]
        for _, _, detail in world.events
        if detail["ModelPackageStatus"] == "Pending"
    ]
    assert told == list(range(1, 101))


def test_clocks_refuse_what_is_no_time() -> None:
    with pytest.raises(ValueError, match="positive"):
        WallClock(0)
    with pytest.raises(ValueError, match="backwards"):
        VirtualClock(0).advance(-1)
    assert (VirtualClock(5).scale(), WallClock(60).scale()) == (1.0, 60)


def test_the_scale_shortens_waits_and_leaves_timestamps() -> None:
    class Scaled(VirtualClock):
        def scale(self) -> float:
            return 60.0

    clock = Scaled(1_800_000_000)
    sagemaker = SageMaker(account=ACCOUNT, region="us-east-1", clock=clock, world=TestWorld())
    sagemaker.call("CreateModel", {"ModelName": "m", "PrimaryContainer": {"Image": "i"}}, BEN)
    config = {"EndpointConfigName": "c", "ProductionVariants": [variant("m")]}
    sagemaker.call("CreateEndpointConfig", config, BEN)
    sagemaker.call("CreateEndpoint", {"EndpointName": "fraud", "EndpointConfigName": "c"}, BEN)
    with pytest.raises(SageMakerError):
        sagemaker.route("fraud")
    clock.advance(210 / 60)
    assert status(sagemaker) == "InService"
