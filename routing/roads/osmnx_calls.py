"""Call osmnx for what it knows best; the one module that imports it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import osmnx

from routing.roads.errors import RoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import networkx as nx
    from shapely.geometry.base import BaseGeometry

TIMEOUT_S = 60
"""How long the service that finds places may take."""


def save_graphml(graph: nx.MultiDiGraph[int], path: Path) -> None:
    """Write a graph as GraphML, so that osmnx reads it back."""
    osmnx.save_graphml(graph, path)


def overpass_url() -> str:
    """Return the address of the Overpass service that osmnx asks by default."""
    return str(osmnx.settings.overpass_url)


def outline(name: str, *, nominatim_url: str | None, user_agent: str, advice: str) -> BaseGeometry:
    """Return the area of a place, by the service that osmnx geocodes with.

    osmnx would wait for ever where the service asks to come back later; it is told not to.

    Parameters
    ----------
    name
        The place, such as ``Rạch Giá, Vietnam``.
    nominatim_url
        Address of the service; osmnx's own by default.
    user_agent
        As whom to ask.
    advice
        What to do instead, for errors.

    Returns
    -------
    shapely.geometry.base.BaseGeometry
        A polygon or several, longitude and latitude, degrees.

    Raises
    ------
    RoadError
        If no area has that name, or the service fails.
    """
    changed: dict[str, Any] = {
        "use_cache": False,
        "http_user_agent": user_agent,
        "requests_timeout": TIMEOUT_S,
        "requests_kwargs": {"hooks": {"response": _refuse_failures(advice)}},
    }
    if nominatim_url is not None:
        changed["nominatim_url"] = nominatim_url
    try:
        with _settings(changed):
            found = osmnx.geocode_to_gdf(name)
    except TypeError as error:
        raise RoadError(f"{name!r} is known as a point and not as an area; {advice}") from error
    except OSError as error:  # requests' own errors are OSErrors
        raise RoadError(
            f"the service that finds places cannot be asked ({type(error).__name__}); {advice}"
        ) from error
    except (ValueError, KeyError, AttributeError) as error:
        raise RoadError(f"no place {name!r} was found; check its spelling, or {advice}") from error
    area: BaseGeometry = found.geometry.iloc[0]
    return area


def _refuse_failures(advice: str) -> Any:
    """Return a hook for requests that turns an answer with an error's status into our error."""

    def refuse(response: Any, **_: Any) -> None:
        if response.ok:
            return
        response.close()
        why = "asks to come back later: " if response.status_code == 429 else ""
        raise RoadError(
            f"the service that finds places {why}answered HTTP {response.status_code}; {advice}"
        )

    return refuse


@contextmanager
def _settings(changed: dict[str, Any]) -> Iterator[None]:
    """Change osmnx's settings, which are global, for a while."""
    before = {name: getattr(osmnx.settings, name) for name in changed}
    try:
        for name, value in changed.items():
            setattr(osmnx.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)
