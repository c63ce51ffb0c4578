"""Test that live, stale, silent and stuck are four states."""

from __future__ import annotations

import random

from routing.corridors import begun, see, sign_of, took
from tests.routing.corridors.scene import T0, corridor, drive


def test_a_truck_is_live_then_stale_then_silent() -> None:
    """By the age of its last position alone, judged or not."""
    rules = corridor()
    state = begun()
    assert sign_of(rules, state, T0) == "silent"
    for seen in see(rules.course, drive(until_s=601)):
        state, _ = took(rules, "T", state, seen)
    signs = [sign_of(rules, state, T0 + 600 + age_s) for age_s in (0, 300, 301, 5_400, 5_401)]
    assert signs == ["live", "live", "stale", "stale", "silent"]


def test_a_truck_that_is_heard_and_stands_is_stuck() -> None:
    """After 45 minutes on the road, while it is heard; it is stale once it is not."""
    rules = corridor()
    state = begun()
    drives = drive(halt=(850, 9_000), until_s=6_001, noise=random.Random(1))
    signs = {}
    for seen in see(rules.course, drives):
        state, _ = took(rules, "T", state, seen)
        signs[seen.at_s - T0] = sign_of(rules, state, seen.at_s)
    assert signs[3_300] == "live"
    assert signs[4_200] == "stuck"
    assert sign_of(rules, state, T0 + 6_500) == "stale"


def test_a_truck_that_waits_at_its_port_is_not_stuck() -> None:
    """Where it may stand it may stand for long."""
    rules = corridor()
    state = begun()
    for seen in see(rules.course, drive(halt=(0, 9_000), until_s=6_001)):
        state, _ = took(rules, "T", state, seen)
    assert sign_of(rules, state, T0 + 6_000) == "live"
