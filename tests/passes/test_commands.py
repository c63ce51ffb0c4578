"""The commands issue, verify, revoke and rotate as docs/passes.md says."""

import io
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.cli import main
from infra.passes.store import Store

AT = "2021-08-20T07:00:00+07:00"
LATER = "2021-08-21T07:00:00+07:00"
UNTIL = "2021-08-27T07:00:00+07:00"


class Desk:
    """Runs commands in a folder of keys, and tells status and words."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, said: Any) -> None:
        self.folder, self.patch, self.said = folder, patch, said

    def __call__(self, *words: str, keys: Path | None = None) -> tuple[int, str, str]:
        """Run `pass WORDS`."""
        where = ["--keys", str(keys or self.folder)]
        self.patch.setattr(sys, "argv", ["harvestlane", "pass", *words, *where])
        with pytest.raises(SystemExit) as ended:
            main()
        out = self.said.readouterr()
        return int(ended.value.code or 0), out.out, out.err

    def issue(self, *more: str, at: str = AT) -> str:
        """Issue a pass."""
        words = ("--plate", "68C-123.45", "--corridor", "k1", "--until", UNTIL, "--at", at)
        status, out, err = self("issue", *words, *more)
        assert (status, err) == (0, "")
        return out.removesuffix("\n")


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    made = Desk(tmp_path / "keys", monkeypatch, capsys)
    assert made("keys", "new", "--issuer", "so-gtvt-kien-giang", "--at", AT)[0] == 0
    return made


def test_a_pass_is_issued_and_holds(desk: Desk) -> None:
    text = desk.issue("--truck", "T1", "--permit", "seafood", "--permit", "chilled")
    status, out, err = desk(
        "verify", text, "--at", LATER, "--plate", "68c12345", "--corridor", "k1", "--json"
    )
    assert (status, err) == (0, "")
    doc = json.loads(out)
    assert doc["code"] == "valid"
    assert doc["valid"] is True
    assert doc["pass"]["permits"] == ["chilled", "seafood"]
    assert doc["pass"]["truck_id"] == "T1"
    assert doc["pass"]["valid_from"] == "2021-08-20T00:00:00Z"
    assert doc["revocations_age_s"] is None


def test_json_holds_the_text_and_what_it_says(desk: Desk) -> None:
    doc = json.loads(desk.issue("--json"))
    assert doc["text"].startswith("HLP1:")
    assert doc["pass"]["plate"] == "68C-123.45"
    assert len(doc["kid"]) == 16


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--plate", "69C-123.45"), "wrong_vehicle"),
        (("--corridor", "k2"), "wrong_corridor"),
        (("--at", "2021-09-20T07:00:00+07:00"), "expired"),
        (("--at", "2021-08-19T07:00:00+07:00"), "not_yet_valid"),
    ],
)
def test_what_does_not_hold_is_status_1_and_says_why(
    desk: Desk, words: tuple[str, str], code: str
) -> None:
    asked = {"--at": LATER} | dict([words])
    status, out, err = desk("verify", desk.issue(), *(w for pair in asked.items() for w in pair))
    assert (status, err) == (1, "")
    assert out.startswith(f"✘ {code}\n")
    assert "xe" in out or "Giấy" in out


def test_a_pass_is_read_from_stdin_with_its_line_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = desk.issue()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode() + b"\r\n")))
    assert desk("verify", "-", "--at", LATER)[0] == 0


def test_wrong_use_is_status_2(desk: Desk) -> None:
    for words in (
        ("issue", "--plate", "?", "--corridor", "k1", "--until", UNTIL, "--at", AT),
        ("issue", "--plate", "68C12345", "--corridor", "k1", "--until", AT, "--at", UNTIL),
        ("issue", "--plate", "68C12345", "--corridor", "k1", "--until", "2021-08-27T07:00:00"),
        ("issue", "--plate", "68C12345"),
        ("verify",),
        ("verify", "HLP1:", "--at", "tomorrow"),
        ("revoke", "nonsense"),
        ("keys", "new", "--issuer", "a b"),
        ("keys", "new", "--issuer", "a", "--alg", "none"),
    ):
        status, out, err = desk(*words)
        assert (status, out) == (2, ""), words
        assert err.startswith("harvestlane: "), words
        assert err.count("\n") == 1, words


def test_a_private_key_is_for_the_owner_only_and_its_folder_too(desk: Desk) -> None:
    (pem,) = desk.folder.glob("*.pem")
    assert stat.S_IMODE(pem.stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.folder.stat().st_mode) == 0o700
    pem.chmod(0o644)
    words = ("issue", "--plate", "68C12345", "--corridor", "k1", "--until", UNTIL, "--at", AT)
    status, _, err = desk(*words)
    assert status == 1
    assert "chmod 600" in err


def test_keys_rotate_and_what_the_old_one_signed_still_holds(desk: Desk) -> None:
    first = desk.issue()
    old = json.loads(desk("keys", "list", "--json")[1])["keys"][0]["kid"]
    issuer = ("--issuer", "so-gtvt-kien-giang")
    assert desk("keys", "new", *issuer, "--at", LATER, "--alg", "EdDSA")[0] == 0
    assert desk("keys", "retire", old, "--at", LATER)[0] == 0
    second = json.loads(desk.issue("--json", at=LATER))
    assert second["kid"] != old
    for text in (first, second["text"]):
        assert desk("verify", text, "--at", LATER)[0] == 0
    again = ("--plate", "68C1234", "--corridor", "k", "--until", UNTIL, "--at", LATER)
    assert desk("issue", *again, "--kid", old)[0] == 1
    assert desk("keys", "retire", old, "--withdraw", "--at", LATER)[0] == 0
    status, out, _ = desk("verify", first, "--at", LATER)
    assert (status, out.split("\n")[0]) == (1, "✘ key_withdrawn")
    assert desk("verify", second["text"], "--at", LATER)[0] == 0


def test_a_verifier_needs_the_public_files_only(desk: Desk, tmp_path: Path) -> None:
    text, trust = desk.issue(), tmp_path / "trust.json"
    assert desk("keys", "export", str(trust))[0] == 0
    assert "PRIVATE" not in trust.read_text(encoding="utf-8")
    empty = tmp_path / "empty"
    assert desk("verify", text, "--at", LATER, keys=empty)[0] == 1
    assert desk("verify", text, "--at", LATER, "--trust", str(trust), keys=empty)[0] == 0
    assert not empty.exists()


def test_a_pass_is_revoked_by_itself_or_by_its_id(desk: Desk, tmp_path: Path) -> None:
    one, two = (json.loads(desk.issue("--json")) for _ in "ab")
    assert desk("verify", one["text"], "--at", LATER)[0] == 0
    status, out, _ = desk("revoke", one["text"], "--at", LATER, "--json")
    assert status == 0
    first = json.loads(out)
    assert (first["number"], first["count"]) == (1, 1)
    assert desk("verify", one["text"], "--at", LATER)[0] == 1
    assert desk("verify", two["text"], "--at", LATER)[0] == 0
    out = desk("revoke", two["pass"]["pass_id"], "--at", UNTIL, "--json")[1]
    assert (json.loads(out)["number"], json.loads(out)["count"]) == (2, 2)
    status, out, _ = desk("verify", two["text"], "--at", LATER, "--json")
    assert json.loads(out)["code"] == "revoked"
    older = tmp_path / "older.txt"
    older.write_text(first["text"], encoding="ascii")
    assert desk("verify", two["text"], "--at", LATER, "--revocations", str(older))[0] == 0
    status, _, err = desk("revoke", "--at", AT)  # the clock went back
    assert status == 1
    assert "does not replace" in err


def test_a_list_outlives_the_key_that_signed_it_by_being_signed_anew(desk: Desk) -> None:
    one, two = (json.loads(desk.issue("--json")) for _ in "ab")
    assert desk("revoke", one["text"], "--at", LATER)[0] == 0
    assert desk("keys", "retire", one["kid"], "--withdraw", "--at", LATER)[0] == 0
    words = ("--issuer", "so-gtvt-kien-giang", "--at", LATER)
    assert desk("keys", "new", *words)[0] == 0
    fresh = json.loads(desk.issue("--json", at=LATER))
    doc: Any = json.loads(desk("verify", fresh["text"], "--at", LATER, "--json")[1])
    assert doc["valid"] is True
    assert "no_revocations" in {notice["code"] for notice in doc["notices"]}
    after = json.loads(desk("revoke", two["pass"]["pass_id"], "--at", LATER, "--json")[1])
    assert (after["number"], after["count"]) == (2, 2)
    doc = json.loads(desk("verify", fresh["text"], "--at", LATER, "--json")[1])
    assert doc["revocations_age_s"] == 0


def test_rules_that_are_written_wrongly_are_wrong_use(desk: Desk, tmp_path: Path) -> None:
    rule: dict[str, Any] = {"kind": "suspend", "regime": "r", "valid_from": AT}
    file = tmp_path / "rules.json"
    docs: tuple[Any, ...] = (
        "{",
        [],
        {"rules": [[]]},
        {"rules": [rule | {"corridors": "k1"}]},
        {"rules": [rule | {"valid_from": "2021-08-20"}]},
        {"rules": [rule | {"color": "red"}]},
        {"rules": [rule | {"kind": ["suspend"]}]},
        {"rules": [rule | {"places": [1]}]},
    )
    for doc in docs:
        file.write_text(doc if isinstance(doc, str) else json.dumps(doc), encoding="utf-8")
        assert desk("bulletin", str(file), "--at", AT)[0] == 2, doc
    assert not (desk.folder / "bulletin.txt").exists()


def test_a_bulletin_extends_passes_and_shows_its_age(desk: Desk, tmp_path: Path) -> None:
    text, rules = desk.issue(), tmp_path / "rules.json"
    end = "2021-09-15T07:00:00+07:00"
    rule = {"kind": "extend", "regime": "1570/QD-BGTVT", "valid_from": LATER, "to": end}
    rules.write_text(json.dumps({"rules": [rule]}), encoding="utf-8")
    late = "2021-09-01T07:00:00+07:00"
    assert desk("verify", text, "--at", late)[0] == 1
    assert desk("bulletin", str(rules), "--at", LATER)[0] == 0
    status, out, _ = desk("verify", text, "--at", late)
    assert status == 0
    assert "bulletin: 11 days, 0:00:00 old" in out
    assert "đã cũ 264 giờ" in out
    assert json.loads(desk("bulletin", "--json")[1])["number"] == 1
    rules.write_text('{"rules": [{"kind": "extend"}]}', encoding="utf-8")
    assert desk("bulletin", str(rules), "--at", late)[0] == 2


def test_a_damaged_trust_file_is_one_clear_line(desk: Desk) -> None:
    for text in ("{", "[]", '{"keys": [{"kid": "00"}]}', '{"keys": [1]}'):
        Store(desk.folder).trust_path.write_text(text, encoding="utf-8")
        status, _, err = desk("verify", "HLP1:", "--at", AT)
        assert status == 1
        assert err.count("\n") == 1
        assert "trust.json" in err
