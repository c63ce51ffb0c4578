"""Hold what the API needs to know of its stack, read once at start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from api.identity.claims import OidcConfig

MOST_BODY_BYTES = 1_048_576
"""Longest request body, in bytes: what a broker takes in one record by default."""

MOST_FILE_BYTES = 4 * MOST_BODY_BYTES
"""Longest file to import, in bytes: 10,000 rows and more."""

COOKIE = "harvestlane_session"
"""Name of the cookie that holds a browser's session."""


def _say_nothing(ready: bool) -> None:  # noqa: FBT001 - one fact, as `infra.readiness` takes it
    del ready


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """Describe one API process.

    Attributes
    ----------
    bootstrap
        Kafka's bootstrap servers, `host:port[,…]`.
    redis_url
        The Redis with the views.
    secret
        Key that signs tokens, at least 32 bytes.
    network_dir
        Folder of the road network; its `roads.geojson` is drawn on the map, and OSRM's API
        answers on it.
    pages_dir
        Folder of the built pages.
    clock
        What the stack's clock follows; without an anchor, a `scenario` clock shows nothing yet.
    on_ready
        Called about every second with whether the API can do its work.
    view_wait_s
        How long a request waits for a view that an earlier write may still be on its way to.
    heartbeat_s
        Silence after which the stream sends a comment.
    most_streams
        How many event streams are open at once.
    passes_dir
        Folder with the keys and lists that passes are verified by, if there is one; no private key
        in it is ever read.
    rate_per_minute
        How many requests a browser's session or a machine's key may send in a minute; 0 for any
        number.
    oidc
        The provider that people log in by, beside users of the stack's own; None for none.
    osrm_table_size
        OSRM's `table` answers at most as many entries as this number squared.
    keys_path
        File of the keys that seal what is kept of people; without it they live in memory.
    heads_path
        File to which the audit log's head is added about every minute; without it none is.
    cors_origins
        Other web sites whose pages may read answers, with a token; `*` for all.
    device_query_ids
        Whether a tracker's key may stand in the query of `/v1/devices/osmand`, for trackers that
        can send it nowhere else.
    webhook_http
        Whether webhooks may go to plain HTTP, to this machine and to private networks.
    """

    bootstrap: str
    redis_url: str
    secret: bytes = field(repr=False)
    network_dir: Path
    pages_dir: Path
    clock: Literal["wall", "scenario"] = "wall"
    on_ready: Callable[[bool], None] = _say_nothing
    view_wait_s: float = 2.0
    heartbeat_s: float = 5.0
    most_streams: int = 5_000
    rate_per_minute: int = 6_000
    oidc: OidcConfig | None = None
    osrm_table_size: int = 2_000
    passes_dir: Path | None = None
    keys_path: Path | None = None
    heads_path: Path | None = None
    cors_origins: tuple[str, ...] = ()
    device_query_ids: bool = False
    webhook_http: bool = False

    def __post_init__(self) -> None:
        if len(self.secret) < 32:
            raise ValueError("Expected a secret of at least 32 bytes.")
