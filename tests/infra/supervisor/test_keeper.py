"""Keep fake children running, in order, without leaving anything behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.supervisor import Stage, Supervisor
from infra.supervisor.keeper import Backoff
from schemas.errors import StackError
from tests.infra.processes import exists, wait_for
from tests.infra.supervisor.children import (
    DIES,
    DIES_ONCE,
    HAS_A_CHILD,
    IGNORES_TERM,
    NOTES_ITS_END,
    RUNS,
    WRITES_READY,
    Watcher,
    child,
)

QUICK = Backoff(first_s=0.05, most_s=0.2)


def run(
    stages: list[Stage], until: Callable[[Watcher], bool], *, ready_within_s: float = 60.0
) -> Watcher:
    """Run a supervisor until something has come about; return what was seen."""
    watcher = Watcher(until)
    watcher.supervisor = Supervisor(
        stages,
        say=watcher.say,
        on_change=watcher.on_change,
        backoff=QUICK,
        ready_within_s=ready_within_s,
    )
    watcher.supervisor.run(watcher.on_ready)
    return watcher


def test_next_stage_starts_only_when_the_one_before_is_ready(tmp_path: Path) -> None:
    """The second child sees the file that makes the first one ready."""
    mark = tmp_path / "mark"
    second = f"import pathlib, time; assert pathlib.Path({str(mark)!r}).exists(); time.sleep(600)"
    order: list[str] = []
    seen = run(
        [
            Stage(
                (child(tmp_path, "a", WRITES_READY, str(mark), is_ready=lambda _: mark.exists()),),
                then=lambda: order.append("then"),
            ),
            Stage((child(tmp_path, "b", second),), then=lambda: order.append("second")),
        ],
        until=lambda watcher: watcher.became_ready,
    )
    assert order == ["then", "second"]
    assert seen.history[0][0].name == "a"
    assert not any(report.name == "b" for report in seen.history[0])
    assert not seen.heard("b ended")


def test_killed_child_is_started_again(tmp_path: Path) -> None:
    """A SIGKILL leads to a new process of the same name."""
    pids: set[int] = set()

    def until(watcher: Watcher) -> bool:
        pid = watcher.pid("worker-1")
        running = any(report.state == "running" for report in watcher.reports)
        if watcher.became_ready and pid and running and pid not in pids:
            pids.add(pid)
            if len(pids) == 1:
                os.kill(pid, signal.SIGKILL)
        return len(pids) == 2

    seen = run([Stage((child(tmp_path, "worker-1", RUNS),))], until)
    assert seen.heard("worker-1 was killed by SIGKILL")
    assert not any(exists(pid) for pid in pids)


def test_child_that_stands_still_is_killed_and_started_again(tmp_path: Path) -> None:
    """A stopped process gives no sign of life; SIGKILL reaches it all the same."""
    pids: list[int] = []

    def until(watcher: Watcher) -> bool:
        pid = watcher.pid("worker-1")
        if watcher.became_ready and pid and pid not in pids:
            pids.append(pid)
            if len(pids) == 1:
                os.kill(pid, signal.SIGSTOP)
        return len(pids) == 2

    still = child(
        tmp_path, "worker-1", RUNS, is_still=lambda pid: pid == pids[0] if pids else False
    )
    seen = run([Stage((still,))], until)
    assert seen.heard("worker-1 stands still; ending it")
    assert seen.heard("worker-1 was killed by SIGKILL")


def test_child_that_dies_before_it_is_ready_is_tried_again(tmp_path: Path) -> None:
    """One death at the start is no reason to give up."""
    mark = tmp_path / "been"
    ready_on_second = child(tmp_path, "a", DIES_ONCE, str(mark), is_ready=lambda _: mark.exists())
    seen = run([Stage((ready_on_second,))], until=lambda watcher: watcher.became_ready)
    assert seen.became_ready


def test_child_that_keeps_dying_at_the_start_is_given_up_with_its_last_words(
    tmp_path: Path,
) -> None:
    """The message names the child, its words and its log; the others are stopped."""
    fine = child(tmp_path, "fine", RUNS)
    bad = child(tmp_path, "bad", DIES, is_ready=lambda _: False)
    watcher = Watcher(lambda _: False)
    supervisor = Supervisor(
        [Stage((fine, bad))], say=watcher.say, on_change=watcher.on_change, backoff=QUICK
    )
    with pytest.raises(StackError, match=r"bad died 3 times .*no luck today; log: .*bad\.log"):
        supervisor.run(watcher.on_ready)
    started = {r.pid for reports in watcher.history for r in reports if r.name == "fine" and r.pid}
    assert len(started) == 1
    assert not any(exists(pid) for pid in started)


def test_child_that_never_gets_ready_is_given_up(tmp_path: Path) -> None:
    """A stage may not wait for ever."""
    slow = child(tmp_path, "slow", RUNS, is_ready=lambda _: False)
    with pytest.raises(StackError, match=r"slow was not ready after 0\.3 s: its log says nothing"):
        run([Stage((slow,))], until=lambda _: False, ready_within_s=0.3)


def test_missing_program_is_named(tmp_path: Path) -> None:
    """Nothing is tried again where the program is not installed."""
    lost = child(tmp_path, "lost", RUNS)
    lost = type(lost)("lost", ("/no/such/program",), lost.log, lost.is_ready)
    with pytest.raises(StackError, match=r"lost: the program /no/such/program is missing"):
        run([Stage((lost,))], until=lambda _: False)


def test_children_stop_in_reverse_order(tmp_path: Path) -> None:
    """What started last ends first."""
    ends = tmp_path / "ends"

    def stage(name: str) -> Stage:
        mark = tmp_path / name
        words = (str(mark), str(ends), name)
        made = child(tmp_path, name, NOTES_ITS_END, *words, is_ready=lambda _: mark.exists())
        return Stage((made,))

    run([stage("a"), stage("b"), stage("c")], until=lambda watcher: watcher.became_ready)
    assert ends.read_text(encoding="utf-8").split() == ["c", "b", "a"]


def test_child_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    """SIGTERM has a limit."""
    mark = tmp_path / "mark"
    stubborn = child(
        tmp_path,
        "stubborn",
        IGNORES_TERM,
        str(mark),
        is_ready=lambda _: mark.exists(),
        stop_within_s=0.2,
    )
    seen = run([Stage((stubborn,))], until=lambda watcher: watcher.became_ready)
    assert seen.heard("stubborn did not stop within")
    assert [report.state for report in seen.reports] == ["dead"]


def test_child_whose_work_is_done_is_not_started_again(tmp_path: Path) -> None:
    """Exit 0 of a player means that the scenario has ended; it leaves the list."""
    player = child(tmp_path, "scenario", "pass", is_ready=lambda _: False, may_end=True)
    seen = run([Stage((player,))], until=lambda watcher: watcher.became_ready)
    assert seen.heard("scenario has finished")
    assert seen.reports == []


def test_child_of_a_dead_child_dies_too(tmp_path: Path) -> None:
    """Killing a worker leaves nothing of its process group."""
    mark = tmp_path / "mark"
    killed: list[int] = []

    def until(watcher: Watcher) -> bool:
        pid = watcher.pid("worker-1")
        if watcher.became_ready and pid and not killed:
            killed.append(int(mark.read_text(encoding="utf-8")))
            os.kill(pid, signal.SIGKILL)
        return watcher.heard("was killed by")

    parent = child(
        tmp_path,
        "worker-1",
        HAS_A_CHILD,
        str(mark),
        is_ready=lambda _: mark.exists() and mark.read_text(encoding="utf-8").isdigit(),
    )
    run([Stage((parent,))], until)
    wait_for(lambda: not exists(killed[0]))
    assert not exists(killed[0])


def test_nothing_survives_the_death_of_the_supervisor(tmp_path: Path) -> None:
    """Even SIGKILL of the supervisor leaves no process."""
    program = f"""
import sys, pathlib
from infra.supervisor import Stage, Supervisor
from tests.infra.processes import exists, wait_for
from tests.infra.supervisor.children import RUNS, child
folder = pathlib.Path({str(tmp_path)!r})
def note(reports):
    if reports[0].pid:
        (folder / "pid.tmp").write_text(str(reports[0].pid))
        (folder / "pid.tmp").rename(folder / "pid")
Supervisor([Stage((child(folder, "a", RUNS),))], say=print, on_change=note).run(lambda: None)
"""
    project = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", program], cwd=project) as supervisor:
        wait_for((tmp_path / "pid").exists)
        pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
        supervisor.kill()
    wait_for(lambda: not exists(pid))
    assert not exists(pid)


@pytest.mark.parametrize(("deaths", "wait_s"), [(1, 0.25), (2, 0.5), (4, 2.0), (9, 10.0)])
def test_backoff_doubles_up_to_ten_seconds(deaths: int, wait_s: float) -> None:
    """A child in a crash loop is tried again at least every ten seconds."""
    assert Backoff().wait_s(deaths) == wait_s
