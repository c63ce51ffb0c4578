"""The document lists every heading that is understood, and names only what there is."""

from __future__ import annotations

from typing import get_args

import pytest

from api.imports.findings import CODES
from api.imports.grid import MOST_COLUMNS, MOST_ROWS
from api.imports.words import WORDS, Kind
from infra.settings import PROJECT

TEXT = (PROJECT / "docs" / "imports.md").read_text(encoding="utf-8")


def table(kind: str) -> str:
    """Write the table of one kind's headings."""
    lines = [f"### {kind}", "| says | headings |", "|---|---|"]
    for field, headings in WORDS["headings"][kind].items():
        name = f"**`{field}`**" if field in WORDS["required"][kind] else f"`{field}`"
        lines.append(f"| {name} | {', '.join(headings)} |")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_heading_stands_in_the_document(kind: str) -> None:
    assert table(kind) in TEXT


def test_every_column_that_is_left_out_stands_in_the_document() -> None:
    assert f"Known and not read: {', '.join(WORDS['left_out'])}." in TEXT


def test_the_bounds_are_the_codes() -> None:
    assert f"{MOST_ROWS:,} rows, {MOST_COLUMNS} columns" in TEXT


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_a_cell_is_said_in_two_languages(code: str) -> None:
    vietnamese, english = CODES[code]
    assert f"| `{code}` | {vietnamese.replace('|', '/')} | {english} |" in TEXT
