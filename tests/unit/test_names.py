"""Names are functions of what they stand for, and fit AWS's limits."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.names import (
    abort_alarm,
    group_of_alarm,
    group_of_parameter,
    guardrail_alarm,
    parameter_name,
    role_name,
    version_in,
    versioned_name,
)

GROUPS = st.from_regex(r"[a-z0-9](-?[a-z0-9]){0,52}", fullmatch=True).filter(lambda name: len(name) <= 53)
VERSIONS = st.integers(1, 10**9)


@given(GROUPS, VERSIONS, st.text(max_size=20))
def test_a_versioned_name_is_one_sagemaker_accepts(group: str, version: int, content: str) -> None:
    name = versioned_name(group, version, content)
    assert len(name) <= 63
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name)
    assert version_in(name) == version


@given(GROUPS, VERSIONS, st.text(max_size=20), st.text(max_size=20))
def test_the_same_content_has_the_same_name_and_another_another(
    group: str, version: int, one: str, other: str
) -> None:
    same = versioned_name(group, version, one) == versioned_name(group, version, other)
    assert same == (one == other)


@given(st.tuples(GROUPS, GROUPS).filter(lambda pair: pair[0] != pair[1]))
def test_groups_whose_names_are_cut_short_alike_have_different_names(pair: tuple[str, str]) -> None:
    assert versioned_name(pair[0], 1) != versioned_name(pair[1], 1)


@pytest.mark.parametrize(
    "name",
    [
        "/greenlight/acts/churn/../fraud/pause",
        "/greenlight/acts/churn/pause/..",
        "/greenlight/acts/churn/pause/",
        "/greenlight/acts/churn//pause",
        "/greenlight/acts//pause",
        "/greenlight/acts/../pause",
        "/greenlight/acts/./pause",
        "/greenlight/acts/..",
        "/greenlight/acts/../groups/churn",
        "/greenlight/groups/..",
        "/greenlight/groups/../acts/churn/pause",
        "/greenlight/groups/churn/..",
    ],
)
def test_a_parameter_whose_name_goes_up_or_deeper_is_no_groups(name: str) -> None:
    assert group_of_parameter(name) is None


@given(GROUPS)
def test_a_group_is_found_by_its_parameter_and_its_alarms(group: str) -> None:
    config = versioned_name(group, 1)
    assert group_of_parameter(parameter_name(group)) == group
    assert group_of_alarm(abort_alarm(group)) == group
    assert group_of_alarm(guardrail_alarm(group, config, "latency")) == group


@given(GROUPS, VERSIONS)
def test_alarm_and_role_names_fit_their_limits(group: str, version: int) -> None:
    config = versioned_name(group, version)
    assert len(guardrail_alarm(group, config, "latency")) <= 255
    assert len(role_name(group, "registrant")) <= 64


@pytest.mark.parametrize("name", ["churn", "churn-v3", "churn-v-0123456789", "churn-v3-012345678", ""])
def test_a_name_that_was_not_made_for_a_version_tells_none(name: str) -> None:
    assert version_in(name) is None
