"""Say what each class of vehicle measures, weighs and how fast it is."""

from __future__ import annotations

from dataclasses import dataclass

from routing.roads.errors import RoadError
from routing.roads.tables import read_table

DEFAULT_VEHICLE_CLASS = "rigid_2_axle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """One class of vehicle; all figures are assumed, and data (``routing/data/vehicles.csv``).

    Parameters
    ----------
    vehicle_class
        A word of the vocabulary.
    axles
        Number of axles.
    length_m, width_m, height_m
        Outer dimensions.
    payload_kg, gross_limit_kg
        What it carries, and what it may weigh laden.
    axle_load_kg
        The most that one of its axles carries, laden.
    speed_factor
        Multiplies the speed of every road class.
    """

    vehicle_class: str
    axles: int
    length_m: float
    width_m: float
    height_m: float
    payload_kg: int
    gross_limit_kg: int
    axle_load_kg: int
    speed_factor: float

    def __post_init__(self) -> None:
        sizes = (self.axles, self.length_m, self.width_m, self.height_m)
        weights = (self.payload_kg, self.axle_load_kg)
        if min(*sizes, *weights) <= 0 or self.gross_limit_kg <= self.payload_kg:
            raise ValueError(f"Expected positive amounts for {self.vehicle_class}.")
        if not 0 < self.speed_factor <= 2:
            raise ValueError(f"Expected speed_factor in (0, 2] for {self.vehicle_class}.")

    @property
    def names(self) -> dict[str, str]:
        """The class's names by language, ``vi`` and ``en``."""
        from schemas.vocabulary import VOCABULARY  # noqa: PLC0415 - routes need no names

        return VOCABULARY["vehicle_class"][self.vehicle_class]


def _read_vehicles() -> dict[str, Vehicle]:
    return {
        row["vehicle_class"]: Vehicle(
            vehicle_class=row["vehicle_class"],
            axles=int(row["axles"]),
            length_m=float(row["length_m"]),
            width_m=float(row["width_m"]),
            height_m=float(row["height_m"]),
            payload_kg=int(row["payload_kg"]),
            gross_limit_kg=int(row["gross_limit_kg"]),
            axle_load_kg=int(row["axle_load_kg"]),
            speed_factor=float(row["speed_factor"]),
        )
        for row in read_table("vehicles")
    }


VEHICLES: dict[str, Vehicle] = _read_vehicles()
"""Every vehicle class by its word."""


def vehicle(vehicle_class: str = DEFAULT_VEHICLE_CLASS) -> Vehicle:
    """Return one vehicle class.

    Raises
    ------
    RoadError
        If the word is not a vehicle class.
    """
    try:
        return VEHICLES[vehicle_class]
    except KeyError:
        known = ", ".join(VEHICLES)
        raise RoadError(f"{vehicle_class!r} is no vehicle class; choose one of {known}") from None
