"""Serverless and asynchronous endpoints on the local AWS: release, a broken version, a rejection, and abort."""

from collections.abc import Callable
from functools import partial

from lambdas.core.ledger import Kind
from tests.e2e.scene import Scene

Make = Callable[..., Scene]


def outcomes(s: Scene) -> list[str]:
    """What the smoke tests showed, rollout by rollout."""
    return [line.data["smoke_test"] for line in s.watch.ledger() if line.kind == Kind.SUCCEEDED.value]


def answer(s: Scene, uri: str) -> str | None:
    """What an asynchronous endpoint answered; None: nothing yet."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    s3 = s.aws.client("s3")
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return None
    return str(found["Body"].read().decode())


def updates(s: Scene, since: int) -> list[str]:
    """What reconcile did to the endpoint."""
    return [call["operation"] for call in s.calls(since) if call["operation"] == "UpdateEndpoint"]


def test_a_serverless_group_releases_takes_back_what_errs_and_leads_off_what_is_rejected(scene: Make) -> None:
    s = scene("serverless")
    good = s.go_live()
    assert s.invoke() == f"{s.group}/{good}"
    described = s.aws.client("sagemaker").describe_endpoint(EndpointName=s.endpoint)
    assert described["ProductionVariants"][0]["CurrentServerlessConfig"]["MemorySizeInMB"] == 2048
    broken = s.register("broken")
    s.approve(broken)
    assert "its smoke test failed: the model answered 500" in s.until_said(Kind.FAILED, broken)
    s.until_live(good)
    better = s.go_live()
    assert s.invoke() == f"{s.group}/{better}"
    before = s.aws.last_request()
    s.reject(better)
    s.until_live(good)
    assert len(updates(s, before)) == 1
    assert s.invoke() == f"{s.group}/{good}"
    assert outcomes(s) == ["passed", "none", "passed", "none"]
    assert "LastDeploymentConfig" not in s.aws.client("sagemaker").describe_endpoint(EndpointName=s.endpoint)


def test_what_errs_only_later_goes_back_on_probation(scene: Make) -> None:
    """No guardrail watches a serverless rollout: its alarms count afterwards."""
    s = scene("serverless-probation")
    good = s.go_live()
    fragile = s.go_live("fragile")
    with s.slowly():
        assert "on probation its alarm tripped" in s.until_said(Kind.VERSION_FAILED, fragile, b"changed")
    s.until_live(good)
    assert s.invoke(b"changed") == f"{s.group}/{good}"


def test_a_serverless_version_rejected_in_flight_goes_as_soon_as_it_has_taken_over(scene: Make) -> None:
    s = scene("serverless-in-flight")
    good = s.go_live()
    with s.slowly():
        other = s.register()
        s.approve(other)
        s.until(
            "the update to begin",
            lambda: True if (s.watch.endpoint() or {}).get("EndpointStatus") == "Updating" else None,
        )
        s.reject(other)
        s.until_live(good)
    assert s.kinds()[Kind.ABORT.value] == 0
    assert s.invoke() == f"{s.group}/{good}"


def test_an_asynchronous_group_releases_and_takes_back_what_fails_or_is_rejected(scene: Make) -> None:
    s = scene("asynchronous")
    good = s.go_live()
    assert s.until("an answer", partial(answer, s, s.invoke())) == f"{s.group}/{good}"
    broken = s.register("broken")
    s.approve(broken)
    assert "its smoke test failed: the model failed" in s.until_said(Kind.FAILED, broken)
    s.until_live(good)
    better = s.go_live()
    s.reject(better)
    s.until_live(good)
    assert s.until("an answer", partial(answer, s, s.invoke())) == f"{s.group}/{good}"
    assert outcomes(s) == ["passed", "none", "passed", "none"]


def test_an_asynchronous_version_that_errs_while_it_bakes_is_rolled_back_by_its_guardrail(
    scene: Make,
) -> None:
    s = scene("asynchronous-guarded")
    good = s.go_live()
    fragile = s.register("fragile")
    with s.slowly():
        s.approve(fragile)
        reason = s.until_said(Kind.FAILED, fragile, b"changed")
    assert "/errors" in reason
    s.until_live(good)
    assert outcomes(s) == ["passed"]
