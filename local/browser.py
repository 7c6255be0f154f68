"""A real Chromium without a window: for the tests of the page, and for the pictures in the documents.

Sources: Playwright for Python, "Browser type" and "Page".
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

_ROOT = Path(__file__).parents[1]
_QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SLOWEST = 20_000  # milliseconds for the first call of a function on a busy machine


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium, until the context is left.

    As long as it is there, nothing else in this process can start an event loop.

    Raises:
        RuntimeError: there is none; says how to get one.
    """
    found = subprocess.run(
        ["/bin/sh", "tools/chromium.sh"], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise RuntimeError(found.stderr.strip())
    with sync_playwright() as playwright:
        # Without its sandbox, which root cannot have in a container; it visits this machine only.
        browser = playwright.chromium.launch(
            executable_path=found.stdout.strip(), headless=True, chromium_sandbox=False, args=_QUIET
        )
        yield browser
        browser.close()


def settled(page: Page) -> None:
    """Wait until no widget waits for an answer."""
    expect(page.locator("[aria-busy]")).to_have_count(0, timeout=_SLOWEST)
