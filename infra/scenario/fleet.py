"""Make the registered trucks: whose they are, their plates, what they carry, where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from infra.scenario.draft import Draft
from infra.scenario.facts import point
from schemas.model import Place
from schemas.truck import TruckRegistered, TruckStatus

DISPATCHABLE = 224
"""Trucks that dispatch may give work."""
ON_CONTRACT = 46
"""Trucks under contracts of their own: they drive, but take no work."""
IN_REPAIR = 14
"""Trucks that stand in a workshop."""

_CODES = {"kien-giang": "68", "ca-mau": "69"}
_CODES_BY_HAULIER = {"haulier-23": "65", "haulier-24": "67"}
_CLASSES = {
    "light_truck": (30, 2_500),
    "rigid_2_axle": (42, 8_000),
    "rigid_3_axle": (18, 15_000),
    "rigid_4_axle": (4, 17_500),
    "semi_trailer": (6, 28_000),
}
_PAYLOADS = {"light_truck": (1_900, 2_500), "rigid_2_axle": (5_000, 8_000)}


@dataclass(frozen=True, slots=True)
class Truck:
    """One truck of the force."""

    fact: TruckRegistered
    use: str
    """`dispatch`, `contract` or `repair`."""

    @property
    def truck_id(self) -> str:
        """The truck's id, which is never its plate."""
        return self.fact.truck_id


def make_fleet(draft: Draft) -> list[Truck]:
    """Register every truck before the day starts.

    Returns
    -------
    list of Truck
        In the order of their numbers.
    """
    chance = draft.random("fleet")
    plates = _plates(chance)
    uses = ["dispatch"] * DISPATCHABLE + ["contract"] * ON_CONTRACT + ["repair"] * IN_REPAIR
    owners = _owners(draft, chance, len(uses))
    fleet = []
    for number, (use, owner) in enumerate(zip(uses, owners, strict=True), 1):
        haulier_id, region = owner["haulier_id"], owner["region"]
        code = _CODES_BY_HAULIER.get(haulier_id, _CODES[region])
        if chance.random() < 0.06:
            code = chance.choice(["51", "63", "64", "65", "66", "67", "83", "94", "95"])
        status: TruckStatus = "available" if use == "dispatch" else "unavailable"
        vehicle_class, payload_kg = _vehicle(chance, owner["name"])
        fact = TruckRegistered(
            truck_id=f"truck-{number:03d}",
            plate=next(plates[code]),
            haulier_id=haulier_id,
            region=region,
            vehicle_class=vehicle_class,
            driver_id=f"driver-{number:03d}",
            payload_kg=payload_kg,
            temperature_classes=_temperatures(chance, owner["name"]),
            home=_home(draft, chance, region),
            status=status,
        )
        fleet.append(Truck(fact, use))
        draft.say("truck.registered", fact, draft.start)
    return fleet


def _owners(draft: Draft, chance: Random, count: int) -> list[dict[str, str]]:
    """Share trucks among hauliers by weight, every haulier at least two."""
    hauliers = draft.facts.hauliers
    weights = [float(row["weight"]) for row in hauliers]
    rest = chance.choices(hauliers, weights, k=count - 2 * len(hauliers))
    owners = [*hauliers, *hauliers, *rest]
    chance.shuffle(owners)
    return owners


def _plates(chance: Random) -> dict[str, Iterator[str]]:
    """Return a run of different plates for each province's code, such as `68C-123.45`."""

    def run(code: str) -> Iterator[str]:
        for number in chance.sample(range(1_000, 29_999), 600):
            yield f"{code}C-{number // 100:03d}.{number % 100:02d}"

    codes = ["51", "63", "64", "65", "66", "67", "68", "69", "83", "94", "95"]
    return {code: run(code) for code in codes}


def _vehicle(chance: Random, haulier: str) -> tuple[str, int]:
    names = list(_CLASSES)
    weights = [_CLASSES[name][0] for name in names]
    name = chance.choices(names, weights)[0]
    if "lạnh" in haulier and name == "rigid_4_axle":
        name = "rigid_3_axle"
    least, most = _PAYLOADS.get(name, (_CLASSES[name][1],) * 2)
    return name, chance.randrange(least, most + 1, 100)


def _temperatures(chance: Random, haulier: str) -> list[str]:
    if "lạnh" in haulier:
        return ["ambient", "chilled", "frozen"] if chance.random() < 0.55 else ["chilled", "frozen"]
    return ["ambient", "chilled"] if chance.random() < 0.45 else ["ambient"]


def _home(draft: Draft, chance: Random, region: str) -> Place:
    farm = chance.choice([row for row in draft.facts.farms if row["region"] == region])
    lat, lon = point(farm)
    return Place(
        lat=round(lat + chance.uniform(-0.008, 0.008), 5),
        lon=round(lon + chance.uniform(-0.008, 0.008), 5),
        name=farm["name"],
    )
