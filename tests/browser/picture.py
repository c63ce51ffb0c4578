"""Take the README's picture of the dispatcher's page from a running stack.

`python -m tests.browser.picture LOGIN_LINK [--out FILE] [--tab NAME] [--phone]`, where the link is
one that `harvestlane up` or `make run` prints.
"""

import argparse
from pathlib import Path

from playwright.sync_api import ViewportSize

from tests.browser.chromium import Size, browse

_OUT = Path(__file__).parents[2] / "docs" / "pictures" / "dispatcher.png"
_README: ViewportSize = {"width": 1340, "height": 840}
"""Large enough to read, small enough for a repository."""


def main() -> None:
    """Open the link, wait until the map moves, write the picture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("link")
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument("--tab", default="lots", help="alerts, lots, assignments, trucks or places")
    parser.add_argument("--pick", help="the id of a row to open")
    parser.add_argument("--whole", action="store_true", help="show the whole area again after it")
    parser.add_argument("--wait", type=float, default=12.0, help="seconds for the map to fill")
    parser.add_argument("--phone", action="store_true")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with browse(Size.PHONE if options.phone else Size.DESK) as page:
        if not options.phone:
            page.set_viewport_size(_README)
        page.goto(options.link)
        page.wait_for_selector("[data-state=live], [data-state=held]", timeout=60_000)
        if page.query_selector(f"#tab-{options.tab}"):
            page.click(f"#tab-{options.tab}")
        if options.pick:
            page.click(f"[data-id='{options.pick}']")
        if options.whole:
            page.click(".whole-area")
        page.wait_for_timeout(options.wait * 1000)
        page.screenshot(path=options.out)


if __name__ == "__main__":
    main()
