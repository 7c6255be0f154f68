"""The real function's page in Chromium: each state of the story, hostile names, the keyboard alone, many groups."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from lambdas.core.page import markup
from lambdas.core.page.frame import PALETTES
from lambdas.dashboard.settings import DashboardSettings
from local.browser import settled
from tests.browser.account import dashboard, drawn, function, packed, register, serve, tables
from tests.browser.chromium import Visited, assert_sound
from tests.browser.stories import CLOSE, IMAGE, QUOTE, SCRIPT, many, stories

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Locator, Page

    from local.aws import LocalAws
    from tests.browser.chromium import Theme, Visit

GROUPS, PAGES = 500, 5
MOST_BYTES = 200_000  # of the HTML of a page
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
WIDTHS = pytest.mark.parametrize("width", [1280, 800])  # pixels of the window
NARROWEST = 320  # pixels: a window of 1280 at 400 % (WCAG 2.1, 1.4.10, "Reflow")
STATES: dict[str, tuple[str, ...]] = {
    "nothing-yet": (
        "○ Idle since 2023-11-16 02:00Z",
        "nothing is approved that we act on",
        "there is none",
        "No version is registered yet.",
        "onboarded",
    ),
    "pending": (
        "v2 waits for a decision",
        "Registered by rob, 2023-11-16 02:00Z",
        "its recall is 0.93, below 0.96",
        "+0.03 better",
        "scorer:2",
        "greenlight diff pending 1 2",
        'greenlight approve pending 2 --reason "…"',
        'greenlight reject pending 2 --reason "…"',
    ),
    "rolling": (
        "○ Rolling since 2023-11-16 02:00Z",
        "v2, forward, since 2023-11-16 02:00Z",
        "rolling is Updating, on v1; Baking",  # its canary
        "in flight",
        "2023-11-16 02:00Z decision v2 by ann",
        "Approved: beats v1",
    ),
    "settled": (
        "● Settled since 2023-11-16 02:00Z",
        "v1, verified 2023-11-14 23:36Z",
        "settled is InService, on v1",
        "the first that is good enough",
    ),
    "blocked": (
        "▲ Blocked since 2023-11-16 02:00Z",
        "v2: who approved it is not known",
        "2023-11-16 02:00Z decision v2",
        "2023-11-16 02:00Z ▲ blocked",
    ),
    "halted": (
        "■ Halted since 2023-11-16 02:00Z",
        "is UpdateRollbackFailed: SageMaker gives no reason. See the runbook, 'Halted'",
        "2023-11-16 02:00Z ▲ halted",
    ),
    "withdrawn": (
        "■ Withdrawn since 2023-11-16 02:00Z",
        "v1 is Rejected and nothing good is left; it serves on",
        "2023-11-16 02:00Z decision v1 by ann",
        "Rejected: drifts",
    ),
    "paused": (
        "○ Paused since 2023-11-16 02:00Z",
        "paused: audit week; v2 waits",
        "2023-11-16 02:00Z decision v2 by ann",
    ),
    "drifting": (
        "▲ since 2023-11-16 02:00Z",
        "drift: v2, which a run registered, waits for a decision",
        "drifting-mon-data",
        "▲ v1 was registered without a baseline for it",
        "drifting-run-9",
        "drift: in ALARM: greenlight/drifting/drift",
        "v1 was live → registered v2, 2023-11-16 01:00Z",
        "→ v2 waits for a decision",
        "▲ drifting-run-5",
        "failed: step Train failed",
        "It was registered by run drifting-run-9, for drift",
    ),
}
WAITING = {"pending", "drifting"}  # for a decision


@dataclass(frozen=True)
class Account:
    """By what is in them, the functions' ARNs; by name, where the dashboards' pages are."""

    functions: Mapping[str, str]
    pages: Mapping[str, str]


@pytest.fixture(scope="module")
def account(aws: LocalAws) -> Iterator[Account]:
    """The function over the story's groups, over many, over none, and where tables or the ledger are not there."""
    code, told = packed(), stories()
    settings = {
        name: DashboardSettings(f"{name}-state", f"{name}-ledger") for name in ("story", "many", "none")
    }
    stores = {name: tables(aws, one) for name, one in settings.items()}
    settings["unreadable"] = DashboardSettings("gone-state", "gone-ledger")
    settings["no-ledger"] = DashboardSettings("story-state", "gone-ledger")
    functions = {name: function(aws, name, code, one) for name, one in settings.items()}
    for group, story in told.items():
        stores["story"].commit(story.record, story.entries, unsettled=False)
        register(aws, group, story.registry)
    for record in many(GROUPS):
        stores["many"].commit(record, (), unsettled=False)
    serve(aws, told["settled"].record, told["rolling"].record)
    pages = {name: dashboard(aws, name, arn) for name, arn in functions.items()}
    pages["nobody"] = dashboard(aws, "nobody", functions["story"], group="nobody")
    pages["no-ledger"] = dashboard(aws, "no-ledger", functions["no-ledger"], group="settled")
    yield Account(functions, pages)
    aws.client("cloudwatch").delete_dashboards(DashboardNames=list(pages))
    aws.control(time_scale=aws.time_scale)


