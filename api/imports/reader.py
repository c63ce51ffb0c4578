"""Read the cells of one row by field, and note what is wrong with each."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from api.imports.findings import Finding, Unread
from api.imports.grid import Cell
from api.imports.known import Doc, Known
from api.imports.numbers import UNITS, read_number, read_weight, unit_kg
from api.imports.table import Row
from api.imports.times import read_clock, read_day, read_window
from api.imports.words import WORDS, word_of
from schemas.model import LOCAL
from schemas.vocabulary import VOCABULARY

_T = TypeVar("_T")

ABOUT_PEOPLE = frozenset(
    {
        *("plate", "haulier_id", "declarer_id", "driver_id", "name", "phone"),
        *("licence_number", "licence_class", "licence_until"),
        *("permit_kind", "permit_number", "permit_until", "home", "pickup", "coordinates"),
        *("lat", "lon"),
    }
)
"""Fields whose cells are never shown in a finding: they may name somebody, or a home."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@#/+-]{0,127}")
_POINT = re.compile(r"(\d{1,3}[.,]\d+)\s*(?:[;,/ ]\s*)(\d{1,3}[.,]\d+)")
_ASSUMED = WORDS["assumed"]


class Reader:
    """Read one row.

    Parameters
    ----------
    row
        The row.
    known
        What its words may name.
    """

    def __init__(self, row: Row, known: Known) -> None:
        self.row = row
        self.known = known
        self.findings: list[Finding] = []

    def cell(self, name: str) -> Cell | None:
        """Return what stands in the column of a field; None for nothing."""
        return self.row.cells.get(name)

    def where(self, name: str) -> str:
        """Return the address of a field's cell, or of the row's first where there is no column."""
        column = self.row.table.column(name)
        number = column.column if column else min(self.row.sheet.rows[self.row.number])
        return self.row.sheet.address(self.row.number, number)

    def note(self, name: str, code: str, **params: object) -> None:
        """Note that something is wrong with a field."""
        cell = self.cell(name)
        value = cell.text[:60] if cell and name not in ABOUT_PEOPLE else None
        self.findings.append(Finding(self.where(name), name, code, params, value))

    def take(self, name: str, read: Callable[[Cell], _T], *, is_needed: bool = False) -> _T | None:
        """Read one field.

        Parameters
        ----------
        name
            The field.
        read
            Reads its cell, or raises `Unread`.
        is_needed
            Whether an empty cell is wrong; a column that is not there is told once, not by row.
        """
        cell = self.cell(name)
        if cell is None:
            if is_needed and self.row.table.column(name) is not None:
                self.note(name, "missing")
            return None
        if cell.error:
            self.note(name, cell.error)
            return None
        try:
            return read(cell)
        except Unread as unread:
            self.note(name, unread.code, **unread.params)
            return None

    def text(self, name: str, most: int, *, is_needed: bool = False) -> str | None:
        """Read a text of at most so many characters."""
        return self.take(name, lambda cell: _short(cell.text, most), is_needed=is_needed)

    def identifier(self, name: str) -> str | None:
        """Read an id."""

        def read(cell: Cell) -> str:
            if not _ID.fullmatch(cell.text):
                raise Unread("invalid", why="letters, digits and . _ - only")
            return cell.text

        return self.take(name, read)

    def word(self, name: str, vocabulary: str, *, is_needed: bool = False) -> str | None:
        """Read a word of a vocabulary by any of its names."""

        def read(cell: Cell) -> str:
            found = word_of(vocabulary, cell.text)
            if found is None:
                names = [each["vi"] for each in list(VOCABULARY[vocabulary].values())[:6]]
                raise Unread("word_unknown", near=", ".join(names))
            return found

        return self.take(name, read, is_needed=is_needed)

    def whole(self, name: str, least: int, most: int, *, is_needed: bool = False) -> int | None:
        """Read a whole number in a range."""

        def read(cell: Cell) -> int:
            number = read_number(cell.value, is_whole=True)
            if number != number.to_integral_value() or not least <= number <= most:
                raise Unread("out_of_range", least=least, most=most)
            return int(number)

        return self.take(name, read, is_needed=is_needed)

    def weight(self, name: str, most_kg: int, guess: Callable[[float], int | None]) -> int | None:
        """Read a weight in kilograms.

        Parameters
        ----------
        name
            The field.
        most_kg
            The greatest that there is.
        guess
            Tells the unit of a bare number, in kilograms, where it can be no other.
        """
        column = self.row.table.column(name)
        unit = UNITS.get(column.unit or "") if column else None
        if told := self.cell("unit"):
            unit = unit_kg(told.text) or unit

        def read(cell: Cell) -> int:
            if cell.is_spread:  # one sum for several rows is none for each
                raise Unread("missing")
            try:
                kilograms = read_weight(cell.value, unit)
            except Unread as unread:
                if unread.code != "unit_missing":
                    raise
                number = read_number(cell.value)
                kilograms = read_weight(cell.value, guess(float(number)))
            if not 1 <= kilograms <= most_kg:
                raise Unread("out_of_range", least="1 kg", most=f"{most_kg} kg")
            return kilograms

        return self.take(name, read, is_needed=True)

    def point(self, name: str, *, is_needed: bool = False) -> Doc | None:
        """Read a place, by coordinates where the row has them, else by its name."""
        label = self.text(name, 500)
        if self.cell("coordinates"):
            found = self.take("coordinates", lambda cell: _both(cell.text))
            lat, lon = found or (None, None)
        else:
            lat = self.take("lat", lambda cell: _degrees(cell.value, "lat"))
            lon = self.take("lon", lambda cell: _degrees(cell.value, "lon"))
        if lat is not None and lon is not None:
            return {"lat": lat, "lon": lon, "name": label or f"{lat:.4f}, {lon:.4f}"}
        if any(self.cell(each) for each in ("coordinates", "lat", "lon")):
            return None  # what is wrong is noted already
        if label is None and self.known.shared.place is None:
            if is_needed and self.cell(name) is None:
                self.take(name, lambda cell: cell.text, is_needed=True)
            return None
        try:
            return self.known.place(label or str(self.known.shared.place))
        except Unread as unread:
            self.note(name, unread.code, **unread.params)
            return None

    def region(self, present: Doc | None) -> str | None:
        """Read the dispatch region; else the shared one, the present one, or the actor's only."""
        told = self.word("region", "region")
        if told is not None or self.cell("region"):
            return told
        own = getattr(self.known.deed.actor, "regions", None) or ()
        found = self.known.shared.region or (present or {}).get("region")
        found = found or (next(iter(own)) if len(own) == 1 else None)
        if found is None:
            self.note("region", "region_missing")
        return found

    def moment(self, day: str, clock: str | None, *, is_end: bool = False) -> datetime | None:
        """Read a moment of Vietnam's time from the cells of a day and of a time.

        Parameters
        ----------
        day, clock
            The fields.
        is_end
            Whether a day without a time means its end, else its assumed hour of harvest.
        """
        found = self.take(
            day, lambda cell: read_day(cell.value, self.known.today), is_needed=not is_end
        )
        minutes = None
        if clock is not None and self.cell(clock):
            minutes = self.take(clock, lambda cell: _first(cell.value))
        elif found and found[1]:
            minutes = self.take(day, lambda _: _first(found[1]))
        if found is None:
            return None
        if minutes is None:
            minutes = 1440 if is_end else _ASSUMED["ready_hour"] * 60
        return at(found[0], minutes)


def at(day: Any, minutes: int) -> datetime:
    """Return the moment so many minutes after midnight of a day in Vietnam."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL) + timedelta(minutes=minutes)


def _first(value: Any) -> int:
    """Read a time, or a window's beginning."""
    try:
        return read_clock(value)
    except Unread:
        if not isinstance(value, str):
            raise
        try:
            return read_window(value)[0]
        except Unread:
            raise Unread("not_a_time") from None


def _short(text: str, most: int) -> str:
    if len(text) > most:
        raise Unread("too_long", most=most)
    return text


def _degrees(value: Any, axis: str) -> float:
    text = str(value).strip().rstrip("°").strip()
    if not re.fullmatch(r"\d{1,3}(?:[.,]\d{1,12})?", text):
        raise Unread("not_a_number")
    degrees = float(text.replace(",", "."))
    least, most = _ASSUMED[axis]
    if not least <= degrees <= most:
        raise Unread("out_of_range", least=least, most=most)
    return degrees


def _both(text: str) -> tuple[float, float]:
    found = _POINT.search(text)
    if found is None:
        raise Unread("not_a_number")
    return _degrees(found[1], "lat"), _degrees(found[2], "lon")
