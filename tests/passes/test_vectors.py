"""Every vector gets its verdict; the browser's verifier is held to the same file."""

import json
from typing import Any

import pytest

from schemas.model import parse_time
from schemas.passes import text as texts
from schemas.passes.errors import Unreadable, Untrusted
from schemas.passes.keys import Trust
from schemas.passes.lists import read_bulletin, read_revocations
from schemas.passes.verdict import CODES, Limits, verify
from tests.passes.make_vectors import FILE, vectors

DOC: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
TRUST = Trust.from_doc(DOC["trust"])
LIMITS = Limits(**DOC["limits"])


@pytest.mark.parametrize("vector", DOC["passes"], ids=lambda vector: vector["name"])
def test_a_pass_gets_the_verdict_that_is_written_down(vector: dict[str, Any]) -> None:
    gone, told = vector["revocations"], vector["bulletin"]
    verdict = verify(
        vector["text"],
        trust=TRUST,
        revocations=None if gone is None else read_revocations(DOC["revocations"][gone], TRUST),
        bulletin=None if told is None else read_bulletin(DOC["bulletins"][told], TRUST),
        now=parse_time(vector["now"]),
        plate=vector["plate"],
        corridor_id=vector["corridor_id"],
        place=vector["place"],
        limits=LIMITS,
    )
    assert verdict.code == vector["code"]


@pytest.mark.parametrize("vector", DOC["lists"], ids=lambda vector: vector["name"])
def test_a_list_is_read_or_refused_as_written_down(vector: dict[str, Any]) -> None:
    read: Any = {"revocations": read_revocations, "bulletin": read_bulletin}[vector["kind"]]
    try:
        read(vector["text"], TRUST)
        code = "valid"
    except Unreadable:
        code = "malformed"
    except Untrusted as error:
        code = error.code
    assert code == vector["code"]


def test_the_file_is_what_its_maker_writes() -> None:
    made = json.loads(json.dumps(vectors()))
    assert _unpacked(made) == _unpacked(DOC), "run python -m tests.passes.make_vectors"


def test_every_verdict_has_a_vector() -> None:
    assert {vector["code"] for vector in DOC["passes"]} == set(CODES)
    names = [vector["name"] for vector in DOC["passes"]]
    assert len(names) == len(set(names)) > 100


def _unpacked(doc: Any) -> Any:
    """Give the signed bytes instead of texts: builds of zlib pack differently."""
    if isinstance(doc, dict):
        return {name: _unpacked(value) for name, value in doc.items()}
    if isinstance(doc, list):
        return [_unpacked(value) for value in doc]
    for envelope in (texts.PASS, texts.REVOCATIONS, texts.BULLETIN):
        if isinstance(doc, str) and doc.startswith(envelope.prefix):
            try:
                return texts.unwrap(doc, envelope)
            except Unreadable as error:
                return error.layer
    return doc
