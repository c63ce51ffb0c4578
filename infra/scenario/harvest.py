"""Make the day's lots: what is harvested where, when it is ready, and how long it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from infra.scenario.draft import Draft
from infra.scenario.facts import parts, point
from infra.scenario.way import distance_m
from schemas.lot import LotDeclared, LotReady, Pickup

_FIRST_READY_H, _LAST_READY_H = 2.5, 15.5
_SPEED_MPS = 38 / 3.6
"""Straight-line speed that a truck surely makes, checkpoints and detours included [assumed]."""
_APPROACH = timedelta(hours=3)
"""What finding a truck, its way to the farm and loading may take [assumed]."""


@dataclass(frozen=True, slots=True)
class Lot:
    """One lot as it is declared."""

    fact: LotDeclared
    declared_at: datetime

    @property
    def lot_id(self) -> str:
        """The lot's id."""
        return self.fact.lot_id


def make_harvest(draft: Draft) -> list[Lot]:
    """Declare every lot of the day some hours before it is ready.

    Returns
    -------
    list of Lot
        In the order in which they are ready.
    """
    chance = draft.random("harvest")
    rows = [row for row in draft.facts.products for _ in range(int(row["lots"]))]
    span_h = _LAST_READY_H - _FIRST_READY_H
    hours = sorted(_FIRST_READY_H + span_h * chance.betavariate(1.3, 1.5) for _ in rows)
    chance.shuffle(rows)
    return [
        _declare(draft, chance, number, row, hour)
        for number, (row, hour) in enumerate(zip(rows, hours, strict=True), 1)
    ]


def announce_ready(draft: Draft, lots: list[Lot]) -> None:
    """Say of each lot that it may be loaded, within minutes of when it was to be."""
    chance = draft.random("ready")
    for lot in lots:
        time = lot.fact.ready_from + timedelta(seconds=chance.randrange(-300, 601))
        draft.say("lot.ready", LotReady(lot_id=lot.lot_id), time)


def _declare(draft: Draft, chance: Random, number: int, row: dict[str, str], hour: float) -> Lot:
    product = row["product"]
    farms = [
        farm for farm in draft.facts.farms for _ in range(parts(farm["products"]).count(product))
    ]
    farm = chance.choice(farms)
    temperature = _temperature(chance, row)
    ready_from = draft.hour(round(hour * 12) / 12)
    hold_until = ready_from + _hold(draft, chance, row, temperature, ready_from)
    lat, lon = point(farm)
    spot = (lat + chance.uniform(-0.012, 0.012), lon + chance.uniform(-0.012, 0.012))
    declared_at = max(
        draft.start + timedelta(seconds=chance.randrange(60, 7_200)),
        ready_from - timedelta(minutes=chance.randrange(150, 540)),
    )
    declared_at = min(declared_at, ready_from - timedelta(minutes=20))
    fact = LotDeclared(
        lot_id=f"lot-{number:03d}",
        region=farm["region"],
        product=product,
        quantity_kg=_quantity(chance, row),
        grade=chance.choice(parts(row["grades"])),
        price_vnd_per_kg=_price(chance, row),
        pickup=Pickup(lat=round(spot[0], 5), lon=round(spot[1], 5), name=farm["name"]),
        ready_from=ready_from,
        hold_until=hold_until,
        temperature=temperature,
        destinations=_destinations(draft, chance, product, spot, hold_until - ready_from),
        declarer_id=f"htx-{draft.facts.farms.index(farm) + 1:02d}",
    )
    draft.say("lot.declared", fact, declared_at)
    return Lot(fact, declared_at)


def _temperature(chance: Random, row: dict[str, str]) -> str:
    draw = chance.random()
    if draw < float(row["chilled_share"]):
        return "chilled"
    if draw < float(row["chilled_share"]) + float(row["frozen_share"]):
        return "frozen"
    return "ambient"


def _hold(
    draft: Draft, chance: Random, row: dict[str, str], temperature: str, ready_from: datetime
) -> timedelta:
    """Return how long the goods hold: by nature, or until the buyer's time of the same night."""
    nature = timedelta(hours=float(row[f"{temperature}_hold_h"]))
    wanted = timedelta(minutes=10 * chance.randrange(54, 78))
    night = draft.end + timedelta(hours=2) - ready_from
    return min(nature, wanted, night)


def _quantity(chance: Random, row: dict[str, str]) -> int:
    least, most = int(row["least_kg"]), int(row["most_kg"])
    return 50 * round((least + (most - least) * chance.betavariate(1.4, 2.6)) / 50)


def _price(chance: Random, row: dict[str, str]) -> int:
    return chance.randrange(int(row["least_vnd_per_kg"]), int(row["most_vnd_per_kg"]) + 1, 100)


def _destinations(
    draft: Draft, chance: Random, product: str, spot: tuple[float, float], hold: timedelta
) -> list[str]:
    """Choose where the lot may go: what takes it, near enough; one lot in eight names none."""
    reach_m = (hold - _APPROACH).total_seconds() * _SPEED_MPS
    near = [
        row["place_id"]
        for row in draft.facts.facilities
        if int(row["capacity_trucks"]) > 0
        and (not row["products"] or product in parts(row["products"]))
        and 4_000 < distance_m(spot, point(row)) < reach_m
    ]
    if chance.random() < 0.125 or len(near) < 2:
        return []
    near.sort(key=lambda place_id: distance_m(spot, draft.facts.places[place_id]))
    # Most goods go to the nearer half; the far markets of the city take a share as well.
    pool = near[: max(3, len(near) // 2)] if chance.random() < 0.8 else near
    return sorted(chance.sample(pool, min(len(pool), chance.choice([2, 2, 3, 3, 4]))))
