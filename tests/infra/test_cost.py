"""docs/cost.md says what is worked out now, from what the templates have now."""

import json

from bench import cost
from tests.infra.conftest import Assembly

_OURS = ("Greenlight-State", "Greenlight-Controller", "Greenlight-Observability")


def test_the_page_says_what_is_worked_out() -> None:
    """`python -m bench.cost` writes it anew."""
    text = cost.PAGE.read_text()
    assert cost.tables() in text
    assert cost.page(text) == text


def test_what_is_fixed_is_as_the_templates_have_it(plain: Assembly, examples_only: Assembly) -> None:
    count = {
        kind: sum(len(plain.resources(stack, kind)) for stack in _OURS)
        for kind in ("AWS::CloudWatch::Alarm", "AWS::KMS::Key", "AWS::CloudWatch::Dashboard")
    }
    assert count == {
        "AWS::CloudWatch::Alarm": cost.ALARMS,
        "AWS::KMS::Key": cost.KEYS,
        "AWS::CloudWatch::Dashboard": 1,
    }
    read = plain.properties("Greenlight-Controller", "AWS::Lambda::EventSourceMapping")
    assert len([one for one in read if "Queue" in json.dumps(one["EventSourceArn"])]) == cost.QUEUES_READ
    groups = [stack for stack in examples_only.stacks() if "-Group-" in stack]
    alarms = {len(examples_only.resources(stack, "AWS::CloudWatch::Alarm")) for stack in groups}
    assert min(alarms) == cost.GROUP_ALARMS


def test_a_stack_of_a_group_that_uses_every_key_is_small(assembly: Assembly) -> None:
    sizes = {one: len(assembly.resources(one)) for one in assembly.stacks() if "-Group-" in one}
    assert sizes
    assert max(sizes.values()) <= 25


def test_ten_thousand_groups_cost_less_each_than_a_hundred() -> None:
    each = [sum(cost.monthly(size).values()) / size for size in cost.SIZES]
    assert each == sorted(each, reverse=True)
