"""Give passes, keys and lists that tests judge, and strategies that draw them."""

from __future__ import annotations

from base64 import b32encode
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from schemas.passes.claims import Pass
from schemas.passes.keys import SigningKey, Trust, signing_key
from schemas.passes.lists import Bulletin, Revocations
from schemas.passes.verdict import Verdict, verify
from tests.passes.forge import private_key

START = datetime(2021, 8, 20, 0, 0, tzinfo=UTC)
NOW = START + timedelta(days=1)
ISSUER = "so-gtvt-kien-giang"


def key(alg: str = "ES256", number: int = 7, **dates: Any) -> SigningKey:
    """Give a key that everybody knows."""
    issuer = dates.pop("issuer", ISSUER)
    start = dates.pop("valid_from", START - timedelta(days=30))
    return signing_key(private_key(alg, number), issuer=issuer, valid_from=start, **dates)


KEYS = {"ES256": key("ES256"), "EdDSA": key("EdDSA")}
TRUST = Trust.of([one.public for one in KEYS.values()])
EMPTY = Revocations(number=1, issuer=ISSUER, issued_at=START)
NO_RULES = Bulletin(number=1, issuer=ISSUER, issued_at=START)


def a_pass(**changed: Any) -> Pass:
    """Give a pass that holds at `NOW`."""
    said: dict[str, Any] = {
        "pass_id": "MFRGGZDFMZTWQ2LK",
        "plate": "68C-123.45",
        "truck_id": "KG-0042",
        "corridor_id": "tac-cau--cai-cui",
        "valid_from": START,
        "valid_until": START + timedelta(days=7),
        "permits": ("chilled", "seafood"),
        "issuer": ISSUER,
        "issued_at": START - timedelta(hours=3),
    }
    return Pass(**(said | changed))


def judged(text: str, **asked: Any) -> Verdict:
    """Judge a pass by all that is at hand, unless a test says otherwise."""
    held: dict[str, Any] = {"trust": TRUST, "revocations": EMPTY, "bulletin": NO_RULES, "now": NOW}
    return verify(text, **(held | asked))


def drawn(chance: Random) -> Pass:
    """Draw a pass that holds at `NOW`."""
    return a_pass(
        pass_id=b32encode(chance.randbytes(10)).decode(),
        plate=f"{chance.randint(11, 99)}{chance.choice('CDH')}-{chance.randint(10000, 99999)}",
        truck_id=None if chance.random() < 0.2 else f"T{chance.randint(1, 99999)}",
        corridor_id=f"corridor-{chance.randint(1, 999)}",
        valid_until=NOW + timedelta(seconds=chance.randint(1, 10**7)),
        permits=tuple(sorted(chance.sample(["chilled", "frozen", "relief", "seafood"], 2))),
    )


_NAMES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:@|#/+-]{0,63}\Z")
_TIMES = st.integers(0, 32_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


@st.composite
def passes(draw: st.DrawFn) -> Pass:
    """Draw any pass that may be issued."""
    start, end = sorted(draw(st.lists(_TIMES, min_size=2, max_size=2, unique=True)))
    return Pass(
        pass_id=b32encode(draw(st.binary(min_size=10, max_size=10))).decode(),
        plate=draw(st.from_regex(r"\A[0-9]{2}[A-ZĐ]{1,2}-[0-9]{3}\.?[0-9]{2}\Z")),
        truck_id=draw(st.none() | _NAMES),
        corridor_id=draw(_NAMES),
        valid_from=start,
        valid_until=end,
        permits=tuple(sorted(draw(st.sets(_NAMES, max_size=4)))),
        issuer=ISSUER,
        issued_at=START + timedelta(seconds=draw(st.integers(-86_400, 86_400))),
    )
