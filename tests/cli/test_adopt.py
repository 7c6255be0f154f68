"""`greenlight adopt`: what cannot be given is told before anything is written."""

import pytest

from cli.adopting import obstacle
from lambdas.core.facts import Endpoint, EndpointStatus
from lambdas.core.names import GROUP_TAG
from tests.cli.running import greenlight

IN_SERVICE = Endpoint("risk", "arn", EndpointStatus.IN_SERVICE, "theirs", 0.0)


def test_an_endpoint_in_service_with_our_variant_can_be_given() -> None:
    assert obstacle(IN_SERVICE, {"team": "risk"}, "risk") is None


@pytest.mark.parametrize(
    ("endpoint", "tags", "told"),
    [
        (IN_SERVICE, {GROUP_TAG: "risk"}, "is the group's already"),
        (IN_SERVICE, {GROUP_TAG: "fraud"}, "is group fraud's"),
        (
            Endpoint("risk", "arn", EndpointStatus.UPDATING, "theirs", 0.0),
            {},
            "is Updating; it must be InService",
        ),
        (
            Endpoint("risk", "arn", EndpointStatus.IN_SERVICE, "theirs", 0.0, variants=("blue", "green")),
            {},
            "has blue, green where Greenlight has one variant AllTraffic",
        ),
    ],
)
def test_what_cannot_be_given_says_why(endpoint: Endpoint, tags: dict[str, str], told: str) -> None:
    assert told in (obstacle(endpoint, tags, "risk") or "")


@pytest.mark.parametrize("reason", [" ", "<script>", "x" * 257])
def test_a_reason_that_no_tag_can_hold_is_refused_before_aws_is_asked(
    reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert greenlight("adopt", "risk", "--reason", reason) == 2
    assert "kept as a tag of the endpoint" in capsys.readouterr().err
