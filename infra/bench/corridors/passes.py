"""Time the verification of passes, each a fresh one, as at a checkpoint without a network."""

from __future__ import annotations

import statistics
import time
from base64 import b32encode
from datetime import UTC, datetime, timedelta
from random import Random

from infra.bench.measure import Measure, Tell
from schemas.passes.claims import PASS_ID_BYTES, Pass
from schemas.passes.keys import Algorithm, Trust, new_key
from schemas.passes.lists import (
    Bulletin,
    Revocations,
    Rule,
    publish,
    read_bulletin,
    read_revocations,
)
from schemas.passes.verdict import issue, verify

PASSES, REVOKED, RULES = 2_000, 1_000, 20
GOAL_MS = 3.0
_START = datetime(2026, 9, 1, tzinfo=UTC)
_ISSUER = "transport-authority"


def pass_measures(seed: int, tell: Tell, *, count: int = PASSES) -> list[Measure]:
    """Verify passes of each algorithm beside a list of 1,000 revoked ones and 20 rules.

    Parameters
    ----------
    seed
        Where plates, corridors and ids come from; keys are fresh.
    tell
        Is told what happens.
    count
        How many passes of each.

    Returns
    -------
    list
        `pass_verify_ms`, the median of ES256, from the text of the code to the verdict; its 99th
        percentile, EdDSA's median, and what one pass takes: bytes signed, characters.

    Raises
    ------
    RuntimeError
        A good pass was refused: its time would mean nothing.
    """
    es256, shown = _times_ms("ES256", Random(seed), tell, count)
    eddsa, _ = _times_ms("EdDSA", Random(seed), tell, count)
    cuts = statistics.quantiles(es256, n=100)
    return [
        Measure(
            name="pass_verify_ms",
            value=statistics.median(es256),
            unit="ms",
            goal=GOAL_MS,
            better="lower",
        ),
        Measure(name="pass_verify_p99_ms", value=cuts[98], unit="ms"),
        Measure(name="pass_verify_eddsa_ms", value=statistics.median(eddsa), unit="ms"),
        Measure(name="pass_text_characters", value=statistics.median(shown), unit="chars"),
    ]


def _times_ms(
    alg: Algorithm, chance: Random, tell: Tell, count: int
) -> tuple[list[float], list[int]]:
    key = new_key(alg, issuer=_ISSUER, valid_from=_START)
    tell(f"signing {count} passes with {alg}")
    passes = [_drawn(chance) for _ in range(count)]
    texts = [issue(one, key) for one in passes]
    trust = Trust.of([key.public])
    revocations = read_revocations(publish(_revoked(chance), key), trust)
    bulletin = read_bulletin(publish(_bulletin(), key), trust)
    now = _START + timedelta(hours=2)
    taken: list[float] = []
    for one, text in zip(passes, texts, strict=True):
        before = time.perf_counter()
        verdict = verify(
            text,
            trust=trust,
            revocations=revocations,
            bulletin=bulletin,
            now=now,
            plate=one.plate,
            corridor_id=one.corridor_id,
        )
        taken.append((time.perf_counter() - before) * 1000)
        if not verdict.valid:
            raise RuntimeError(f"a good pass was refused: {verdict.code}")
    return taken, [len(text) for text in texts]


def _drawn(chance: Random) -> Pass:
    return Pass(
        pass_id=_id(chance),
        plate=f"{chance.randint(11, 99)}C-{chance.randint(100, 999)}.{chance.randint(10, 99)}",
        truck_id=f"T{chance.randint(1, 9999):04}",
        corridor_id=f"corridor-{chance.randint(1, 99)}",
        valid_from=_START,
        valid_until=_START + timedelta(days=chance.randint(1, 14)),
        permits=("chilled",),
        issuer=_ISSUER,
        issued_at=_START,
    )


def _revoked(chance: Random) -> Revocations:
    ids = frozenset(_id(chance) for _ in range(REVOKED))
    return Revocations(number=1, issuer=_ISSUER, issued_at=_START, pass_ids=ids)


def _bulletin() -> Bulletin:
    rules = tuple(
        Rule(
            kind="extend",
            regime=f"regime-{number}",
            valid_from=_START + timedelta(hours=1),
            corridors=(f"corridor-{number}",),
            to=_START + timedelta(days=20),
        )
        for number in range(RULES)
    )
    return Bulletin(number=1, issuer=_ISSUER, issued_at=_START, rules=rules)


def _id(chance: Random) -> str:
    return b32encode(chance.randbytes(PASS_ID_BYTES)).decode("ascii")
