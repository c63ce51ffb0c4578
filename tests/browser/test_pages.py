"""Follow one path on each page, on a stack of real parts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from infra.stack import Stack
from tests.browser.chromium import Size, browse
from tests.browser.field import CHECKPOINT, HAULIER, LOT, TRUCK, Field

pytestmark = pytest.mark.browser

_WAIT_MS = 60_000
_LEAST_PICTURE_BYTES = 20_000


@pytest.fixture(scope="module")
def field(stack: Stack) -> Iterator[Field]:
    """Run a stack that knows a port, a checkpoint, a truck and a lot."""
    found = Field(stack.settings)
    found.populate()
    yield found
    found.close()


def test_dispatcher_sees_a_truck_and_a_lot_and_the_truck_move(field: Field) -> None:
    """The map is drawn, the lot is listed, and a new position shows without a reload."""
    with browse(Size.DESK) as page:
        page.goto(field.link("dispatcher"))
        page.wait_for_selector("[data-testid=connection][data-state=live]", timeout=_WAIT_MS)
        assert "#" not in page.url
        page.click("#tab-lots")
        page.wait_for_selector(f"[data-id='{LOT}']", timeout=_WAIT_MS)
        page.click("#tab-trucks")
        page.fill("input[type=search]", "68c12345")
        page.click(f"[data-id='{TRUCK}']", timeout=_WAIT_MS)
        page.wait_for_selector("[data-testid=position]:has-text('10.0120, 105.0810')")
        field.move(lat=9.975, lon=105.101)
        page.wait_for_selector(
            "[data-testid=position]:has-text('9.9750, 105.1010')", timeout=_WAIT_MS
        )
        page.wait_for_selector(".maplibregl-canvas", timeout=_WAIT_MS)
        page.wait_for_timeout(1500)
        assert len(page.locator("[data-testid=map]").screenshot()) > _LEAST_PICTURE_BYTES
        assert page.get_by_text("OpenStreetMap").is_visible()


def test_haulier_accepts_an_offer_and_sees_it_accepted(field: Field) -> None:
    """The offer comes to the phone, is accepted, and stands among the trips under way.

    The stack is asked first, so that a failure says whether the planner or the page is at fault.
    """
    field.eventually(lambda: field.get("/v1/assignments")["items"])
    with browse(Size.PHONE) as page:
        page.goto(field.link("haulier", HAULIER, "/haulier"))
        page.click(".trip.proposed", timeout=_WAIT_MS)
        page.click("text=Nhận chuyến")
        page.wait_for_selector("[data-testid=offer-status][data-status=accepted]", timeout=_WAIT_MS)
        page.wait_for_selector("[data-testid=outcome] .note.good", timeout=_WAIT_MS)
        page.click(".back")
        expect(page.locator(".trip.accepted")).to_have_count(1, timeout=_WAIT_MS)


def test_officer_finds_a_truck_by_its_plate_and_clears_it(field: Field) -> None:
    """A plate typed without punctuation finds the truck; the clearance reaches the stack."""
    with browse(Size.PHONE) as page:
        page.goto(field.link("checkpoint_officer", CHECKPOINT, "/checkpoint"))
        page.fill("[data-testid=plate]", "68c12345", timeout=_WAIT_MS)
        page.click("[data-testid=found] .trip:has-text('68C-123.45')", timeout=_WAIT_MS)
        page.wait_for_selector("[data-testid=vehicle]")
        page.click("text=Xe đã đến")
        page.click(".group .trip:has-text('68C-123.45')", timeout=_WAIT_MS)
        page.click(".decide .primary")
        page.wait_for_selector(
            "[data-testid=decisions] [data-decision=cleared][data-state=sent]", timeout=_WAIT_MS
        )
        keeper = page.evaluate("navigator.serviceWorker.ready.then(it => it.active.scriptURL)")
        assert keeper.endswith("/worker.js"), "the page is kept for a reload without a network"
        seen = field.eventually(
            lambda: (
                (field.get(f"/v1/trucks/{TRUCK}")["last_checkpoint"] or {}).get("decision")
                == "cleared"
            )
        )
        assert seen
        page.wait_for_selector("text=Không có xe nào.", timeout=_WAIT_MS)


def test_link_that_was_used_says_what_to_do(field: Field) -> None:
    """A one-time link works once; opened again it tells so in Vietnamese, and leaves no code."""
    link = field.link("haulier", HAULIER, "/haulier")
    with browse(Size.PHONE) as page:
        page.goto(link)
        page.wait_for_url("**/haulier", timeout=_WAIT_MS)
        page.wait_for_selector("h1", timeout=_WAIT_MS)
    with browse(Size.PHONE, expected=("401",)) as page:
        page.goto(link)
        problem = page.wait_for_selector("[data-testid=login-problem]", timeout=_WAIT_MS)
        assert problem is not None
        assert "liên kết mới" in problem.inner_text()
        assert page.url.endswith("/login")


def test_a_new_user_sets_a_password_and_comes_back_by_it(field: Field) -> None:
    """The first code opens once, asks for a password, and name and password open ever after."""
    user = {"login": "htx-van-tai", "role": "haulier", "subject": HAULIER}
    link = field.invite(user)
    sentence = "con đò đưa lúa qua sông"
    with browse(Size.PHONE, expected=("401",)) as page:
        page.goto(link)
        page.fill("[data-testid=password-new]", sentence, timeout=_WAIT_MS)
        assert page.is_disabled("button[type=submit]")
        page.fill("[data-testid=password-again]", sentence)
        page.click("button[type=submit]")
        page.wait_for_url("**/haulier", timeout=_WAIT_MS)
        page.click(".log-out", timeout=_WAIT_MS)
        page.click("a[href='/login']", timeout=_WAIT_MS)
        page.fill("[data-testid=login-name]", "htx-van-tai", timeout=_WAIT_MS)
        page.fill("[data-testid=login-password]", "con đò đưa lúa qua sôg")
        page.click("button[type=submit]")
        problem = page.wait_for_selector("[data-testid=login-problem]", timeout=_WAIT_MS)
        assert problem is not None
        assert "không đúng" in problem.inner_text()
        page.fill("[data-testid=login-password]", sentence)
        page.click("button[type=submit]")
        page.wait_for_url("**/haulier", timeout=_WAIT_MS)
        page.wait_for_selector("[data-testid=connection][data-state=live]", timeout=_WAIT_MS)
