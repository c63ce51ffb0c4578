"""Say in a sentence why a trip is held."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from routing.checkpoints.metering import Hold
from schemas.model import LOCAL

_SENTENCES = {
    ("place_full", "en"): "held {held} min: {due} trucks are due at {name} {span}, it clears "
    "{clears}",
    ("place_full", "vi"): "giữ {held} phút: {due} xe sẽ đến {name} lúc {span}, nơi đó thông qua "
    "được {clears} xe",
    ("over_capacity", "en"): "cannot wait longer: leaves though {due} trucks are due at {name} "
    "{span} and it clears {clears}",
    ("over_capacity", "vi"): "không thể chờ thêm: vẫn đi dù {due} xe sẽ đến {name} lúc {span}, "
    "nơi đó thông qua được {clears} xe",
    ("none", "en"): "not held",
    ("none", "vi"): "không bị giữ",
}


def sentence(hold: Hold, name: str, language: Literal["en", "vi"] = "en") -> str:
    """Return the reason of a hold with its numbers, times as the delta's clocks show them.

    Parameters
    ----------
    hold
        What was decided.
    name
        What people call the place.
    language
        Which.
    """
    return _SENTENCES[hold.code, language].format(
        held=round(hold.held_s / 60),
        due=hold.due,
        name=name,
        span=f"{_clock(hold.from_s)}–{_clock(hold.until_s)}",
        clears=hold.clears,
    )


def _clock(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, LOCAL).strftime("%H:%M")