def widget(page: Page) -> Locator:
    """What the function drew."""
    return page.locator("#widget-1")


def opened(visited: Visited, group: str) -> Visited:
    """The group's page, by its button."""
    visited.page.get_by_role("button", name=group, exact=True).click()
    expect(visited.page.get_by_role("heading", name=group, exact=True)).to_be_visible()
    settled(visited.page)
    return visited


def all_groups(page: Page) -> None:
    """Back, by the button."""
    page.get_by_role("button", name="All groups").click()
    expect(page.get_by_role("caption")).to_be_visible()
    settled(page)


def assert_fits(page: Page) -> None:
    """Fail if anything is wider than the window, or than the widget."""
    wider = "element => element.scrollWidth - element.clientWidth"
    assert page.evaluate(f"({wider})(document.documentElement)") == 0
    assert widget(page).evaluate(wider) == 0


@THEMES
def test_the_overview_is_sound_and_tells_of_each_group_where_it_stands(
    account: Account, visit: Visit, theme: Theme
) -> None:
    visited = visit(account.pages["story"], theme=theme)
    rows = widget(visited.page).locator("tbody tr")
    expect(rows).to_have_count(len(STATES) + 1)  # and the hostile one
    expect(rows.first).to_contain_text("■ Halted")
    waits = rows.filter(has=visited.page.get_by_role("button", name="pending", exact=True)).locator("td")
    expect(waits).to_have_text(
        [
            re.compile("● Settled.*v1 is live, as the registry wants"),
            "2023-11-16 02:00Z",
            "v1",
            "v2",
            "v1 Approved by ann, 2023-11-14 22:15Z",
        ]
    )
    assert_fits(visited.page)
    assert_sound(visited)


@THEMES
def test_a_groups_page_is_sound_in_each_state_and_says_what_why_who_and_when(
    account: Account, visit: Visit, theme: Theme
) -> None:
    visited = visit(account.pages["story"], theme=theme)
    for group, told in STATES.items():
        opened(visited, group)
        for words in told:
            expect(widget(visited.page)).to_contain_text(words, use_inner_text=True)
        assert ("greenlight approve" in widget(visited.page).inner_text()) == (group in WAITING)
        assert_fits(visited.page)
        assert_sound(visited)
        all_groups(visited.page)


@THEMES
def test_hostile_names_are_text_and_break_nothing(account: Account, visit: Visit, theme: Theme) -> None:
    visited = opened(visit(account.pages["story"], theme=theme), "hostile")
    page = visited.page
    for words in (SCRIPT, IMAGE, QUOTE, CLOSE, "exe\ufffdgnp"):
        expect(widget(page)).to_contain_text(words, use_inner_text=True)
    assert page.evaluate("window.ran") is None
    assert_sound(visited)


@pytest.mark.parametrize("asked", [{}, {"group": "hostile"}], ids=["overview", "group"])
def test_hostile_names_make_no_element_attribute_or_action_of_the_html_as_the_function_returns_it(
    aws: LocalAws, account: Account, visit: Visit, asked: dict[str, str]
) -> None:
    html = drawn(aws, account.functions["story"], **asked)
    found = visit(account.pages["none"]).page.evaluate(
        """html => {
            const all = [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("*")];
            return {
                elements: all.map(one => one.localName),
                attributes: all.flatMap(one => one.getAttributeNames()),
                endpoints: all.map(one => one.getAttribute("endpoint")).filter(one => one !== null),
            };
        }""",
        html,
    )
    assert set(found["elements"]) <= markup._ELEMENTS | {"html", "head", "body", "style"}
    assert set(found["attributes"]) <= markup._ATTRIBUTES
    assert set(found["endpoints"]) == {account.functions["story"]}


@WIDTHS
def test_no_name_makes_the_page_wider_than_its_window(account: Account, visit: Visit, width: int) -> None:
    page = visit(account.pages["story"]).page
    page.set_viewport_size({"width": width, "height": 720})
    assert_fits(page)
    for group in ("hostile", "pending", "drifting"):
        opened(Visited(page), group)
        assert_fits(page)
        all_groups(page)


def test_in_the_narrowest_window_a_table_scrolls_inside_the_widget_and_never_the_page(
    account: Account, visit: Visit
) -> None:
    visited = visit(account.pages["story"])
    page = visited.page
    page.set_viewport_size({"width": NARROWEST, "height": 720})
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) == 0
    opened(visited, "hostile")
    assert page.evaluate(wider) == 0
    assert_sound(visited)


