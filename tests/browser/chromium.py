"""A real Chromium for tests: fixtures to visit a page, and the check that a page is sound.

In a test, with `from tests.browser.chromium import browser, visit` in the conftest.py of its folder:

    def test_the_page_is_sound_in_the_dark(aws: LocalAws, visit: Visit) -> None:
        visited = visit(f"{aws.endpoint}/_local/page", theme="dark")
        visited.page.get_by_role("button", name="fraud").click()
        settled(visited.page)
        assert_sound(visited)

Sources: Playwright for Python, "Browser type" and "Page"; axe-core, "API documentation".
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
"""axe's tags of the rules of WCAG 2.0 and 2.1, levels A and AA."""
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SLOWEST = 20_000  # milliseconds for the first call of a function on a busy machine

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

    Not for the whole session: as long as Playwright runs, nothing else in this process can start an event loop, and a
    browser that waits takes memory. The tests that have one are in one folder each, which one worker gets as a whole.
    """
    found = subprocess.run(
        ["/bin/sh", "tools/chromium.sh"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.fail(found.stderr)
    with sync_playwright() as playwright:
        # The tests run as root in containers, where Chromium's sandbox cannot; they visit only this machine.
        browser = playwright.chromium.launch(
            executable_path=found.stdout.strip(), headless=True, chromium_sandbox=False, args=ARGUMENTS
        )
        yield browser
        browser.close()


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


def settled(page: Page) -> None:
    """Wait until no widget waits for an answer."""
    expect(page.locator("[aria-busy]")).to_have_count(0, timeout=_SLOWEST)


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
