"""See an officer check passes without a network: a good one is green, a forged one red."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from infra.passes.picture import draw
from tests.browser.chromium import Size, browse
from tests.browser.fake import PAGES, Fake
from tests.browser.test_offline import Server
from tests.browser.world import World

pytestmark = pytest.mark.browser

_WAIT_MS = 10_000
_AWAY = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
_VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "passes" / "vectors.json").read_text(encoding="utf-8")
)
_TEXTS = {each["name"]: each["text"] for each in _VECTORS["passes"]}
_GOOD = _TEXTS["good_ES256"]
_FORGED = next(p["text"] for p in _VECTORS["passes"] if p["code"] == "bad_signature")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Run one fake stack that knows the keys and lists of the vectors."""
    if not (PAGES / "index.html").is_file():
        pytest.skip("the pages are not built; `make setup` builds them")
    fake = Fake(World(trucks=20), speed=1)
    fake.passes = {
        "keys": _VECTORS["trust"]["keys"],
        "revocations": _VECTORS["revocations"]["none"],
        "bulletin": _VECTORS["bulletins"]["none"],
    }
    running = Server(fake)
    yield running
    running.close()


def _log_in_and_go_offline(page: Page, url: str) -> None:
    page.goto(f"{url}/login#checkpoint_officer!cp-rach-soi")
    page.wait_for_selector("[data-state=live]", timeout=_WAIT_MS)
    _wait_until_kept(page, "passes")
    page.context.set_offline(offline=True)


def _wait_until_kept(page: Page, *names: str) -> None:
    for _ in range(100):
        kept = page.evaluate("Object.keys(localStorage)")
        if all(f"harvestlane.{name}" in kept for name in names):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the page kept no {' and no '.join(names)}")


def _check(page: Page, text: str) -> str | None:
    """Paste a text and return the verdict's code."""
    page.fill("[data-testid=pass-text]", text + "\n")
    page.click("[data-testid=pass] button[type=submit]")
    return page.get_attribute("[data-testid=verdict]", "data-code")


def test_a_good_pass_is_green_and_goes_along_with_the_decision(
    server: Server, tmp_path: Path
) -> None:
    """Scanned from a picture, without a network; what was decided then names the pass."""
    picture = tmp_path / "pass.png"
    draw(_GOOD, picture)
    with browse(Size.PHONE, expected=_AWAY) as page:
        _log_in_and_go_offline(page, server.url)
        page.click("[data-testid=check-pass]")
        page.set_input_files("[data-testid=pass] input[type=file]", picture)
        page.wait_for_selector("[data-verdict=good]", timeout=_WAIT_MS)
        assert page.inner_text(".verdict strong") == "HỢP LỆ"
        assert page.locator("text=Hãy so biển số trên xe với 68C-123.45").count() == 1
        page.click("text=Mở xe 68C-123.45")
        page.wait_for_selector("text=Số giấy này được ghi cùng quyết định.")
        page.click(".decide .primary")
        page.wait_for_selector("[data-state=waiting][data-decision=cleared]")
        page.context.set_offline(offline=False)
        page.wait_for_selector("[data-state=sent][data-decision=cleared]", timeout=_WAIT_MS)
    sent = server.fake.posted[-1]
    assert (sent["plate"], sent["pass_id"]) == ("68C-123.45", "MFRGGZDFMZTWQ2LK")


def test_a_forged_or_anothers_pass_is_red_and_stays_out_of_the_decision(server: Server) -> None:
    """The plate that was looked up is compared by itself."""
    with browse(Size.PHONE, expected=_AWAY) as page:
        _log_in_and_go_offline(page, server.url)
        page.click("[data-testid=check-pass]")
        assert _check(page, _FORGED) == "bad_signature"
        page.wait_for_selector("[data-verdict=bad]")
        assert page.inner_text(".verdict strong") == "KHÔNG HỢP LỆ"
        assert page.locator("[data-testid=pass] .plate").count() == 0
        page.fill("[data-testid=plate]", "99X 777.77")
        page.click("text=Ghi nhận theo biển số này")
        page.click("[data-testid=check-pass]")
        assert _check(page, _GOOD) == "wrong_vehicle"
        page.click(".decide .primary")
        page.context.set_offline(offline=False)
        page.wait_for_selector("[data-state=sent][data-decision=cleared]", timeout=_WAIT_MS)
    sent = server.fake.posted[-1]
    assert sent["plate"] == "99X-777.77"
    assert "pass_id" not in sent


def test_the_lists_are_still_there_when_the_page_opens_again_offline(server: Server) -> None:
    """Reloaded without a network the page judges by what it kept."""
    with browse(Size.PHONE, expected=_AWAY) as page:
        page.goto(f"{server.url}/login#checkpoint_officer!cp-rach-soi")
        page.wait_for_selector("[data-state=live]", timeout=_WAIT_MS)
        page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        _wait_until_kept(page, "state", "passes")
        page.context.set_offline(offline=True)
        page.reload()
        page.wait_for_selector("[data-testid=offline]", timeout=_WAIT_MS)
        page.click("[data-testid=check-pass]")
        assert _check(page, _GOOD) == "valid"
        assert page.locator("[data-testid=ages] dd").first.inner_text() != "chưa có"
