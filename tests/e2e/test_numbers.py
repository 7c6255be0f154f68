"""The numbers to hold, counted on the request log of the local AWS."""

import time
from collections.abc import Callable

from tests.e2e.scene import Scene, depth

Make = Callable[..., Scene]
_WRITES = ("Create", "Update", "Delete", "Put")


def settled_calls(scene: Scene, since: int) -> list[str]:
    """What reconcile called since, once it has been quiet for a while."""
    before = -1
    while len(calls := scene.calls(since)) != before or not calls:
        before = len(calls)
        time.sleep(0.5)
    return [str(call["operation"]) for call in calls]


def test_an_event_that_changes_nothing_costs_at_most_three_calls(scene: Make) -> None:
    s = scene("no-news")
    version = s.go_live()
    s.until("rest", lambda: True if s.watch.at_rest() else None)
    since = s.aws.last_request()
    s.scientist().update_model_package(
        ModelPackageArn=s.arns[version], CustomerMetadataProperties={"note": "nothing of interest"}
    )
    calls = settled_calls(s, since)
    assert sorted(calls) == ["DescribeEndpoint", "GetItem", "ListModelPackages"]


def test_from_approval_to_the_accepted_update_at_most_nine_calls_follow_each_other(scene: Make) -> None:
    s = scene("counted")
    s.go_live()
    s.aws.control(
        trail=False
    )  # on this clock its event would come in the middle, where AWS's comes minutes later
    version = s.register()
    s.until("rest", lambda: True if s.watch.at_rest() else None)
    since = s.aws.last_request()
    s.aws.control(round_trip=0.2)  # so that calls made side by side overlap in the log, as they do with AWS
    try:
        s.approve(version)
        s.until("the update", lambda: True if "UpdateEndpoint" in s.watch.sagemaker_writes(since) else None)
    finally:
        s.aws.control(trail=True)
        s.aws.control(round_trip=0)
    calls = s.calls(since)
    end = next(float(call["end"]) for call in calls if call["operation"] == "UpdateEndpoint")
    chain = [call for call in calls if float(call["end"]) <= end]
    assert depth(chain) <= 9, [call["operation"] for call in chain]


def test_the_way_back_to_a_kept_config_is_one_write_to_sagemaker(scene: Make) -> None:
    s = scene("counted-back")
    good, bad = s.go_live(), s.go_live()
    since = s.aws.last_request()
    s.reject(bad)
    s.until_live(good)
    assert s.watch.sagemaker_writes(since) == ["UpdateEndpoint"]
