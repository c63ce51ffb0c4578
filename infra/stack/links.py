"""Make the links that a started stack prints: one for each page, each logging in once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from redis import Redis
from redis.exceptions import RedisError

from infra.logins import one_time_link
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Link:
    """One link to open.

    Attributes
    ----------
    who
        The role, with the subject it stands for.
    url
        The address; it logs in once, within an hour.
    """

    who: str
    url: str


def links(settings: Settings, scenario: str | None) -> list[Link]:
    """Make a link for the dispatcher, and for one haulier and one checkpoint where some are known.

    Parameters
    ----------
    settings
        The stack's settings.
    scenario
        The scenario that it plays.

    Returns
    -------
    list of Link
        The dispatcher's first.
    """
    found = [Link("dispatcher", one_time_link(settings, "dispatcher"))]
    haulier, checkpoint = _of_views(settings)
    if scenario is not None and not (haulier and checkpoint):
        haulier, checkpoint = _of_scenario(settings, scenario)
    if haulier:
        url = one_time_link(settings, "haulier", haulier, page="/haulier")
        found.append(Link(f"haulier {haulier}", url))
    if checkpoint:
        url = one_time_link(settings, "checkpoint_officer", checkpoint, page="/checkpoint")
        found.append(Link(f"checkpoint {checkpoint}", url))
    return found


def _of_views(settings: Settings) -> tuple[str | None, str | None]:
    """Name the haulier with most trucks and a checkpoint, as the stack knows them already."""
    try:
        with Redis.from_url(settings.redis_url, socket_timeout=2) as client:
            trucks = [orjson.loads(text) for text in client.hvals("view:truck")]
            checkpoints = sorted(name.decode() for name in client.hkeys("view:checkpoint"))
    except (RedisError, ValueError):
        return None, None
    return _busiest(truck.get("haulier_id") for truck in trucks), next(iter(checkpoints), None)


def _of_scenario(settings: Settings, scenario: str) -> tuple[str | None, str | None]:
    """Name the haulier with most trucks and the first checkpoint that a scenario registers."""
    from infra.scenario.run import find_script  # noqa: PLC0415 - heavy
    from infra.scenario.script import read_script  # noqa: PLC0415

    lines = read_script(find_script(settings, scenario)).lines
    haulier = _busiest(
        line.raw["data"].get("haulier_id") for line in lines if line.type == "truck.registered"
    )
    checkpoints = (
        line.raw["data"]["place_id"] for line in lines if line.type == "checkpoint.registered"
    )
    return haulier, next(checkpoints, None)


def _busiest(names: Iterable[str | None]) -> str | None:
    counted = Counter(name for name in names if name)
    return min(counted, key=lambda name: (-counted[name], name), default=None)
