"""Takes pictures of the page at moments of the story, for the documents; needs the tests' Chromium."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from local.browser import chromium, settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, FloatRect

_WIDTH, _HEIGHT = 1200, 700  # of the window, in pixels
_MOST_HEIGHT = 1300  # pixels of a picture; what is further down is cut off
_MARGIN = 16  # pixels below the widget
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
        settled(page)
        if group is not None:
            page.get_by_role("button", name=group, exact=True).click()
            settled(page)
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
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        yield Camera(browser, address, folder)
