"""The dashboard of CloudWatch, and the function that draws its page."""

import json
from typing import Any

from lambdas.core.names import DASHBOARD, OBSERVABILITY_STACK
from lambdas.core.settings import from_environment
from lambdas.dashboard.settings import DashboardSettings
from tests.infra.conftest import ROOT, Assembly
from tests.infra.policies import text

CONTROLLER = "Greenlight-Controller"


def function(assembly: Assembly) -> dict[str, Any]:
    """The one that draws the page."""
    (found,) = assembly.properties(OBSERVABILITY_STACK, "AWS::Lambda::Function")
    return found


def body(assembly: Assembly) -> dict[str, Any]:
    """The dashboard's, with a word in place of each reference."""
    (board,) = assembly.properties(OBSERVABILITY_STACK, "AWS::CloudWatch::Dashboard")
    assert board["DashboardName"] == DASHBOARD
    return dict(json.loads(text(board["DashboardBody"])))


def widgets(assembly: Assembly, kind: str) -> list[dict[str, Any]]:
    """Those of a type."""
    return [widget for widget in body(assembly)["widgets"] if widget["type"] == kind]


def test_the_page_comes_first_takes_the_whole_width_and_is_called_when_people_refresh(
    assembly: Assembly,
) -> None:
    (page,) = widgets(assembly, "custom")
    assert (page["x"], page["y"], page["width"]) == (0, 0, 24)
    assert "DashboardFunction" in page["properties"]["endpoint"]
    assert page["properties"]["updateOn"]["refresh"] is True


def test_every_alarm_of_the_controller_is_beside_it(assembly: Assembly) -> None:
    (shown,) = widgets(assembly, "alarm")
    names = {str(a["AlarmName"]) for a in assembly.properties(CONTROLLER, "AWS::CloudWatch::Alarm")}
    assert {arn.rpartition("alarm:")[2] for arn in shown["properties"]["alarms"]} == names
    assert len(names) > 10  # those of break-glass too


def test_every_queue_and_every_function_of_the_controller_is_drawn(assembly: Assembly) -> None:
    drawn = json.dumps([graph["properties"]["metrics"] for graph in widgets(assembly, "metric")])
    template = json.loads(assembly.text(CONTROLLER))["Resources"]
    kinds = ("AWS::SQS::Queue", "AWS::Lambda::Function")
    names = [name for name, one in template.items() if one["Type"] in kinds]
    assert len(names) == 10
    assert [name for name in names if name not in drawn] == []


def test_widgets_stand_beside_or_below_each_other_and_never_over(assembly: Assembly) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in body(assembly)["widgets"]:
        cells = {
            (widget["x"] + column, widget["y"] + row)
            for column in range(widget["width"])
            for row in range(widget["height"])
        }
        assert not cells & taken, widget["properties"]["title"]
        assert max(column for column, _ in cells) < 24
        taken |= cells


def test_nothing_of_the_account_is_exported_to_the_stack_by_the_names_of_alarms(assembly: Assembly) -> None:
    """An alarm can be taken out of the controller while the dashboard still shows it."""
    (shown,) = widgets(assembly, "alarm")
    assert "ImportValue" not in json.dumps(shown)
    outputs = json.loads(assembly.text(CONTROLLER))["Outputs"]
    assert not [name for name in outputs if "Watch" in name and name.startswith("Exports")]


def test_the_function_is_told_where_to_read_and_answers_while_somebody_waits(assembly: Assembly) -> None:
    found = function(assembly)
    assert (found["Runtime"], found["Architectures"]) == ("python3.13", ["arm64"])
    environment = {k: json.dumps(v) for k, v in found["Environment"]["Variables"].items()}
    from_environment(DashboardSettings, environment)
    assert found["Timeout"] <= 30


def test_its_log_is_encrypted_and_does_not_pile_up(assembly: Assembly) -> None:
    (log,) = assembly.properties(OBSERVABILITY_STACK, "AWS::Logs::LogGroup")
    assert log["RetentionInDays"] == 90
    assert "Key" in text(log["KmsKeyId"])


def test_where_the_page_is_and_what_draws_it_are_put_out(assembly: Assembly) -> None:
    outputs = json.loads(assembly.text(OBSERVABILITY_STACK))["Outputs"]
    assert text(outputs["Page"]["Value"]).endswith(f"#dashboards/dashboard/{DASHBOARD}")
    assert "DashboardFunction" in text(outputs["DashboardFunction"]["Value"])


def test_the_pages_address_is_the_console_of_the_partition(assembly: Assembly) -> None:
    template = json.loads(assembly.text(OBSERVABILITY_STACK))
    (mapping,) = template["Mappings"].values()
    targets = json.loads((ROOT / "cdk.json").read_text())["context"]["@aws-cdk/core:target-partitions"]
    assert set(mapping) == set(targets)
    assert {one["domain"] for one in mapping.values()} == {
        "console.aws.amazon.com",
        "console.amazonaws.cn",
        "console.amazonaws-us-gov.com",
    }
    assert "Fn::FindInMap" in json.dumps(template["Outputs"]["Page"])
