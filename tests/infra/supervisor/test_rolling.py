"""Restart fake children one after another."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from infra.supervisor import Child, Stage, Supervisor
from infra.supervisor.keeper import Backoff
from tests.infra.supervisor.children import DIES_ONCE, NOTES_ITS_END, RUNS, Watcher, child

QUICK = Backoff(first_s=0.05, most_s=0.2)


@dataclass
class Wish:
    """Ask once, when everything is ready, and end the supervisor when the answer is there."""

    names: tuple[str, ...]
    watcher: Watcher = field(default_factory=lambda: Watcher(lambda _: False))
    came: list[str] = field(default_factory=list)
    error: str | None = None
    asked: bool = False
    also: Callable[[], None] = lambda: None

    def __call__(self) -> "Wish | None":
        """Give the request once."""
        first, self.asked = not self.asked, True
        return self if first else None

    def came_back(self, name: str, took_s: float) -> None:
        """Note who is back."""
        assert took_s >= 0
        self.came.append(name)
        self.also()

    def over(self, error: str | None) -> None:
        """Note the end."""
        self.error = error
        assert self.watcher.supervisor is not None
        self.watcher.supervisor.ask_to_stop()


def run(wish: Wish, *stages: tuple[Child, ...], ready_within_s: float = 60.0) -> Wish:
    """Run a supervisor until a wish is answered."""
    wish.watcher.supervisor = Supervisor(
        [Stage(children) for children in stages],
        say=wish.watcher.say,
        on_change=wish.watcher.on_change,
        backoff=QUICK,
        ready_within_s=ready_within_s,
        asked=wish,
        settled_s=0.1,
    )
    wish.watcher.supervisor.run(wish.watcher.on_ready)
    return wish


def noting(folder: Path, name: str) -> Child:
    """Describe a child that notes its orderly end in a file of all."""
    ready = folder / f"{name}.ready"
    words = (str(ready), str(folder / "ends"), name)
    return child(folder, name, NOTES_ITS_END, *words, is_ready=lambda _: ready.exists())


def pids(wish: Wish, name: str) -> list[int]:
    """List the processes that a child had, in order."""
    found = [r.pid for reports in wish.watcher.history for r in reports if r.name == name and r.pid]
    return list(dict.fromkeys(found))


def test_each_is_ready_again_before_the_next_is_stopped(tmp_path: Path) -> None:
    """They take turns, and each ends in its own time."""
    workers = tuple(noting(tmp_path, f"worker-{n}") for n in (1, 2, 3))
    wish = run(Wish(("worker-1", "worker-2", "worker-3")), workers)
    assert wish.came == ["worker-1", "worker-2", "worker-3"]
    assert wish.error is None
    assert [len(pids(wish, f"worker-{n}")) for n in (1, 2, 3)] == [2, 2, 2]
    told = [" ".join(line.split()[:3]) for line in wish.watcher.said]
    told = told[told.index("restarting worker-1") :]
    assert told == [
        words.format(n)
        for n in (1, 2, 3)
        for words in ("restarting worker-{}", "worker-{} is ready")
    ]
    ends = (tmp_path / "ends").read_text().split()
    assert ends[:3] == ["worker-1", "worker-2", "worker-3"]


def test_nobody_else_is_restarted(tmp_path: Path) -> None:
    """The broker keeps its process while a worker gets a new one, and no death is told."""
    wish = run(Wish(("api",)), (child(tmp_path, "kafka", RUNS),), (noting(tmp_path, "api"),))
    assert len(pids(wish, "kafka")) == 1
    assert len(pids(wish, "api")) == 2
    assert not wish.watcher.heard("starting it again")


def test_unknown_name_restarts_nobody(tmp_path: Path) -> None:
    """The answer says which names there are."""
    wish = run(Wish(("api", "nobody")), (noting(tmp_path, "api"),))
    assert wish.error == "'nobody' is none of api"
    assert wish.came == []
    assert len(pids(wish, "api")) == 1


def test_one_that_does_not_come_back_spares_the_rest(tmp_path: Path) -> None:
    """What was to be restarted later runs on as it was."""
    started: set[int] = set()

    def only_once(pid: int) -> bool:
        started.add(pid)
        return len(started) == 1

    broken = child(tmp_path, "worker-1", RUNS, is_ready=only_once)
    wish = run(
        Wish(("worker-1", "worker-2")), (broken, noting(tmp_path, "worker-2")), ready_within_s=3.0
    )
    assert wish.error is not None
    assert wish.error.startswith("worker-1 was not ready within 3 s after worker-1 was restarted")
    assert wish.came == []
    assert len(pids(wish, "worker-2")) == 1


def test_one_that_dies_at_its_new_start_is_tried_again(tmp_path: Path) -> None:
    """A single death on the way is no failure."""
    mark = tmp_path / "been"
    mark.write_text("been here")
    wish = Wish(("worker-1",))
    one = child(tmp_path, "worker-1", DIES_ONCE, str(mark))
    forgetting = Child(
        name=one.name,
        command=one.command,
        log=one.log,
        is_ready=lambda _: mark.exists(),
        prepare=lambda: mark.unlink() if wish.asked and mark.exists() and not died() else None,
    )

    def died() -> bool:
        return wish.watcher.heard("worker-1 ended with 3")

    run(wish, (forgetting,))
    assert died()
    assert wish.error is None
    assert wish.came == ["worker-1"]


def test_a_neighbour_that_is_killed_meanwhile_is_waited_for(tmp_path: Path) -> None:
    """The next one is stopped only once everybody that was ready is ready again."""
    wish = Wish(("worker-1", "worker-2"))

    def kill() -> None:
        pid = wish.watcher.pid("api")
        if len(wish.came) == 1 and pid:
            os.kill(pid, signal.SIGKILL)

    wish.also = kill
    workers = (noting(tmp_path, "worker-1"), noting(tmp_path, "worker-2"))
    run(wish, (*workers, noting(tmp_path, "api")))
    assert wish.error is None
    assert wish.came == ["worker-1", "worker-2"]
    assert len(pids(wish, "api")) == 2
