"""Let the planner hang, die and fail beside a working town: events go on, plans stand, people hear.

The planner's process is real and as `tests.streams.solvers` has it; the town's broker is in memory.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schemas.dispatch import PlanComputed
from schemas.envelope import Record
from streams import planning
from streams.outage import ALERT_ID
from streams.picture import draw
from streams.planner import Planner, _parts, _record
from streams.planning import Picture, solve
from streams.pool import Limits, Pool
from tests.streams import solvers
from tests.streams.solvers import Moody
from tests.streams.town import Straight, Town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.shell import Shell

BRIEF = Limits(answer_s=0.5, start_s=30.0, pause_s=0.2, longest_pause_s=0.4)


class _Light(Pool):
    """Sends the name of the plan in place of the picture: it loads in a moment."""

    async def ask(self, question: Any) -> Any:
        """Ask for a plan of that name."""
        return await super().ask(question.plan_id)


@dataclass
class Bench:
    """A town, its planner at work, and what came of that."""

    town: Town
    solver: Moody
    shell: Shell
    written: asyncio.Event = field(default_factory=asyncio.Event)
    leads: bool = True
    loses_next: bool = False
    """Whether the next plan is lost, and the partition with it."""
    counted: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    async def publish(self, records: Sequence[Record]) -> None:
        """Put records on the town's log, and let the folds take them."""
        if self.loses_next:
            self.loses_next = self.leads = False
            return
        for record in records:
            self.told.append(dict(record.headers)["ce_type"].decode())
            self.town.put(record, 0)
        self.live()

    def live(self) -> None:
        """Let the folds do what there is to do."""
        self.town.run(plan=False)
        self.written.set()

    def count(self, group: str, counts: Mapping[str, int]) -> None:
        """Count as the worker's counters do."""
        assert group == "planner"
        self.counted.update(counts)

    async def until(self, done: Callable[[], Any], within_s: float = 20) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(within_s):
            while not done():  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.02)

    def alerts(self) -> list[tuple[str, str]]:
        """List what was said of the planner: raised with its code, or cleared."""
        return [
            (event_type, data.get("code", ""))
            for event_type, data in self.town.events("alert.v1")
            if data["alert_id"] == ALERT_ID
        ]

    @asynccontextmanager
    async def planner(self) -> AsyncIterator[None]:
        """Run the planner for as long as the block lasts."""
        pool = _Light(self.solver, start=solvers.start, limits=BRIEF)
        planner = Planner(pool, now=lambda: self.town.now, publish=self.publish, count=self.count)
        running = asyncio.create_task(planner.run(self))
        self.written.set()
        try:
            yield
            assert not running.done(), "the planner's task has ended"
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Furnish a town with two lots that wait for a plan."""
    town = Town()
    town.furnish()
    town.run(plan=False)
    solver = Moody(tmp_path)
    solver.feel("well")
    return Bench(town, solver, town.shells["dispatch"])


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


@pytest.mark.parametrize(
    ("mood", "code"),
    [
        ("hang", "planner_slow"),
        ("die", "planner_dead"),
        ("raise", "planner_failed"),
        ("babble", "planner_failed"),
    ],
)
def test_people_are_warned_once_and_told_when_plans_come_again(
    bench: Bench, mood: str, code: str
) -> None:
    """However often it fails in a row, one warning; the next plan takes it back."""
    bench.solver.feel(mood)

    async def work() -> None:
        async with bench.planner():
            await bench.until(lambda: bench.told.count("plan.failed") >= 2)
            assert bench.alerts() == [("alert.raised", code)]
            bench.solver.feel("well")
            await bench.until(lambda: len(bench.alerts()) > 1)

    _run(work)
    assert bench.alerts() == [("alert.raised", code), ("alert.cleared", "")]
    assert bench.counted[code.removeprefix("planner_")] >= 2
    assert bench.counted["planned"] == 1


def test_another_kind_of_failure_is_told_under_the_same_alert(bench: Bench) -> None:
    bench.solver.feel("raise")

    async def work() -> None:
        async with bench.planner():
            await bench.until(bench.alerts)
            bench.solver.feel("die")
            await bench.until(lambda: len(bench.alerts()) > 1)

    _run(work)
    assert [code for _, code in bench.alerts()] == ["planner_failed", "planner_dead"]
    first, second = (data for _, data in bench.town.events("alert.v1"))
    assert first["params"]["at"] == second["params"]["at"]
    assert first["params"]["detail"] == "ZeroDivisionError: a truck of no kilograms"
    assert second["params"]["detail"] == "Its process was ended by SIGKILL."
    assert second["params"]["failures"] > 1


def test_a_picture_that_kills_its_planner_every_time_is_not_tried_without_a_pause(
    bench: Bench,
) -> None:
    """At pauses of 0.2, 0.4, 0.4 … s two seconds hold no more than six tries."""
    bench.solver.feel("raise")

    async def work() -> None:
        async with bench.planner():
            await bench.until(bench.alerts)
            before = bench.solver.asked()
            for _ in range(40):
                bench.written.set()
                await asyncio.sleep(0.05)
            assert 1 <= bench.solver.asked() - before <= 6

    _run(work)


def test_events_are_carried_out_while_the_planner_hangs_and_the_last_plan_stands(
    bench: Bench,
) -> None:
    """An offer made before is accepted and loaded meanwhile; nothing is withdrawn."""
    town = bench.town
    town.run()
    offers = town.states("assignment")
    one = min(offers)
    town.add_lot("L9")
    town.run(plan=False)
    bench.solver.feel("hang")

    async def work() -> None:
        async with bench.planner():
            await bench.until(lambda: bench.solver.asked() == 1)
            town.command("accept", one)
            bench.live()
            town.command("report_loaded", one)
            bench.live()
            assert bench.told == []
            assert town.states("assignment")[one]["status"] == "loaded"
            await bench.until(lambda: bench.told == ["plan.failed"] * 2)

    _run(work)
    assert set(town.states("assignment")) == set(offers)
    ended = {"cancelled", "expired", "declined"}
    assert not ended & {state["status"] for state in town.states("assignment").values()}
    assert town.dead() == []


def test_an_answer_that_comes_after_the_partition_has_gone_is_told_to_nobody(bench: Bench) -> None:
    bench.solver.feel("hang")

    async def work() -> None:
        async with bench.planner():
            await bench.until(lambda: bench.solver.asked() == 1)
            bench.leads = False
            await bench.until(lambda: bench.counted["slow"] == 1)
            await asyncio.sleep(0.1)

    _run(work)
    assert bench.told == []


def test_a_plan_that_dispatch_never_got_is_made_again_once_the_partition_is_back(
    bench: Bench,
) -> None:
    """Workers that join take the partitions away for a moment, and nothing else changes."""
    bench.solver.feel("think")

    async def work() -> None:
        async with bench.planner():
            await bench.until(lambda: bench.solver.asked() == 1)
            bench.leads = False
            await asyncio.sleep(1)
            assert bench.told == []
            bench.leads = True
            await bench.until(lambda: bench.told)

    _run(work)
    assert bench.told == ["plan.computed"]
    assert bench.solver.asked() == 2


def test_a_plan_that_was_told_but_not_taken_is_made_again(bench: Bench) -> None:
    """The partition goes between the telling and the taking."""
    bench.solver.feel("well")
    bench.loses_next = True

    async def work() -> None:
        async with bench.planner():
            await bench.until(lambda: not bench.leads)
            bench.leads = True
            await bench.until(lambda: bench.told)

    _run(work)
    assert bench.told == ["plan.computed"]


def test_the_warning_is_taken_back_even_when_nothing_is_left_to_plan(bench: Bench) -> None:
    """The lots that killed the planner are withdrawn: it is asked for an empty plan, and answers.

    It is another planner that does so, as after a restart of the worker.
    """
    bench.solver.feel("die")

    async def fail() -> None:
        async with bench.planner():
            await bench.until(bench.alerts)

    async def recover() -> None:
        async with bench.planner():
            await bench.until(lambda: len(bench.alerts()) > 1)

    _run(fail)
    for lot_id in ("L0", "L1"):
        bench.town.say("lot.withdrawn", {"lot_id": lot_id})
    bench.live()
    bench.solver.feel("well")
    bench.written = asyncio.Event()
    _run(recover)
    assert bench.alerts() == [("alert.raised", "planner_dead"), ("alert.cleared", "")]


def _picture(town: Town) -> Picture:
    return draw(town.shells["dispatch"].memory.store(0), "P-1", town.now)


class _Pothole(Straight):
    """Roads on which one farm's way cannot be drawn."""

    def route(self, vehicle_class: str, via: Sequence[Any]) -> Any:
        """Fail at the farm."""
        if any(point.lat > 9.89 and point.lat < 9.91 for point in via):
            raise KeyError("a road without a name")
        return super().route(vehicle_class, via)


