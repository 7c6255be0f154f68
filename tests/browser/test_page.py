"""The local AWS's page in Chromium: it does with a widget's HTML what the CloudWatch console does."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from local.browser import settled
from tests.browser.chromium import assert_sound

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from local.aws import LocalAws
    from tests.browser.chromium import Theme, Visit

    Dashboard = Callable[..., str]

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:widget"


def action(before: str, content: object, **attributes: str) -> str:
    """An element with the cwdb-action that belongs to it."""
    given = {"action": "call", "endpoint": FUNCTION, **attributes}
    written = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
    inside = content if isinstance(content, str) else escape(json.dumps(content))
    return f"{before}<cwdb-action{written}>{inside}</cwdb-action>"


def event(page: Page) -> Any:
    """The event that the widget's function was called with last, as it shows it."""
    settled(page)
    return json.loads(page.locator("#event").inner_text())


BUTTON = action('<button class="btn">More</button>', {"more": 1})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_sound_in_both_themes_with_everything_that_it_can_show(
    dashboard: Dashboard, visit: Visit, theme: Theme
) -> None:
    shown = f'<table><tr><th scope="col">Name</th></tr><tr><td>v1</td></tr></table><pre>plain</pre>{BUTTON}'
    primary = action('<button class="btn btn-primary">Pop</button>', {"more": 1}, display="popup")
    alarm = {"type": "alarm", "properties": {"title": "Alarms"}}
    failing = {"type": "custom", "properties": {"endpoint": f"{FUNCTION}-not-there"}}
    visited = visit(dashboard(alarm, failing, returned=shown + primary), theme=theme)
    expect(visited.page.get_by_text("Drawn only by the CloudWatch console: Alarms (alarm).")).to_be_visible()
    assert_sound(visited)
    visited.page.get_by_role("button", name="Pop").click()
    expect(visited.page.get_by_role("dialog")).to_be_visible()
    assert_sound(visited)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_the_browsers_unless_one_is_chosen(
    dashboard: Dashboard, visit: Visit, theme: Theme
) -> None:
    page = visit(dashboard(), theme=theme).page
    assert event(page)["widgetContext"]["theme"] == theme
    other = "dark" if theme == "light" else "light"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("link", name=other.capitalize()).click()
    assert event(page)["widgetContext"]["theme"] == other
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


def test_the_function_gets_the_widgets_parameters_and_context(dashboard: Dashboard, visit: Visit) -> None:
    seen = event(visit(dashboard(group="fraud")).page)
    assert seen.pop("group") == "fraud"
    context = seen.pop("widgetContext")
    assert seen == {}
    assert context["dashboardName"] == "greenlight"
    assert (context["title"], context["params"]) == ("Models", {"group": "fraud"})
    assert context["width"] > 100


@pytest.mark.parametrize("key", ["click", "Enter", "Space"])
def test_a_click_and_a_key_on_a_button_call_and_the_focus_goes_to_the_answer(
    dashboard: Dashboard, visit: Visit, key: str
) -> None:
    visited = visit(dashboard(returned=BUTTON))
    page = visited.page
    button = page.get_by_role("button", name="More")
    if key == "click":
        button.click()
    else:
        button.press(key)
    expect(page.locator("#event")).to_be_visible()
    seen = event(page)
    assert seen["more"] == 1
    assert "returned" not in seen
    assert seen["widgetContext"]["params"] == {"returned": BUTTON}
    expect(page.locator("#widget-1")).to_be_focused()
    assert_sound(visited)


def test_what_an_action_holds_is_never_seen(dashboard: Dashboard, visit: Visit) -> None:
    page = visit(dashboard(returned=BUTTON)).page
    expect(page.locator("cwdb-action")).to_be_hidden()


def test_what_is_too_wide_scrolls_inside_its_widget_and_never_the_page(
    dashboard: Dashboard, visit: Visit
) -> None:
    visited = visit(dashboard(returned=f"<pre style='white-space: pre'>{'W' * 700}</pre>{BUTTON}"))
    wider = "element => element.scrollWidth > element.clientWidth"
    assert visited.page.locator("#widget-1").evaluate(wider)
    assert not visited.page.evaluate(f"({wider})(document.documentElement)")
    assert_sound(visited)


@pytest.mark.parametrize("way", ["Escape", "Close"])
def test_a_popup_shows_the_answer_over_the_widget_and_gives_the_focus_back(
    dashboard: Dashboard, visit: Visit, way: str
) -> None:
    popup = action("<button>Look</button>", {"returned": "<p>inside</p>"}, display="popup")
    visited = visit(dashboard(returned=popup))
    page = visited.page
    page.get_by_role("button", name="Look").click()
    dialog = page.get_by_role("dialog", name="Models")
    expect(dialog).to_contain_text("inside")
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Look")).to_be_focused()
    assert_sound(visited)


def test_an_action_of_html_shows_its_own_content_and_calls_nothing(
    aws: LocalAws, dashboard: Dashboard, visit: Visit
) -> None:
    own = action("<button>Help</button>", "<b>how it works</b>", action="html", display="popup")
    page = visit(dashboard(returned=own)).page
    since = aws.last_request()
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_role("dialog").locator("b")).to_have_text("how it works")
    assert aws.requests(since) == []


@pytest.mark.parametrize("answered", [True, False])
def test_a_question_that_is_answered_with_no_calls_nothing(
    aws: LocalAws, dashboard: Dashboard, visit: Visit, answered: bool
) -> None:
    asking = action("<button>Go</button>", {}, confirmation="Really?")
    page = visit(dashboard(returned=asking)).page
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        if answered:
            dialog.accept()
        else:
            dialog.dismiss()

    page.on("dialog", answer)
    since = aws.last_request()
    page.get_by_role("button", name="Go").click()
    settled(page)
    expect(page.locator("#event")).to_have_count(int(answered))
    assert asked == ["Really?"]
    assert [call["operation"] for call in aws.requests(since)] == (["InvokeFunction"] if answered else [])


