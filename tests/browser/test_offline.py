"""See what the phone pages do when the network goes, on a stand-in for the API."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from tests.browser.chromium import Size, browse
from tests.browser.fake import PAGES, Fake, create_app
from tests.browser.world import World

pytestmark = pytest.mark.browser

_WAIT_MS = 30_000


class Server:
    """A fake stack that runs in a thread."""

    def __init__(self, fake: Fake) -> None:
        self.fake = fake
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(create_app(fake), log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()

    async def _run(self) -> None:
        moving = asyncio.create_task(self.fake.run())
        await self._server.serve(sockets=[self._socket])
        moving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await moving

    def close(self) -> None:
        """Stop the server."""
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Run one fake stack for the module."""
    if not (PAGES / "index.html").is_file():
        pytest.skip("the pages are not built; `make setup` builds them")
    running = Server(Fake(World(trucks=40), speed=1))
    yield running
    running.close()


def test_clearance_entered_offline_is_sent_once_when_the_network_is_back(server: Server) -> None:
    """It is kept and shown as waiting, then sent with the moment of the decision."""
    with browse(Size.PHONE, expected=("ERR_INTERNET_DISCONNECTED",)) as page:
        page.goto(f"{server.url}/login#checkpoint_officer!cp-rach-soi")
        page.wait_for_selector("[data-state=live]", timeout=_WAIT_MS)
        page.context.set_offline(offline=True)
        page.fill("[data-testid=plate]", "99X 777.77")
        page.click("text=Ghi nhận theo biển số này")
        page.click("text=Tạm giữ…")
        page.select_option("form select", "papers_missing")
        page.click("text=Tạm giữ xe")
        page.wait_for_selector("[data-state=waiting][data-decision=held]")
        assert server.fake.posted == []
        page.context.set_offline(offline=False)
        page.wait_for_selector("[data-state=sent][data-decision=held]", timeout=_WAIT_MS)
    assert len(server.fake.posted) == 1
    sent = server.fake.posted[0]
    assert (sent["plate"], sent["reason_code"], sent["people_count"]) == (
        "99X-777.77",
        "papers_missing",
        1,
    )
    assert sent["time"].startswith("2021-08-24")


def test_every_page_says_how_to_log_in(server: Server) -> None:
    """Without a session no page stays empty."""
    with browse(Size.PHONE, expected=("401",)) as page:
        for path in ("/", "/haulier", "/checkpoint"):
            page.goto(f"{server.url}{path}")
            page.wait_for_selector("text=Bạn chưa đăng nhập", timeout=_WAIT_MS)
        page.goto(f"{server.url}/login")
        page.wait_for_selector("[data-testid=login-name]", timeout=_WAIT_MS)
        assert page.locator("html").get_attribute("lang") == "vi"


def test_language_switch_is_remembered(server: Server) -> None:
    """English is one touch away, stays after a reload, and the page says so in `lang`."""
    with browse(Size.DESK) as page:
        page.goto(f"{server.url}/login#dispatcher")
        page.wait_for_selector("[data-state=live]", timeout=_WAIT_MS)
        page.click(".language [lang=en]")
        page.wait_for_selector("#tab-lots:has-text('Lots')")
        page.reload()
        page.wait_for_selector("#tab-lots:has-text('Lots')", timeout=_WAIT_MS)
        assert page.locator("html").get_attribute("lang") == "en"


def test_phone_pages_hold_no_target_that_is_too_small(server: Server) -> None:
    """Buttons and fields of the phone pages are at least 44 px high."""
    with browse(Size.PHONE) as page:
        page.goto(f"{server.url}/login#checkpoint_officer!cp-rach-soi")
        page.wait_for_selector("[data-state=live]", timeout=_WAIT_MS)
        page.fill("[data-testid=plate]", "68C")
        page.click("[data-testid=found] .trip")
        heights = page.eval_on_selector_all(
            "button, input, select", "found => found.map(each => each.offsetHeight)"
        )
        assert heights
        assert min(heights) >= 44


def test_checkpoint_page_opens_again_without_a_network(server: Server) -> None:
    """Reloaded offline it knows the vehicles, takes a decision, and sends it once later."""
    before = len(server.fake.posted)
    with browse(Size.PHONE, expected=("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")) as page:
        page.goto(f"{server.url}/login#checkpoint_officer!cp-rach-soi")
        page.wait_for_selector("[data-state=live]", timeout=_WAIT_MS)
        page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        for _ in range(60):
            if page.evaluate("localStorage.getItem('harvestlane.state') !== null"):
                break
            page.wait_for_timeout(500)
        page.context.set_offline(offline=True)
        page.reload()
        page.wait_for_selector("[data-testid=offline]", timeout=_WAIT_MS)
        page.fill("[data-testid=plate]", "68c")
        page.click("[data-testid=found] .trip")
        page.wait_for_selector("[data-testid=vehicle]")
        page.click(".decide .primary")
        page.wait_for_selector("[data-state=waiting][data-decision=cleared]")
        page.context.set_offline(offline=False)
        page.wait_for_selector("[data-state=sent][data-decision=cleared]", timeout=_WAIT_MS)
        page.wait_for_selector("[data-testid=connection][data-state=live]", timeout=_WAIT_MS)
    assert len(server.fake.posted) == before + 1


def test_logging_out_ends_the_session(server: Server) -> None:
    """One touch, and the page says how to log in again."""
    with browse(Size.PHONE, expected=("401",)) as page:
        page.goto(f"{server.url}/login#haulier!haulier-01")
        page.wait_for_selector("[data-state=live]", timeout=_WAIT_MS)
        page.click(".log-out")
        page.wait_for_selector("text=Bạn chưa đăng nhập", timeout=_WAIT_MS)
        assert page.evaluate("localStorage.getItem('harvestlane.session')") is None


def test_haulier_declines_an_offer_with_a_reason(server: Server) -> None:
    """A reason has to be chosen; the offer then stands among the past ones, without buttons."""
    offered = [
        each
        for each in server.fake.world.states["assignment"].values()
        if each["status"] == "proposed"
    ]
    assert offered
    haulier, assignment = offered[0]["haulier_id"], offered[0]["assignment_id"]
    with browse(Size.PHONE) as page:
        page.goto(f"{server.url}/login#haulier!{haulier}")
        page.click(f"[data-id='{assignment}']", timeout=_WAIT_MS)
        page.click("text=Từ chối…")
        assert page.is_disabled("text=Từ chối chuyến này")
        page.select_option("form select", "no_driver")
        page.click("text=Từ chối chuyến này")
        page.wait_for_selector("[data-testid=offer-status][data-status=declined]", timeout=_WAIT_MS)
        page.wait_for_selector("[data-testid=outcome] .note.good", timeout=_WAIT_MS)
        assert page.locator(".offer-actions button").count() == 0
    assert server.fake.world.states["assignment"][assignment]["reason"] == "no_driver"


def test_map_starts_without_what_the_legend_hides(server: Server) -> None:
    """Delivered lots are struck out in the legend at first; a touch shows them."""
    with browse(Size.DESK) as page:
        page.goto(f"{server.url}/login#dispatcher")
        page.wait_for_selector(".maplibregl-canvas", timeout=_WAIT_MS)
        key = page.locator(".legend-key", has_text="Đã giao")
        assert key.get_attribute("aria-pressed") == "false"
        key.click()
        assert key.get_attribute("aria-pressed") == "true"
