"""A real Chromium for tests: fixtures to visit a page, and the check that a page is sound.

In a test, with `from tests.browser.chromium import browser, visit` in the conftest.py of its folder:

    def test_the_page_is_sound_in_the_dark(aws: LocalAws, visit: Visit) -> None:
        visited = visit(f"{aws.endpoint}/_local/page", theme="dark")
        visited.page.get_by_role("button", name="fraud").click()
        settled(visited.page)
        assert_sound(visited)

Source: axe-core, "API documentation".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from local.browser import chromium, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
"""axe's tags of the rules of WCAG 2.0 and 2.1, levels A and AA."""
Theme = Literal["light", "dark"]


@dataclass
class Visited:
    """A page that is open, and what it has complained of: console errors, uncaught errors, failed requests."""

    page: Page
    complaints: list[str] = field(default_factory=list)


Visit = Callable[..., Visited]
"""`visit(url, theme="light")`: open a page in a new profile, wait until its widgets are there."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window, for one module.

    Not for the whole session: a browser that waits takes memory, and lets nothing else start an event loop. The
    tests that have one are in one folder each, which one worker gets as a whole.
    """
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens pages; each in a profile of its own, gone after the test."""
    contexts = []

    def opened(url: str, theme: Theme = "light") -> Visited:
        context = browser.new_context(color_scheme=theme)
        contexts.append(context)
        # A page's Content-Security-Policy does not hold for scripts that the browser itself puts in.
        context.add_init_script(path=AXE)
        visited = Visited(context.new_page())
        _listen(visited)
        visited.page.goto(url)
        settled(visited.page)
        return visited

    yield opened
    for context in contexts:
        context.close()


def assert_sound(visited: Visited) -> None:
    """Fail for each rule of WCAG 2.0 and 2.1 A and AA that the page breaks as it is now, and for each complaint."""
    run = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})"
    broken = [
        f"{found['id']}: {found['help']}: {node['html']} {node['failureSummary']}"
        for found in visited.page.evaluate(run, WCAG)["violations"]
        for node in found["nodes"]
    ]
    assert not broken + visited.complaints, "\n".join(broken + visited.complaints)


def _listen(visited: Visited) -> None:
    page, complain = visited.page, visited.complaints.append
    page.on("console", lambda said: complain(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: complain(f"uncaught: {error}"))
    page.on("requestfailed", lambda failed: complain(f"request failed: {failed.url}: {failed.failure}"))
    page.on("response", lambda got: None if got.ok else complain(f"request answered {got.status}: {got.url}"))
