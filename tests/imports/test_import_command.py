"""The command shows what the API says of a file, and ends with 1 where cells are wrong."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.settings import Settings
from infra.stack.record import Record, held
from tests.infra.program import Program

TOLD: dict[str, Any] = {
    "sheets": [{"name": "Sheet1", "status": "read", "header_row": 4}],
    "columns": [
        {"cell": "Sheet1!B4", "heading": "Trọng tải", "field": "payload_kg", "unit": "tan"},
        {"cell": "Sheet1!C4", "heading": "Số khung", "field": None, "unit": None},
    ],
    "rows": 2,
    "changes": {"new": 1, "changed": 0, "unchanged": 0},
    "passed_over": ["Sheet1!A9"],
    "assumed": ["vehicle_class"],
    "error_count": 0,
    "errors": [],
    "committed": False,
    "event_count": 1,
    "people_count": 0,
}
WRONG = {
    **TOLD,
    "error_count": 1,
    "errors": [
        {
            "cell": "Sheet1!B5",
            "field": "payload_kg",
            "value": "abc",
            "code": "not_a_number",
            "message_vi": "Không phải số",
            "message_en": "no number",
        }
    ],
}


class Api(ThreadingHTTPServer):
    """Answers every request with what it was told to, and keeps what was asked."""

    def __init__(self, port: int) -> None:
        self.says: tuple[int, dict[str, Any]] = (200, TOLD)
        self.asked: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, self.headers["content-type"]))
        status, told = self.server.says
        body = json.dumps({**told, "committed": "commit=true" in self.path}).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    """Give the program, and a file."""
    (tmp_path / "xe.csv").write_text("BKS", encoding="utf-8")
    return Program(tmp_path, monkeypatch, capsys)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """Give an API where the folder's stack says it runs."""
    settings = Settings.throwaway(tmp_path)
    for name, value in settings.environment().items():
        if name.startswith("HARVESTLANE_"):
            monkeypatch.setenv(name, value)
    with held(settings), Api(settings.port) as server:
        Record(os.getpid(), True, settings.model_dump(mode="json"), ()).write(settings)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_preview_is_told_in_lines(api: Api, program: Program) -> None:
    ended = program.run("import", "trucks", str(program.folder / "xe.csv"), "--region", "ca-mau")
    assert ended.status == 0
    assert "Sheet1: headings end in row 4" in ended.out
    assert "payload_kg (tan)" in ended.out
    assert "2 rows: 1 new, 0 changed, 0 unchanged, 0 errors" in ended.out
    assert "nothing is written; --commit writes it" in ended.out
    assert api.asked == [("/v1/imports/trucks?region=ca-mau&commit=false", "text/csv")]


def test_a_commit_is_previewed_first(api: Api, program: Program) -> None:
    ended = program.run("import", "lots", str(program.folder / "xe.csv"), "--commit", "--json")
    assert (ended.status, json.loads(ended.out)["committed"]) == (0, True)
    assert [path[-12:] for path, _ in api.asked] == ["commit=false", "?commit=true"]


def test_wrong_cells_are_named_and_nothing_is_committed(api: Api, program: Program) -> None:
    api.says = (200, WRONG)
    ended = program.run("import", "trucks", str(program.folder / "xe.csv"), "--commit")
    assert ended.status == 1
    assert "Sheet1!B5 payload_kg 'abc': Không phải số / no number" in ended.out
    assert len(api.asked) == 1


def test_a_file_that_cannot_be_read_is_one_line(api: Api, program: Program) -> None:
    api.says = (422, {"title": "The file cannot be read", "detail": "save it as .xlsx"})
    ended = program.run("import", "trucks", str(program.folder / "xe.csv"))
    assert ended.status == 1
    assert ended.err == "harvestlane: The file cannot be read: save it as .xlsx\n"


@pytest.mark.parametrize("words", [("boats", "xe.csv"), ("trucks", "nowhere.csv"), ("trucks",)])
def test_wrong_use_is_status_2(program: Program, words: tuple[str, ...]) -> None:
    file = [str(program.folder / word) if word.endswith(".csv") else word for word in words]
    assert program.run("import", *file).status == 2
