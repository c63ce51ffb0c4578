"""Create the topics of the catalogue on a broker, and tell how a broker differs from it."""

import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from infra.settings import Settings
from schemas.errors import Unavailable
from schemas.topics import ENTITY_PARTITIONS, REGION_PARTITIONS, TOPICS

with warnings.catch_warnings():  # kafka-python reads its protocol as Python 3.13 allows again
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaAdminClient
    from kafka.admin import ConfigResource, ConfigResourceType
    from kafka.errors import KafkaError, TopicAlreadyExistsError

CHANGELOGS: dict[str, int] = {
    "harvestlane-workers-truck-changelog": ENTITY_PARTITIONS,
    "harvestlane-workers-place-changelog": ENTITY_PARTITIONS,
    "harvestlane-workers-lot-changelog": ENTITY_PARTITIONS,
    "harvestlane-workers-dispatch-changelog": REGION_PARTITIONS,
}
"""The topics in which Faust keeps its tables, and their partitions; always compacted."""

AUDIT = "audit.entry.v1"
_DAY_MS = 86_400_000
_MOST_REPLICAS = 3
_PATIENCE_MS = 10_000
_WHAT_TO_DO = "start a stack with `harvestlane up` or correct HARVESTLANE_KAFKA"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How one topic has to be on the broker."""

    name: str
    partitions: int
    configs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the broker is not as the catalogue says.

    Attributes
    ----------
    topic
        Name of the topic.
    what
        `topic` where it is missing, `partitions`, or the name of a setting.
    wanted, found
        What the catalogue says and what the broker has.
    """

    topic: str
    what: str
    wanted: str
    found: str

    def __str__(self) -> str:
        if self.what == "topic":
            return f"{self.topic} is missing; `harvestlane topics apply` creates it"
        return f"{self.topic}: {self.what} is {self.found}, the catalogue says {self.wanted}"


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did.

    Attributes
    ----------
    created
        Names of the topics that were missing.
    differences
        How topics that were there already differ; they were left as they are.
    """

    created: tuple[str, ...]
    differences: tuple[Difference, ...]


def wanted_topics(settings: Settings | None = None) -> tuple[Wanted, ...]:
    """List every topic that a stack needs: the catalogue's and the changelogs of the tables.

    Parameters
    ----------
    settings
        Say how long the audit log is kept; without them it is for ever.
    """
    catalogue = (
        Wanted(topic.name, topic.partitions, topic.configs | _kept_for(topic.name, settings))
        for topic in TOPICS
    )
    changelogs = (
        Wanted(name, partitions, {"cleanup.policy": "compact"})
        for name, partitions in CHANGELOGS.items()
    )
    return (*catalogue, *changelogs)


def _kept_for(topic: str, settings: Settings | None) -> dict[str, str]:
    if topic != AUDIT or settings is None or settings.audit_days is None:
        return {}
    return {"retention.ms": str(int(settings.audit_days * _DAY_MS))}


def apply(settings: Settings) -> Applied:
    """Create every topic that is missing; never change one that is there.

    Parameters
    ----------
    settings
        Name the broker.

    Returns
    -------
    Applied
        What was created, and what differs in topics that existed.

    Raises
    ------
    Unavailable
        The broker does not answer, or refuses.
    """
    with _admin(settings) as admin:
        there = set(admin.list_topics())
        missing = [topic for topic in wanted_topics(settings) if topic.name not in there]
        if missing:
            own = settings.brokers if settings.kafka is None else 1
            replicas = max(own, min(_MOST_REPLICAS, len(admin.describe_cluster()["brokers"])))
            _create(admin, missing, replicas)
        return Applied(
            created=tuple(topic.name for topic in missing),
            differences=tuple(_compare(admin, settings)),
        )


def check(settings: Settings) -> list[Difference]:
    """Compare the broker's topics with the catalogue.

    Parameters
    ----------
    settings
        Name the broker.

    Returns
    -------
    list of Difference
        A missing topic, another number of partitions, another clean-up or retention; empty where
        all is as it should be.

    Raises
    ------
    Unavailable
        The broker does not answer.
    """
    with _admin(settings) as admin:
        return list(_compare(admin, settings))


@contextmanager
def _admin(settings: Settings) -> Iterator[Any]:
    servers = settings.bootstrap_servers.split(",")
    if not any(_listens(server) for server in servers):
        raise Unavailable(f"no broker listens at {settings.bootstrap_servers}; {_WHAT_TO_DO}")
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=servers,
            client_id="harvestlane-topics",
            bootstrap_timeout_ms=_PATIENCE_MS,
            request_timeout_ms=_PATIENCE_MS,
        )
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        raise Unavailable(
            f"the broker at {settings.bootstrap_servers} does not do what it is asked "
            f"({type(error).__name__}); {_WHAT_TO_DO}"
        ) from error


def _listens(server: str) -> bool:
    host, _, port = server.strip().rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _PATIENCE_MS / 1000):
            return True
    except (OSError, OverflowError, ValueError):  # nobody, or no address at all
        return False


def _create(admin: Any, topics: list[Wanted], replicas: int) -> None:
    for topic in topics:
        options = {
            "num_partitions": topic.partitions,
            "replication_factor": replicas,
            "configs": topic.configs,
        }
        try:
            admin.create_topics({topic.name: options})
        except TopicAlreadyExistsError:  # somebody else was first: `_compare` judges it
            continue
    admin.wait_for_topics([topic.name for topic in topics], timeout_ms=_PATIENCE_MS)


def _compare(admin: Any, settings: Settings) -> Iterator[Difference]:
    there = {topic["name"]: topic for topic in admin.describe_topics()}
    wanted = wanted_topics(settings)
    configs = _configs(admin, [topic for topic in wanted if topic.name in there])
    for topic in wanted:
        if topic.name not in there:
            yield Difference(topic.name, "topic", "there", "missing")
            continue
        partitions = len(there[topic.name]["partitions"])
        if partitions != topic.partitions:
            yield Difference(topic.name, "partitions", str(topic.partitions), str(partitions))
        for name, value in topic.configs.items():
            found = configs[topic.name].get(name, "unset")
            if found != value:
                yield Difference(topic.name, name, value, found)


def _configs(admin: Any, topics: list[Wanted]) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, topic.name, list(topic.configs))
        for topic in topics
    ]
    answer = admin.describe_configs(asked, config_filter="all")["topic"]
    return {
        topic: {name: str(config["value"]) for name, config in settings.items()}
        for topic, settings in answer.items()
    }
