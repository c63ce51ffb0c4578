"""Make regimes, trips and places for tests: small words, so that they often meet."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from schemas.regimes.facts import Trip, Whereabouts
from schemas.regimes.model import Regime

START = datetime(2021, 8, 1, tzinfo=UTC)
REGIONS = ("kien-giang", "ca-mau")
DISTRICTS = ("kien-giang/rach-gia", "ca-mau/nam-can")
PERMITS = ("seafood", "relief")
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
NAMES = {"vi": "vùng", "en": "zone"}
ASSUMED = {"assumed": "for a test"}


def rule(effect: str, **more: Any) -> dict[str, Any]:
    """Write a rule."""
    return {"id": effect.replace("_", "-"), "effect": effect, **ASSUMED, **more}


def regime(regime_id: str, *rules: dict[str, Any], **more: Any) -> Regime:
    """Make a regime of the whole country that is in force from `START` on."""
    doc = {
        "id": regime_id,
        "name": {"vi": regime_id, "en": regime_id},
        "matter": "epidemic",
        "level": "centre",
        "issuer": "test",
        "periods": [{"valid_from": "2021-08-01T00:00:00Z", **ASSUMED}],
        "rules": [{**one, "id": f"{one['id']}-{i}"} for i, one in enumerate(rules)],
    }
    return Regime.model_validate(doc | more)


def _some(words: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), max_size=2, unique=True)


CHOICES: dict[str, st.SearchStrategy[Any]] = {
    "vehicle_classes": st.sampled_from([["light_truck"], ["light_truck", "semi_trailer"]]),
    "haulier_kinds": st.sampled_from([["company"], ["army"]]),
    "purposes": st.sampled_from([["goods"], ["relief"]]),
    "products": st.sampled_from([["crab"], ["pigs"]]),
    "stages": st.sampled_from([["en_route"], ["loading"]]),
    "transit": st.booleans(),
    "on_corridor": st.booleans(),
}


@st.composite
def whoms(draw: st.DrawFn) -> dict[str, Any]:
    """Draw for whom a rule is: all, or those whom one or two facts choose."""
    names = draw(st.lists(st.sampled_from(sorted(CHOICES)), max_size=2, unique=True))
    return {name: draw(CHOICES[name]) for name in names}


BURDEN_FIELDS: dict[str, dict[str, Any]] = {
    "pass": {},
    "permit": {"permit": "seafood"},
    "paper": {"paper": "test_72h"},
    "close": {},
    "duty": {"duty": "escort"},
    "limit": {"limit": "people_max", "value": 2},
    "mobilise": {},
    "suspend_passes": {},
}


@st.composite
def burdens(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a rule that asks for something."""
    effect = draw(st.sampled_from(sorted(BURDEN_FIELDS)))
    more: dict[str, Any] = {"whom": draw(whoms()), **BURDEN_FIELDS[effect]}
    if effect == "limit":
        more["value"] = draw(st.integers(0, 5))
    if effect == "close" and draw(st.booleans()):
        more["unless_permits"] = ["relief"]
    if draw(st.integers(0, 3)) == 0:
        more["zones"] = ["z"]
    if draw(st.integers(0, 3)) == 0:
        more["hours"] = [{"start": "22:00", "end": "05:00"}]
    return rule(effect, **more)


@st.composite
def exemptions(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a rule that lifts something."""
    effects = draw(st.lists(st.sampled_from(sorted(BURDEN_FIELDS)), min_size=1, unique=True))
    return rule("exempt", effects=effects, whom=draw(whoms()), of=draw(_some(("r0", "r1", "r9"))))


@st.composite
def regimes(draw: st.DrawFn, regime_id: str, *, strict: bool = False) -> Regime:
    """Draw a regime; a strict one only asks and lifts nothing."""
    rules = draw(st.lists(burdens(), min_size=1, max_size=3))
    if not strict:
        rules += draw(st.lists(exemptions(), max_size=2))
    level = draw(st.sampled_from(["district", "province", "centre"]))
    where = {"regions": draw(_some(REGIONS)), "districts": draw(_some(DISTRICTS))}
    if level != "centre" and not any(where.values()):
        where["regions"] = ["kien-giang"]
    days = draw(st.integers(-3, 3))
    since = START + timedelta(days=days)
    until = draw(st.sampled_from([None, since + timedelta(days=2)]))
    period = {"valid_from": since, "valid_until": until, **ASSUMED}
    return regime(
        regime_id,
        *rules,
        level=level,
        matter=draw(st.sampled_from(["epidemic", "storm"])),
        where=where,
        zones=[{"id": "z", "name": NAMES, "geometry": SQUARE}],
        periods=[period],
    )


@st.composite
def books(draw: st.DrawFn, *, most: int = 4) -> list[Regime]:
    """Draw regimes that may be in force together."""
    count = draw(st.integers(0, most))
    return [draw(regimes(f"r{i}")) for i in range(count)]


@st.composite
def trips(draw: st.DrawFn) -> Trip:
    """Draw a trip of which some things are known."""
    permits = frozenset(draw(_some(PERMITS)))
    return Trip(
        vehicle_class=draw(st.sampled_from([None, "light_truck", "semi_trailer"])),
        haulier_kind=draw(st.sampled_from([None, "company", "army"])),
        purpose=draw(st.sampled_from([None, "goods", "relief"])),
        product=draw(st.sampled_from([None, "crab", "pigs"])),
        stage=draw(st.sampled_from([None, "en_route", "loading"])),
        transit=draw(st.sampled_from([None, True, False])),
        corridor_id=draw(st.sampled_from([None, "", "k1"])),
        has_pass=bool(permits) or draw(st.booleans()),
        permits=permits,
        papers=frozenset(draw(_some(("test_72h",)))),
        people=draw(st.sampled_from([None, 1, 4])),
    )


places = st.builds(
    lambda district, region, point: Whereabouts(
        district=district, region=None if district else region, point=point
    ),
    st.sampled_from([None, *DISTRICTS]),
    st.sampled_from([None, *REGIONS, "can-tho"]),
    st.sampled_from([None, (0.5, 0.5), (5.0, 5.0)]),
)
moments = st.integers(-96, 144).map(lambda hours: START + timedelta(hours=hours))
