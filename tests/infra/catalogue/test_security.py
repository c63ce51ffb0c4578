"""Test that every line of the table of security names a test that there is, or says what lacks."""

import re
from pathlib import Path

import pytest

from infra.settings import PROJECT

_PAGE = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
_ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in _PAGE.partition("| line | how it is met | shown by |")[2].splitlines()[2:]
    if line.startswith("|")
]


def _is_there(name: str) -> bool:
    path, _, test = name.partition("::")
    file = PROJECT / Path(path)
    return file.is_file() and bool(
        re.search(
            rf"^(async )?def {re.escape(test)}\(", file.read_text(encoding="utf-8"), re.MULTILINE
        )
    )


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row[0].split(" ")[0])
def test_every_line_is_shown_by_a_test_or_says_what_lacks(row: list[str]) -> None:
    _, how, shown = row
    if shown == "–":
        assert "**not met**" in how or "**partly**" in how
        return
    names = re.findall(r"`([^`]+)`", shown)
    assert names
    assert [name for name in names if not _is_there(name)] == []


def test_the_table_is_read() -> None:
    assert len(_ROWS) > 50
    assert not _is_there("tests/api/test_headers.py::test_nothing")
