"""Test the comparison of a broker with the catalogue: without a broker, then with a real one."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from infra import topics
from infra.cli import build_app
from infra.settings import Settings, free_ports
from infra.stack import Stack
from infra.topics import CHANGELOGS, Difference, wanted_topics
from schemas.errors import Unavailable
from schemas.topics import TOPICS


def test_a_stack_wants_the_catalogue_and_the_changelogs() -> None:
    names = [topic.name for topic in wanted_topics()]
    assert names == [*(topic.name for topic in TOPICS), *CHANGELOGS]
    assert len(names) == len(set(names))


def test_changelogs_are_compacted_and_kept_for_ever() -> None:
    wanted = {topic.name: topic for topic in wanted_topics()}
    for name in CHANGELOGS:
        assert wanted[name].configs["cleanup.policy"] == "compact"


@pytest.mark.parametrize(
    ("difference", "line"),
    [
        (
            Difference("alert.v1", "topic", "there", "missing"),
            "alert.v1 is missing; `harvestlane topics apply` creates it",
        ),
        (
            Difference("alert.v1", "partitions", "1", "3"),
            "alert.v1: partitions is 3, the catalogue says 1",
        ),
    ],
)
def test_a_difference_is_one_line_for_people(difference: Difference, line: str) -> None:
    assert str(difference) == line


def run(settings: Settings, *words: str) -> tuple[int, str, str]:
    """Run the command line in this process, in the environment of a stack."""
    done = CliRunner().invoke(build_app(), ["topics", *words], env=settings.environment())
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("server", ["", "nonsense", "127.0.0.1:99999999", "127.0.0.1:kafka"])
def test_where_no_broker_listens_one_line_says_what_to_do(tmp_path: Path, server: str) -> None:
    free = f"127.0.0.1:{free_ports(1)[0]}"
    nobody = Settings(home=tmp_path, kafka=server or free)
    with pytest.raises(Unavailable, match="start a stack with `harvestlane up` or correct"):
        topics.check(nobody)


def test_the_command_line_says_so_too_and_ends_with_1(tmp_path: Path) -> None:
    nobody = Settings(home=tmp_path, kafka=f"127.0.0.1:{free_ports(1)[0]}")
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "topics", "check", "--json"],
        env=nobody.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"harvestlane: no broker listens at {nobody.kafka}; start")
    assert done.stderr.count("\n") == 1


TOPIC = "closure.state.v1"
"""What the tests below break and mend; nothing else of the session reads it."""


@contextmanager
def admin_of(stack: Stack) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(bootstrap_servers=stack.settings.bootstrap_servers)
    try:
        yield admin
    finally:
        admin.close()


def delete(admin: KafkaAdminClient) -> None:
    admin.delete_topics([TOPIC])
    while TOPIC in admin.list_topics():
        time.sleep(0.05)


@pytest.fixture
def mended(broker: Stack) -> Iterator[Stack]:
    """Give a broker whose topics are right, and leave it so."""
    topics.apply(broker.settings)
    assert topics.check(broker.settings) == []
    yield broker
    with admin_of(broker) as admin:
        if TOPIC in admin.list_topics():
            delete(admin)
    topics.apply(broker.settings)


@pytest.mark.integration
def test_a_missing_topic_is_found_and_made(mended: Stack) -> None:
    with admin_of(mended) as admin:
        delete(admin)
    assert run(mended.settings, "check")[:2] == (
        1,
        f"{TOPIC} is missing; `harvestlane topics apply` creates it\n",
    )
    assert run(mended.settings, "apply")[:2] == (0, f"created {TOPIC}\n")
    assert run(mended.settings, "check")[:2] == (0, "every topic is as the catalogue says\n")
    assert run(mended.settings, "apply")[:2] == (0, "every topic is there\n")


@pytest.mark.integration
def test_an_altered_topic_is_found_and_left_as_it_is(mended: Stack) -> None:
    with admin_of(mended) as admin:
        admin.create_partitions({TOPIC: 3})
        changed = {"cleanup.policy": "delete", "retention.ms": "60000"}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC, changed)])
    expected = [
        {"topic": TOPIC, "what": "partitions", "wanted": "1", "found": "3"},
        {"topic": TOPIC, "what": "cleanup.policy", "wanted": "compact", "found": "delete"},
        {"topic": TOPIC, "what": "retention.ms", "wanted": "-1", "found": "60000"},
    ]
    code, told, _ = run(mended.settings, "check", "--json")
    assert (code, json.loads(told)) == (1, {"ok": False, "differences": expected})
    code, told, _ = run(mended.settings, "apply", "--json")
    assert (code, json.loads(told)) == (1, {"created": [], "differences": expected})
    code, told, _ = run(mended.settings, "check")
    assert code == 1
    assert told.splitlines()[0] == f"{TOPIC}: partitions is 3, the catalogue says 1"
    assert len(told.splitlines()) == len(expected)


@pytest.mark.integration
def test_with_everything_in_place_check_says_ok_in_json(mended: Stack) -> None:
    code, told, _ = run(mended.settings, "check", "--json")
    assert (code, json.loads(told)) == (0, {"ok": True, "differences": []})
