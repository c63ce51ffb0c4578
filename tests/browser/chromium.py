"""Open pages in Debian's Chromium, and hold every complaint of theirs."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

_ARGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


class Size(Enum):
    """How large a screen is, in CSS pixels."""

    DESK = (1440, 900)
    PHONE = (390, 844)


def chromium() -> str:
    """Return the path of Debian's Chromium; skip the test where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("chromium is not installed; `make setup` installs it")
    return found


@contextmanager
def context(size: Size) -> Iterator[BrowserContext]:
    """Run a browser with one context.

    Parameters
    ----------
    size
        Of its screen.
    """
    width, height = size.value
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=_ARGS)
        yield browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=2 if size is Size.PHONE else 1,
            has_touch=size is Size.PHONE,
            locale="vi-VN",
            timezone_id="UTC",
        )
        browser.close()


@contextmanager
def browse(size: Size, *, expected: tuple[str, ...] = ()) -> Iterator[Page]:
    """Open one page that must not complain.

    Parameters
    ----------
    size
        Of the screen.
    expected
        Parts of complaints that the test provokes.

    Raises
    ------
    AssertionError
        The page wrote an error to its console, or a script of it failed.
    """
    with context(size) as opened:
        page = opened.new_page()
        complaints = complaints_of(page)
        yield page
        left = [each for each in complaints if not any(part in each for part in expected)]
        assert not left, left


def complaints_of(page: Page) -> list[str]:
    """Collect what a page complains of from now on: failed scripts, refused content, bad answers.

    Parameters
    ----------
    page
        The page.
    """
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    return complaints
