"""Start everything, look at it, kill each kind of process, see it come back."""

import urllib.request

import psutil
import pytest

from infra.stack import Stack
from infra.stack.links import links
from tests.infra.processes import exists, kill_and_await, wait_for

pytestmark = pytest.mark.integration

EXPECTED = {"supervisor", "kafka", "redis", "worker-1", "worker-2", "projector", "api"}


def test_everything_is_ready(stack: Stack) -> None:
    """A yielded stack has all its processes, ready, and nothing left to read soon after."""
    status = stack.status()
    assert {process["name"] for process in status["processes"]} == EXPECTED
    assert all(process["state"] == "running" for process in status["processes"])
    wait_for(lambda: all(process["ready"] for process in stack.status()["processes"]))


def test_lag_names_the_topics_that_are_read(stack: Stack) -> None:
    """Topics that nobody has begun to read are counted, too."""
    lag = stack.status()["lag"]
    assert "harvest.lot.v1" in lag["workers"]
    assert "lot.state.v1" in lag["projector"]
    assert lag["total"] == sum(lag["workers"].values()) + sum(lag["projector"].values())


@pytest.mark.parametrize("name", ["worker-1", "projector", "api", "redis"])
def test_killed_process_is_back(stack: Stack, name: str) -> None:
    """A SIGKILL is followed by a new process that is ready."""
    assert exists(kill_and_await(stack, name))


def test_planner_of_a_killed_worker_dies_with_it(stack: Stack) -> None:
    """Nothing of a worker's process group outlives it."""
    others = psutil.Process(stack.pid_of("worker-2")).children(recursive=True)
    kill_and_await(stack, "worker-2")
    wait_for(lambda: not any(exists(other.pid) for other in others))
    assert not any(exists(other.pid) for other in others)


def test_link_of_the_dispatcher_leads_to_this_stack(stack: Stack) -> None:
    """Where no truck or checkpoint is known, the dispatcher's link stands alone."""
    (link,) = links(stack.settings, None)
    assert link.who == "dispatcher"
    assert link.url.startswith(stack.settings.base_url + "/login#")
    with urllib.request.urlopen(stack.settings.base_url + "/healthz", timeout=10) as answer:  # noqa: S310
        assert answer.status == 200