def _take(town: Town, answer: dict[str, Any]) -> None:
    """Hand an answer to dispatch, as the planner does."""
    for part in _parts(answer):
        town.put(_record(PlanComputed.model_validate(part), town.now), 0)
    town.run(plan=False)


def test_a_trip_that_cannot_be_written_costs_no_other_trip(bench: Bench) -> None:
    """Its lot stays open, people are warned by name, and a whole plan takes the warning back."""
    town = bench.town
    town.add_lot("L9", pickup={"lat": 9.9, "lon": 105.2, "name": "Ổ gà"})
    town.run(plan=False)
    answer = solve(_picture(town), _Pothole())  # type: ignore[arg-type]
    assert [part["what"] for part in answer["skipped"]] == ["L9"]
    _take(town, answer)
    booked = {state["lot_id"] for state in town.states("assignment").values()}
    assert booked == {"L0", "L1"}
    (alert,) = (data for _, data in town.events("alert.v1"))
    assert (alert["code"], alert["severity"]) == ("planner_skipped", "warning")
    assert (alert["params"]["count"], alert["params"]["things"]) == (1, "L9")
    _take(town, {**solve(_picture(town), Straight()), "plan_id": "P-2"})  # type: ignore[arg-type]
    assert bench.alerts() == [("alert.raised", "planner_skipped"), ("alert.cleared", "")]
    assert "L9" in {state["lot_id"] for state in town.states("assignment").values()}


