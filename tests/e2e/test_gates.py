"""Gates on the local AWS: an approved version goes live only when its evaluation says what the group asks for."""

import json
from collections.abc import Callable
from typing import Any

from lambdas.core.record import Phase
from local.demo.people import SCIENTIST, session
from local.demo.registrations import BUCKET
from tests.e2e.scene import Scene
from tests.e2e.test_governance import control
from tests.e2e.test_scenarios import in_phase

Make = Callable[..., Scene]


def evaluated(scene: Scene, recall: float) -> dict[str, Any]:
    """Put an evaluation into S3; the request's members that name it."""
    key = f"{scene.group}/{len(scene.arns) + 1}/evaluation.json"
    report = {"binary_classification_metrics": {"recall": {"value": recall, "standard_deviation": 0.01}}}
    s3 = session(scene.aws, SCIENTIST, "s3")
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(report).encode())
    source = {"ContentType": "application/json", "S3Uri": f"s3://{BUCKET}/{key}"}
    return {"ModelMetrics": {"ModelQuality": {"Statistics": source}}}


def test_a_version_below_the_floor_is_blocked_with_its_figure_and_one_above_goes_live(scene: Make) -> None:
    s = scene("gated")
    poor = s.register(**evaluated(s, 0.85), CustomerMetadataProperties={"dataset": "2026-11"})
    s.approve(poor)
    assert "its recall is 0.85, below 0.9" in in_phase(s, Phase.BLOCKED)
    assert s.watch.endpoint() is None
    good = s.register(**evaluated(s, 0.95), CustomerMetadataProperties={"dataset": "2026-11"})
    s.approve(good)
    s.until_live(good)


def test_what_is_missing_blocks_until_it_is_there(scene: Make) -> None:
    s = scene("papers")
    metrics = evaluated(s, 0.95)
    source = metrics["ModelMetrics"]["ModelQuality"]["Statistics"]
    missing: dict[str, Any] = {
        "ModelMetrics": {"ModelQuality": {"Statistics": {**source, "S3Uri": source["S3Uri"] + ".not"}}}
    }
    version = s.register(**missing)
    s.approve(version)
    reason = in_phase(s, Phase.BLOCKED)
    assert "lacks 'dataset'" in reason
    assert "is not there" in reason
    s.scientist().update_model_package(
        ModelPackageArn=s.arns[version], CustomerMetadataProperties={"dataset": "2026-11"}
    )
    s3 = session(s.aws, SCIENTIST, "s3")
    key = source["S3Uri"].removeprefix(f"s3://{BUCKET}/")
    body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=f"{key}.not", Body=body)
    # What was written after an approval waits for CloudTrail, which may take a quarter of an hour.
    with control(s.aws, function_clock_ahead=1200):
        s.watch.sweep()
        s.until_live(version)
