"""Ask a broker how far a consumer group has read."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import KafkaError, RetriableError

from infra.settings import Settings
from schemas.errors import Unavailable

WORKERS = "harvestlane-workers"
"""The consumer group of the stream workers."""

_PATIENCE_MS = 5_000
COORDINATOR_WITHIN_S = 15.0
"""How long a group may be without a coordinator: a broker's place is taken after 6 s."""


@contextmanager
def admin_of(settings: Settings) -> Iterator[Any]:
    """Connect to the broker as an administrator.

    Parameters
    ----------
    settings
        Name the broker.

    Raises
    ------
    Unavailable
        It does not answer, or not as it should.
    """
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=settings.bootstrap_servers.split(","),
            client_id="harvestlane-groups",
            bootstrap_timeout_ms=_PATIENCE_MS,
            request_timeout_ms=_PATIENCE_MS,
        )
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        raise Unavailable(
            f"the broker at {settings.bootstrap_servers} does not answer ({type(error).__name__})"
        ) from error


def committed(
    admin: Any, group: str, *, within_s: float = COORDINATOR_WITHIN_S
) -> dict[TopicPartition, int]:
    """Read the next offsets of a group.

    A new broker makes the topic that it keeps them in when it is first asked, and says until then
    that there is no coordinator; this waits for it.

    Parameters
    ----------
    admin
        From `admin_of`.
    group
        Name of the group.
    within_s
        How long to wait for the coordinator.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            found = admin.list_group_offsets({group: None})[group]
        except RetriableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
            # kafka-python 3.0 asks the broker that it knows for ever, also when another took over
            admin._manager.cluster._coordinators.clear()  # noqa: SLF001 - it has no other way
        else:
            return {place: max(at.offset, 0) for place, at in found.items()}
