"""Days, times and windows are read as people write them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.imports.findings import Unread
from api.imports.times import read_clock, read_day, read_window

TODAY = date(2021, 8, 24)


@given(
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from(
        [
            "{d}/{m}/{y}",
            "{d:02}/{m:02}/{y}",
            "{d}-{m}-{y}",
            "{d}.{m}.{y}",
            "{d:02}-{m:02}-{s:02}",
            "{y}-{m:02}-{d:02}",
            "ngày {d} tháng {m} năm {y}",
            "Thứ 4, {d}/{m}/{y}",
            "{y}{m:02}{d:02}",
        ]
    ),
)
def test_a_day_reads_back_however_it_is_written(day: date, form: str) -> None:
    text = form.format(d=day.day, m=day.month, y=day.year, s=day.year % 100)
    assert read_day(text, TODAY) == (day, "")


@given(st.dates(date(1960, 1, 1), date(2099, 12, 31)))
def test_a_serial_number_of_excel_is_its_day(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert read_day(serial, TODAY) == read_day(str(serial), TODAY) == (day, "")


@given(
    st.integers(0, 1439),
    st.sampled_from(["{h}h{m:02}", "{h}g{m:02}", "{h}:{m:02}", "{h:02}:{m:02}:00", "{h} giờ {m}"]),
)
def test_a_time_reads_back_however_it_is_written(minutes: int, form: str) -> None:
    assert read_clock(form.format(h=minutes // 60, m=minutes % 60)) == minutes
    assert read_clock(time(minutes // 60, minutes % 60)) == minutes
    if minutes:
        assert read_clock(minutes / 1440) == minutes


@settings(max_examples=50)
@given(st.text() | st.floats() | st.integers())
def test_anything_is_a_time_or_refused(value: Any) -> None:
    readers = (read_clock, read_window, lambda each: read_day(each, TODAY))
    for read in readers:
        try:
            read(value)
        except Unread:
            continue


@pytest.mark.parametrize(
    ("value", "day", "rest"),
    [
        ("25/8", date(2021, 8, 25), ""),
        ("2/1", date(2022, 1, 2), ""),
        ("sáng 25/8", date(2021, 8, 25), "sang"),
        ("7h30 ngày 25/8/2021", date(2021, 8, 25), "7h30"),
        ("2021-08-25T07:30", date(2021, 8, 25), "07:30"),
        (44433.3125, date(2021, 8, 25), "07:30"),
        (datetime(2021, 8, 25, 7, 30), date(2021, 8, 25), "07:30"),  # noqa: DTZ001 - of a cell
    ],
)
def test_a_day_may_stand_beside_a_time_or_without_its_year(
    value: Any, day: date, rest: str
) -> None:
    assert read_day(value, TODAY) == (day, rest)


@pytest.mark.parametrize("text", ["8/25/2021", "31/2/2021", "mai", "", "25", "1/1/1885", 3.5, True])
def test_what_is_no_day_is_refused(text: Any) -> None:
    with pytest.raises(Unread, match="not_a_day"):
        read_day(text, TODAY)


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        ("7h", 420),
        (7, 420),
        ("5h chiều", 1020),
        ("7 giờ rưỡi", 450),
        ("11h trưa", 660),
        ("1h trưa", 780),
        ("2h đêm", 120),
        ("12h đêm", 1440),
        ("24h", 1440),
        ("buổi sáng", 360),
        (timedelta(hours=7), 420),
    ],
)
def test_a_time_may_name_the_part_of_the_day(value: Any, minutes: int) -> None:
    assert read_clock(value) == minutes


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("6h-7h", (360, 420)),
        ("từ 6h đến 7h30", (360, 450)),
        ("06:00 – 07:00", (360, 420)),
        ("6h tới 7h", (360, 420)),
        ("22h-2h", (1320, 1560)),
        ("tối", (1080, 1320)),
    ],
)
def test_a_window_is_two_times_or_a_part_of_the_day(text: str, window: tuple[int, int]) -> None:
    assert read_window(text) == window


@pytest.mark.parametrize("text", ["6h-6h", "6h", "6h-25h", "6h-7h-8h"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(Unread, match="not_a_window"):
        read_window(text)
