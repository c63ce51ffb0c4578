"""Hold the command line to its promise: wrong use is status 2 and one line, help is help."""

import sys

import pytest

from infra.cli import main


def _run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["harvestlane", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("words", [("nope",), ("route",), ("route", "--what"), ("roads", "nope")])
def test_wrong_use_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert _run(monkeypatch, *words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("harvestlane: ")
    assert said.err.count("\n") == 1
    assert "--help" in said.err


def test_without_words_it_says_what_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch) == 2
    assert "Commands:" in capsys.readouterr().err


def test_an_expected_error_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HARVESTLANE_PORT", "many")
    assert _run(monkeypatch, "status") == 1
    said = capsys.readouterr().err
    assert said.startswith("harvestlane: HARVESTLANE_PORT")
    assert said.count("\n") == 1