HOSTILE = """
<script>window.ran = "script"</script>
<img src="x" onerror="window.ran = 'onerror'">
<svg onload="window.ran = 'onload'"><use href="#a"></use><script>window.ran = "svg"</script></svg>
<iframe srcdoc="<script>parent.ran = 'iframe'</script>"></iframe>
<object data="data:text/html,x"></object><embed src="data:text/html,x">
<a href=" java&#9;script:window.ran = 'link'">link</a>
<button onclick="window.ran = 'onclick'">press</button>
<template><script>window.ran = "template"</script></template>
"""
MOVING_ON = '<meta http-equiv="refresh" content="0;url=/"><base href="http://127.0.0.1:1/">'


@pytest.mark.parametrize("way", ["function", "own"])
def test_nothing_that_a_hostile_widget_brings_runs(dashboard: Dashboard, visit: Visit, way: str) -> None:
    hostile = HOSTILE + MOVING_ON
    widget = hostile if way == "function" else action("<button>Show</button>", hostile, action="html")
    page = visit(dashboard(returned=widget)).page
    if way == "own":
        page.get_by_role("button", name="Show").click()
    page.get_by_role("button", name="press").click()
    page.get_by_text("link", exact=True).click()
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert page.locator("#widget-1").locator("script, iframe, use, object, embed, meta, base").count() == 0
    assert page.locator("#widget-1").locator("[onerror], [onload], [onclick]").count() == 0


def test_the_policy_alone_keeps_scripts_of_a_widget_from_running(dashboard: Dashboard, visit: Visit) -> None:
    visited = visit(dashboard())
    visited.page.evaluate("html => { document.getElementById('widget-1').innerHTML = html }", HOSTILE)
    visited.page.get_by_role("button", name="press").click()
    visited.page.wait_for_timeout(200)
    assert visited.page.evaluate("window.ran") is None
    assert [said for said in visited.complaints if "Content Security Policy" in said]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"fail": "no <b>table</b>"}, f"{FUNCTION} failed: LookupError: no <b>table</b>"),
        ({"returned": {"markdown": "# a *title*"}}, "# a *title*"),
        ({"returned": {"a": [1, "<b>"]}}, '{\n  "a": [\n    1,\n    "<b>"\n  ]\n}'),
    ],
    ids=["error", "markdown", "json"],
)
def test_errors_markdown_and_json_are_shown_as_text(
    dashboard: Dashboard, visit: Visit, params: dict[str, Any], said: str
) -> None:
    visited = visit(dashboard(**params))
    shown = visited.page.locator("#widget-1 > *")
    assert shown.text_content() == said
    assert (shown.get_attribute("role") == "alert") == ("fail" in params)
    assert_sound(visited)


def test_a_function_that_is_not_there_is_an_error_in_the_widget(dashboard: Dashboard, visit: Visit) -> None:
    gone = {"type": "custom", "properties": {"endpoint": f"{FUNCTION}-gone", "title": "Gone"}}
    visited = visit(dashboard(gone))
    expect(visited.page.get_by_role("alert")).to_contain_text(f"{FUNCTION}-gone could not be called")
    assert_sound(visited)


def test_a_server_that_is_gone_is_said_in_the_widget(dashboard: Dashboard, visit: Visit) -> None:
    page = visit(dashboard(returned=BUTTON)).page
    page.route("**/_local/page/widget", lambda route: route.abort())
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("alert")).to_contain_text("is it still running?")


def test_refresh_calls_the_function_again_with_the_widgets_own_parameters(
    dashboard: Dashboard, visit: Visit
) -> None:
    page = visit(dashboard(returned=BUTTON)).page
    page.get_by_role("button", name="More").click()
    expect(page.locator("#event")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("button", name="More")).to_be_visible()
    expect(page.get_by_role("button", name="Refresh")).to_be_focused()


def test_an_answer_that_comes_after_a_later_ones_is_not_shown(dashboard: Dashboard, visit: Visit) -> None:
    both = action("<button>Slow</button>", {"slow": 1}) + action("<button>Fast</button>", {"fast": 1})
    page = visit(dashboard(returned=both)).page
    held: list[Any] = []

    def hold_the_slow(route: Any) -> None:
        if route.request.post_data_json["params"] == {"slow": 1}:
            held.append(route)
        else:
            route.continue_()

    page.route("**/_local/page/widget", hold_the_slow)
    page.get_by_role("button", name="Slow").click()
    page.get_by_role("button", name="Fast").click()
    expect(page.locator("#event")).to_contain_text('"fast": 1')
    with page.expect_response("**/_local/page/widget"):
        held[0].continue_()
    page.wait_for_timeout(100)
    assert "slow" not in event(page)


def test_without_a_dashboard_it_says_what_to_do_and_of_several_it_shows_links(
    aws: LocalAws, dashboard: Dashboard, visit: Visit
) -> None:
    nothing = visit(f"{aws.endpoint}/_local/page")
    expect(nothing.page.get_by_role("main")).to_contain_text("no dashboard. Deploy Greenlight")
    assert_sound(nothing)
    aws.client("cloudwatch").put_dashboard(DashboardName="a&b", DashboardBody='{"widgets": []}')
    several = visit(dashboard())
    assert_sound(several)
    several.page.get_by_role("link", name="a&b").click()
    expect(several.page.get_by_role("heading", level=1)).to_have_text("a&b")
    assert_sound(several)