def test_what_cannot_be_drawn_is_left_out_by_name(bench: Bench) -> None:
    """One slot that ends before it begins spoils no picture."""
    town = bench.town
    store = town.shells["dispatch"].memory.store(0)
    key = next(key for key, _ in store.items() if key.startswith("slot:"))
    state = store.get(key).own["state"]  # type: ignore[union-attr]
    state["window_start"], state["window_end"] = state["window_end"], state["window_start"]
    picture = _picture(town)
    assert [name for name, _ in picture.skipped] == [state["slot_id"]]
    assert "window_end" in picture.skipped[0][1]
    assert len(picture.slots) == 7
    answer = solve(picture, Straight())  # type: ignore[arg-type]
    assert len(answer["trips"]) == 2
    assert [part["what"] for part in answer["skipped"]] == [state["slot_id"]]


def test_a_need_that_fails_leaves_its_trip_as_it_is_and_the_rest_is_planned(bench: Bench) -> None:
    town = bench.town
    town.run()
    one = min(town.states("assignment"))
    before = town.states("assignment")[one]
    town.add_lot("L9")
    busy = {state["truck_id"] for state in town.states("assignment").values()}
    free = next(iter({"T0", "T1", "T2"} - busy))
    town.add_truck("T9")
    town.command("override", one, truck_id=free)
    town.run(plan=False)
    picture = _picture(town)
    assert len(picture.needs) == 1
    need = replace(picture.needs[0], lot=None)  # type: ignore[arg-type]
    broken = replace(picture, needs=(need,))
    answer = solve(broken, Straight())  # type: ignore[arg-type]
    assert [part["what"] for part in answer["skipped"]] == [one]
    assert [trip["fields"]["lot_id"] for trip in answer["trips"]] == ["L9"]
    _take(town, answer)
    assert town.states("assignment")[one] == before


def test_needs_that_find_no_time_are_left_for_the_next_plan(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is met whatever the time; `more` says that others wait."""
    town = bench.town
    town.run()
    monkeypatch.setattr(planning, "_NEEDS_S", 0.0)
    for assignment_id, truck_id in zip(
        sorted(town.states("assignment")), ("T8", "T9"), strict=True
    ):
        town.add_truck(truck_id)
        town.command("override", assignment_id, truck_id=truck_id)
    town.run(plan=False)
    picture = _picture(town)
    answer = solve(picture, Straight())  # type: ignore[arg-type]
    assert len(picture.needs) == 2
    assert len(answer["trips"]) + len(answer["refused_overrides"]) == 1
    assert answer["more"]


def test_what_would_help_a_lot_left_over_reaches_its_state(bench: Bench) -> None:
    """No truck freezes: one more that does would help, in both languages."""
    town = bench.town
    town.add_lot("L9", temperature="frozen")
    town.run()
    (reason,) = town.states("lot")["L9"]["reasons"]
    assert (reason["code"], reason["fix"]["kind"]) == ("temperature", "truck_more")
    assert "đông lạnh" in reason["fix"]["vi"]
    assert "frozen" in reason["fix"]["en"]
