"""The commands `regimes …` answer as docs/contract.md says."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.cli import main
from schemas.regimes.load import bundled

Run = Callable[..., tuple[int, str, str]]
AT = ("--at", "2021-09-10T08:00:00+07:00")
FILE = """
id = "R.1"
name = { vi = "một", en = "one" }
matter = "epidemic"
level = "province"
issuer = "Kiên Giang"
where = { regions = ["kien-giang"] }

[[periods]]
valid_from = 2021-09-08
assumed = "for a test"

[[rules]]
id = "seafood"
effect = "permit"
permit = "seafood"
assumed = "for a test"
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["harvestlane", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "r1.toml").write_text(FILE, encoding="utf-8")
    return tmp_path


def test_the_list_tells_state_and_place(run: Run) -> None:
    status, out, err = run("regimes", "list", *AT, "--json")
    assert (status, err) == (0, "")
    states = {doc["id"]: doc["state"] for doc in json.loads(out)["regimes"]}
    assert set(states) == {regime.id for regime in bundled().regimes}
    assert states["308-KH-TB.1"] == "in force"
    assert states["308-KH-TB.2"] == "prepared"
    assert states["can-tho-yards-2021"] == "over"
    _, early, _ = run("regimes", "list", "--at", "2021-07-01T00:00:00+07:00")
    assert "308-KH-TB.1              to come" in early


def test_the_list_of_a_place_has_what_is_in_force_there(run: Run) -> None:
    _, out, _ = run("regimes", "list", *AT, "--place", "ca-mau", "--suppose", "storm", "--json")
    ids = {doc["id"] for doc in json.loads(out)["regimes"]}
    assert {"107-KH-UBND.1", "storm", "1570-QD-BGTVT"} <= ids
    assert not {"308-KH-TB.1", "107-KH-UBND.2"} & ids


def test_one_regime_is_shown_with_its_sources(run: Run) -> None:
    status, out, _ = run("regimes", "show", "308-KH-TB.1", *AT)
    assert status == 0
    assert "308/KH-TB: transport" in out
    assert "assumed: " in out
    status, out, _ = run("regimes", "show", "308-KH-TB.1", *AT, "--json")
    doc = json.loads(out)
    assert (status, doc["id"], doc["state"]) == (0, "308-KH-TB.1", "in force")


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ((), 1, "paper_missing"),
        (("--pass", "--paper", "declared_itinerary", "--stage", "en_route"), 0, "allowed"),
        (("--paper", "declared_itinerary", "--stage", "en_route"), 1, "pass_missing"),
    ],
)
def test_a_trip_is_judged(run: Run, words: tuple[str, ...], status: int, code: str) -> None:
    asked = ("regimes", "ask", *AT, "--place", "kien-giang", "--purpose", "goods", *words)
    ended, out, err = run(*asked, "--json")
    doc = json.loads(out)
    assert (ended, err, doc["allowed"]["code"]) == (status, "", code)
    assert doc["pass_required"]["yes"] is True
    ended, out, _ = run(*asked)
    assert ended == status
    assert code in out.splitlines()[0]


def test_a_point_says_which_zones_it_lies_in(run: Run) -> None:
    words = ("regimes", "ask", *AT, "--suppose", "storm", "--purpose", "goods", "--json")
    for point, yes in (("10.28,104.3", False), ("10.012,105.081", True)):
        _, out, _ = run(*words, "--point", point, "--place", "kien-giang")
        assert json.loads(out)["may_enter"]["yes"] is yes


def test_a_bulletin_from_regimes_is_signed_and_verified(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    keys, rules = tmp_path / "keys", tmp_path / "rules.json"
    status, out, _ = run("regimes", "bulletin", *AT, "--dir", str(folder))
    assert status == 0
    rules.write_text(out, encoding="utf-8")
    store = ("--keys", str(keys), *AT)
    assert run("pass", "keys", "new", "--issuer", "so-gtvt", *store)[0] == 0
    assert run("pass", "bulletin", str(rules), *store)[0] == 0
    words = ("--plate", "68C-123.45", "--corridor", "k1", "--until", "2021-09-20T00:00:00+07:00")
    for permits, code in (((), "permit_missing"), (("--permit", "seafood"), "valid")):
        _, text, _ = run("pass", "issue", *words, *permits, *store)
        seen = ("--place", "kien-giang", "--json", *store)
        _, out, _ = run("pass", "verify", text.strip(), *seen)
        assert json.loads(out)["code"] == code


def test_files_are_checked_and_the_field_is_named(run: Run, folder: Path) -> None:
    status, out, _ = run("regimes", "check", str(folder))
    assert (status, "R.1" in out) == (0, True)
    bad = folder / "bad.toml"
    bad.write_text(FILE.replace('permit = "seafood"', ""), encoding="utf-8")
    status, out, err = run("regimes", "check", str(bad))
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert f"{bad}: rules[0 seafood]: the effect permit needs `permit`" in err
    bad.write_text(FILE, encoding="utf-8")
    status, _, err = run("regimes", "check", str(folder))
    assert (status, "R.1 is there twice" in err) == (1, True)
    bad.write_bytes(b"\xff")
    assert run("regimes", "check", str(bad))[0] == 1
    assert run("regimes", "list", "--dir", str(folder / "none"))[0] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("show", "nope"),
        ("list", "--at", "2021-09-10T08:00:00"),
        ("list", "--suppose", "nope"),
        ("ask", "--place", "saigon"),
        ("ask", "--point", "here"),
        ("ask", "--vehicle", "cart"),
        ("ask", "--paper", "blood"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(run: Run, words: tuple[str, ...]) -> None:
    status, out, err = run("regimes", *words)
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_the_schema_describes_the_file(run: Run) -> None:
    status, out, _ = run("regimes", "schema")
    doc = json.loads(out)
    assert (status, doc["title"]) == (0, "Regime")
    assert {"id", "rules", "periods", "where"} <= set(doc["properties"])