def test_by_keyboard_alone_a_group_is_opened_and_left_and_the_focus_shows(
    account: Account, visit: Visit
) -> None:
    page = visit(account.pages["story"]).page
    tab_to(page, "blocked")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="blocked", exact=True)).to_be_visible()
    tab_to(page, "All groups")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="blocked", exact=True)).to_be_visible()


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the button with this label has the focus, seen on each element on the way."""
    focused = """() => {
        const element = document.activeElement, style = getComputedStyle(element);
        return [element.textContent, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
    }"""
    on_the_way = []
    for _ in range(20):
        page.keyboard.press("Tab")
        text, outlined = page.evaluate(focused)
        assert outlined, f"the focus on {text!r} does not show"
        on_the_way.append(text)
        if text == label:
            return
    pytest.fail(f"Tab never came to {label!r}, only to {on_the_way}")


def test_of_500_groups_every_page_is_reached_and_the_last_group_on_it(account: Account, visit: Visit) -> None:
    visited = visit(account.pages["many"])
    page = visited.page
    expect(page.get_by_role("caption")).to_have_text("500 model groups, those that need a person first")
    expect(widget(page).locator("tbody tr")).to_have_count(GROUPS // PAGES)
    assert_sound(visited)
    for number in range(2, PAGES + 1):
        page.get_by_role("button", name="Next page of groups").click()
        expect(widget(page)).to_contain_text(f"Page {number} of {PAGES}; 400 groups are not shown here.")
    expect(page.get_by_role("button", name="Next page of groups")).to_have_count(0)
    opened(visited, "group-499")
    all_groups(page)
    expect(page.get_by_role("button", name="group-000")).to_be_visible()


def test_no_page_of_500_groups_has_more_than_200_kilobytes(aws: LocalAws, account: Account) -> None:
    sizes = [len(drawn(aws, account.functions["many"], page=n).encode()) for n in range(1, PAGES + 1)]
    assert max(sizes) < MOST_BYTES
    assert len(drawn(aws, account.functions["story"], group="hostile").encode()) < MOST_BYTES


def test_a_chart_has_a_point_for_each_version_and_tells_the_same_in_words(
    account: Account, visit: Visit
) -> None:
    page = opened(visit(account.pages["story"]), "pending").page
    expect(page.get_by_role("img")).to_have_count(2)
    told = "2 versions, v1 to v2, from 0.9 to 0.93; v1, which is live, has 0.9"
    drawing = page.get_by_role("img", name=f"recall over versions. {told}")
    expect(drawing.locator("> title")).to_have_text("recall over versions")
    expect(drawing.locator("> desc")).to_have_text(told)
    expect(drawing.locator(".gl-dot > title")).to_have_text(["v1: 0.9", "v2: 0.93"])
    across = [one.bounding_box() for one in drawing.locator(".gl-dot").all()]
    assert across[0] is not None
    assert across[1] is not None
    assert across[0]["x"] < across[1]["x"]
    assert across[0]["y"] > across[1]["y"]
    versions = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="v2", exact=True))
    expect(versions).to_contain_text("recall 0.93")


@THEMES
def test_the_words_in_a_chart_are_in_a_colour_that_can_be_read_on_the_themes_ground(
    account: Account, visit: Visit, theme: Theme
) -> None:
    """axe leaves text in drawings out; that these colours have the contrast is in unit/test_page_parts.py."""
    page = opened(visit(account.pages["story"], theme=theme), "pending").page
    colours = {name: _computed(colour) for name, colour in PALETTES[theme].items()}
    ground = colours["ground"]
    written_with = {colours[name] for name in colours.keys() - {"ground", "band", "rule"}}
    words = widget(page).locator("svg text")
    fills = words.evaluate_all("all => all.map(one => getComputedStyle(one).fill)")
    assert fills
    assert set(fills) <= written_with
    expect(widget(page).locator(".greenlight")).to_have_css("background-color", ground)


def _computed(colour: str) -> str:
    """A colour, `#rrggbb`, as a browser computes it."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"rgb({red}, {green}, {blue})"


def test_an_account_without_groups_says_how_to_get_one(account: Account, visit: Visit) -> None:
    visited = visit(account.pages["none"])
    expect(widget(visited.page)).to_have_text(re.compile("There is no group yet; add its YAML and deploy."))
    assert_sound(visited)


@THEMES
def test_a_group_that_is_not_there_is_said_and_all_groups_are_a_button_away(
    account: Account, visit: Visit, theme: Theme
) -> None:
    visited = visit(account.pages["nobody"], theme=theme)
    expect(visited.page.get_by_role("alert")).to_contain_text("group nobody has no record in this account")
    assert_sound(visited)
    all_groups(visited.page)
    expect(visited.page.get_by_role("button", name="settled", exact=True)).to_be_visible()


@THEMES
def test_a_table_that_cannot_be_read_is_said_on_the_page(
    account: Account, visit: Visit, theme: Theme
) -> None:
    visited = visit(account.pages["unreadable"], theme=theme)
    expect(visited.page.get_by_role("alert")).to_contain_text(
        "This cannot be shown: reading the records of all groups"
    )
    assert_sound(visited)


def test_a_ledger_that_cannot_be_read_is_said_on_a_groups_page_with_a_way_back(
    account: Account, visit: Visit
) -> None:
    visited = visit(account.pages["no-ledger"])
    expect(visited.page.get_by_role("alert")).to_contain_text(
        "This cannot be shown: reading the end of the ledger of group settled"
    )
    assert_sound(visited)
    all_groups(visited.page)
