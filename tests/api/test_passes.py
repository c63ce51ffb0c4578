"""What verifiers of passes are told, and that no private key is ever opened."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.passes import public_part
from api.rights import MAY_POST
from infra.passes.store import Store
from schemas.passes.errors import Unreadable
from schemas.passes.keys import Trust
from schemas.passes.lists import read_revocations
from tests.api.conftest import NOTHING, Stand, standing
from tests.passes.make_vectors import vectors

VECTORS: dict[str, Any] = vectors()
NOW = datetime(2021, 8, 21, tzinfo=UTC)


def _filled(folder: Path) -> Path:
    """Make a folder as the stack has it, with a private key."""
    store = Store(folder)
    store.add("ES256", issuer="so-gtvt-kien-giang", now=NOW, until=None)
    Path(store.trust_path).write_text(json.dumps(VECTORS["trust"]), encoding="utf-8")
    store.put("revocations", VECTORS["revocations"]["this"])
    store.put("bulletin", next(iter(VECTORS["bulletins"].values())))
    return folder


@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_without_a_folder_the_lists_are_empty(folder: Path | None) -> None:
    assert json.loads(public_part(folder)) == {"keys": [], "revocations": None, "bulletin": None}


def test_what_is_told_verifies(tmp_path: Path) -> None:
    told = json.loads(public_part(_filled(tmp_path / "passes")))
    trust = Trust.from_doc({"keys": told["keys"]})
    assert trust == Trust.from_doc(VECTORS["trust"])
    assert read_revocations(told["revocations"], trust).pass_ids
    assert told["bulletin"].startswith("HLB1:")


def test_only_the_public_files_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _filled(tmp_path / "passes")
    assert list(folder.glob("*.pem"))
    opened: list[str] = []
    real = io.open

    def spied(file: Any, *rest: Any, **options: Any) -> Any:
        if Path(str(file)).parent == folder:
            opened.append(Path(str(file)).name)
        return real(file, *rest, **options)

    monkeypatch.setattr(io, "open", spied)
    told = public_part(folder)
    assert sorted(opened) == ["bulletin.txt", "revocations.txt", "trust.json"]
    assert b"PRIVATE" not in told


def test_what_else_the_file_of_keys_says_goes_to_nobody(tmp_path: Path) -> None:
    key = {**VECTORS["trust"]["keys"][0], "d": "c2VjcmV0", "note": "x"}
    (tmp_path / "trust.json").write_text(json.dumps({"keys": [key]}), encoding="utf-8")
    (told,) = json.loads(public_part(tmp_path))["keys"]
    assert "d" not in told
    assert "note" not in told
    assert told["kid"] == key["kid"]


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("trust.json", '{"keys": [{"kid": "00"}]}', Unreadable),
        ("trust.json", "no json", ValueError),
        ("revocations.txt", "x" * 4_000_001, ValueError),
    ],
)
def test_damaged_files_are_no_empty_lists(
    tmp_path: Path, name: str, text: str, error: type[Exception]
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error):
        public_part(tmp_path)


async def test_every_role_reads_them_once_without_redis(tmp_path: Path) -> None:
    folder = _filled(tmp_path / "passes")
    async with standing(NOTHING, tmp_path, passes_dir=folder) as stand:
        for role in MAY_POST:
            answer = await stand.ask("GET", "/v1/passes/lists", role=role)
            assert answer.status_code == 200
            assert len(answer.json()["keys"]) == len(VECTORS["trust"]["keys"])
        known = {"if-none-match": answer.headers["etag"]}
        again = await stand.ask("GET", "/v1/passes/lists", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        Store(folder).put("revocations", VECTORS["revocations"]["none"])
        assert (await stand.ask("GET", "/v1/passes/lists", headers=known)).status_code == 200
        assert (await stand.ask("GET", "/v1/passes/lists", role=None)).status_code == 401


async def test_a_stack_without_passes_answers_empty_lists(blind: Stand) -> None:
    answer = await blind.ask("GET", "/v1/passes/lists", role="observer")
    assert answer.json() == {"keys": [], "revocations": None, "bulletin": None}
    described = blind.app.openapi()["paths"]["/v1/passes/lists"]["get"]
    assert described["security"] == [{"token": []}, {"session": []}]
    assert {"200", "304", "default"} <= described["responses"].keys()


async def test_our_own_pages_may_use_the_camera_and_nobody_else(blind: Stand) -> None:
    answer = await blind.ask("GET", "/healthz", role=None)
    assert "camera=(self)" in answer.headers["permissions-policy"]
