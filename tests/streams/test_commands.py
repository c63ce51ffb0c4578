"""Name why a command came at the wrong time by one plain word."""

import re

import pytest

from schemas.assignment import ACTIVE
from streams.commands import _wrong_status

_CODE = re.compile(r"[a-z]+(_[a-z]+)*")


@pytest.mark.parametrize("status", ["proposed", "accepted", "loaded", "delivered", "cancelled"])
@pytest.mark.parametrize("wanted", [("proposed",), ("proposed", "accepted"), ("active",)])
def test_a_wrong_status_is_named_by_a_code_without_spaces(
    status: str, wanted: tuple[str, ...]
) -> None:
    code, detail = _wrong_status({"status": status}, *wanted)
    assert _CODE.fullmatch(code)
    assert (code == f"already_{status}") == (status not in ACTIVE)
    assert detail.endswith(f"it would have to be {' or '.join(wanted)}.")


def test_what_may_be_changed_only_before_loading_is_not_open_after_it() -> None:
    assert _wrong_status({"status": "loaded"}, "proposed", "accepted")[0] == "not_open"
