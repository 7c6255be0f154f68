"""Smoke tests on the local AWS: what has taken over must answer before it counts as good."""

import gzip
import io
import tarfile
from collections.abc import Callable

from lambdas.core.ledger import Kind
from lambdas.core.record import Phase
from local.demo.people import SCIENTIST, session
from local.demo.registrations import BUCKET
from tests.e2e.scene import Scene
from tests.e2e.test_scenarios import in_phase

Make = Callable[..., Scene]


def sample(scene: Scene, request: bytes) -> dict[str, str]:
    """Put a sample payload into S3; the member of the registration that names it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        member = tarfile.TarInfo("request.txt")
        member.size = len(request)
        archive.addfile(member, io.BytesIO(request))
    key = f"{scene.group}/{len(scene.arns) + 1}/sample.tar.gz"
    session(scene.aws, SCIENTIST, "s3").put_object(
        Bucket=BUCKET, Key=key, Body=gzip.compress(content.getvalue())
    )
    return {"SamplePayloadUrl": f"s3://{BUCKET}/{key}"}


def test_a_version_that_errs_on_the_groups_request_goes_back_without_any_traffic(scene: Make) -> None:
    s = scene("smoke-tested")
    good = s.go_live()
    broken = s.register("broken")
    s.approve(broken)
    assert "its smoke test failed: the model answered 500" in s.until_said(Kind.FAILED, broken)
    s.until_live(good)
    tested = [line.data["smoke_test"] for line in s.watch.ledger() if line.kind == Kind.SUCCEEDED.value]
    assert tested == ["passed", "none"]  # the way back leads to what was good


def test_a_version_must_answer_the_sample_it_was_registered_with(scene: Make) -> None:
    s = scene("sampled")
    good = s.register("fragile", **sample(s, b"hello"))
    s.approve(good)
    s.until_live(good)
    other = s.register("fragile", **sample(s, b"changed"))
    s.approve(other)
    assert "its smoke test failed" in s.until_said(Kind.FAILED, other)
    s.until_live(good)
    lost = s.register("sound", SamplePayloadUrl=f"s3://{BUCKET}/{s.group}/lost.tar.gz")
    s.approve(lost)
    s.until(
        "its sample to be missed",
        lambda: "its sample payload cannot be read" in in_phase(s, Phase.BLOCKED) or None,
    )
    assert s.kinds()[Kind.STARTED.value] == 3
