"""Read the data tables that ship with the package."""

from __future__ import annotations

import csv
from importlib.resources import files


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of one table of ``routing/data``.

    Parameters
    ----------
    name
        File name without its ending.

    Returns
    -------
    list
        One dictionary a row, values as text, in the order of the file.
    """
    text = files("routing").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
