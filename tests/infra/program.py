"""Run the program in this process, as its commands' tests do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from infra import cli

if TYPE_CHECKING:
    from pathlib import Path


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


class Program:
    """The whole program, and a folder for its files."""

    def __init__(
        self, folder: Path, patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self._patch, self._out = patch, out

    def run(self, *words: str) -> Ended:
        """Run the program with these words."""
        self._patch.setattr(sys, "argv", ["harvestlane", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = self._out.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, printed.out, printed.err)
