"""Takes pictures of the page at moments of the story, for the documents; needs the tests' Chromium."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, FloatRect, Page

_ROOT = Path(__file__).parents[2]
_WIDTH, _HEIGHT = 1200, 700  # of the window, in pixels
_MOST_HEIGHT = 1300  # pixels of a picture; what is further down is cut off
_MARGIN = 16  # pixels below the widget
_PATIENCE = 20_000  # milliseconds
_WIDGET = "section"

Theme = Literal["light", "dark"]


@dataclass
class Camera:
    """Takes pictures of the page at `address` into `folder`, as PNG."""

    browser: Browser
    address: str
    folder: Path

    def __call__(self, name: str, group: str | None = None, theme: Theme = "light") -> None:
        """Take one of all groups, or of one.

        Args:
            name: of the file, without its ending.
            group: whose button is clicked first.
            theme: of the page.
        """
        context = self.browser.new_context(
            color_scheme=theme, viewport={"width": _WIDTH, "height": _HEIGHT}, reduced_motion="reduce"
        )
        page = context.new_page()
        page.goto(self.address)
        _settled(page)
        if group is not None:
            page.get_by_role("button", name=group, exact=True).click()
            _settled(page)
        page.evaluate("scrollTo(0, 0)")
        box = page.locator(_WIDGET).first.bounding_box()
        if box is None:
            raise RuntimeError(f"{self.address} shows no widget")
        end = min(box["y"] + box["height"] + _MARGIN, _MOST_HEIGHT)
        clip: FloatRect = {"x": 0, "y": 0, "width": _WIDTH, "height": end}
        page.screenshot(path=self.folder / f"{name}.png", full_page=True, clip=clip)
        context.close()


@contextmanager
def camera(address: str, folder: Path) -> Iterator[Camera]:
    """A camera, until the context is left.

    Raises:
        RuntimeError: there is no Chromium; says how to get one.
    """
    found = subprocess.run(
        ["/bin/sh", "tools/chromium.sh"], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise RuntimeError(found.stderr.strip())
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        # Without its sandbox, which root cannot have in a container; it visits this machine only.
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), chromium_sandbox=False)
        yield Camera(browser, address, folder)
        browser.close()


def _settled(page: Page) -> None:
    """Wait until no widget waits for an answer."""
    expect(page.locator("[aria-busy]")).to_have_count(0, timeout=_PATIENCE)
