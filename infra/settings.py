"""Read every setting of one stack once, from variables that start with `HARVESTLANE_`."""

import contextlib
import os
import random
import re
import secrets
import socket
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import SettingsError

PROJECT = Path(__file__).resolve().parent.parent
"""The folder of the project, where `Makefile` stands."""

_MEMORY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(128 << 10),
    "MALLOC_TRIM_THRESHOLD_": str(4 << 20),
}
"""Else the C library keeps an arena of 64 MB for each thread that ever met another (of a worker's
780 MB after 40 minutes of 500 events a second seven of them, and now and then one more), and lays
what is fetched among what lives long, once it has seen a large piece freed: a worker that fell
behind for a while grew by 10 to 30 MB each time and kept them."""
_PREFIX = "HARVESTLANE_"
_SECRET_BYTES = 32
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_PORTS_TO_TRY = range(20_000, 32_000)  # below those that the system gives to outgoing connections
_STEP = 2  # between the ports of one broker and those of the next


class Settings(BaseSettings):
    """Describe one stack: its folder, its addresses, its clock.

    A setting comes from the constructor, else from the variable `HARVESTLANE_` plus its name in
    capitals, else from its default here. A relative path counts from the current folder.

    Attributes
    ----------
    home
        Folder of everything the stack writes: broker, Redis, tables, logs, run files.
    kafka
        Bootstrap servers of an existing broker, `host:port[,…]`; without it the stack runs one.
    redis
        URL of an existing Redis; without it the stack runs one.
    host
        Address that the API listens on.
    port
        Port of the API and the pages.
    brokers
        Number of brokers of our own Kafka, 1 or 3; three keep every record three times.
    kafka_port
        Port of our own broker; the second has one two above it, the third two above that.
    kafka_controller_port
        Port of our own broker's controller; those of further brokers follow in the same steps.
    redis_port
        Port of our own Redis.
    workers
        Number of stream workers.
    standbys
        How many other workers keep a copy of each worker's tables, to go on from at once.
    keep_days
        How many days lots, windows, assignments, commands and alerts are remembered once they are
        over; longer than topics keep what was said of them.
    audit_days
        How many days the audit log is kept; for ever without it. A topic that is there already
        keeps what it has.
    network
        Folder of the road network, as `roads build` writes it.
    overpass_url
        Address of the Overpass service that `roads build --place` asks; osmnx's own without it.
    nominatim_url
        Address of the Nominatim service that finds places; osmnx's own without it.
    clock
        What the stack's one clock follows.
    clock_speed
        Seconds of the scenario's clock in one second of the wall's.
    rate_per_minute
        How many requests a browser's session or a machine's key may send in a minute; 0 for any
        number.
    oidc_issuer
        Address of the OpenID Connect provider that people log in by, exactly as its tokens say it.
    oidc_client_id
        What the provider knows this stack by.
    oidc_client_secret_file
        File that holds what the provider recognises this stack by; none for PKCE alone. It is a
        file, so that the secret is in no environment and no record of a running stack.
    oidc_audience
        Whom the provider's access tokens for this API name; without it none is taken.
    oidc_role_claim, oidc_roles
        Path of the claim that says the role, and what its values are here: `VALUE=ROLE[,…]`;
        without the latter, values are roles.
    oidc_subject_claim, oidc_regions_claim
        Paths of the claims that say the subject and the regions; without the latter, everybody
        has all regions.
    osrm_table_size
        OSRM's `table` answers at most as many entries as this number squared.
    cors_origins
        Other web sites whose pages may use the API with a token, with commas; `*` for all.
    planner_budget_s
        How long a plan is searched for; more makes better plans, and later ones.
    planner_limit_s
        A planner that takes longer than this for a plan is ended and started again.
    metering
        Whether departures are held so that checkpoints' arrivals stay under their capacity.
    device_query_ids
        Whether a tracker's key may stand in the query of `/v1/devices/osmand`.
    webhook_http
        Whether webhooks may go to plain HTTP, to this machine and to private networks.
    log_level
        Least severe level that is logged.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, extra="ignore"
    )

    home: Path = PROJECT / ".harvestlane"
    kafka: str | None = None
    redis: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    brokers: int = 1
    kafka_port: int = Field(19092, ge=1, le=65535)
    kafka_controller_port: int = Field(19093, ge=1, le=65535)
    redis_port: int = Field(16379, ge=1, le=65535)
    workers: int = Field(2, ge=0, le=64)
    standbys: int = Field(1, ge=0, le=2)
    keep_days: float = Field(45.0, gt=0, le=3650, allow_inf_nan=False)
    audit_days: float | None = Field(None, ge=1, le=36_500, allow_inf_nan=False)
    network: Path = PROJECT / ".cache" / "roads" / "bundled"
    overpass_url: str | None = None
    nominatim_url: str | None = None
    clock: Literal["wall", "scenario"] = "wall"
    clock_speed: float = Field(1.0, gt=0, le=100_000, allow_inf_nan=False)
    rate_per_minute: int = Field(6_000, ge=0, le=10_000_000)
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret_file: Path | None = None
    oidc_audience: str | None = None
    oidc_role_claim: str = "harvestlane_role"
    oidc_roles: str = Field("", pattern=r"^([^=,]+=[a-z_]+(,[^=,]+=[a-z_]+)*)?$")
    oidc_subject_claim: str = "harvestlane_subject"
    oidc_regions_claim: str | None = None
    osrm_table_size: int = Field(2_000, ge=1, le=10_000)
    cors_origins: str = ""
    planner_budget_s: float = Field(2.0, gt=0, le=600, allow_inf_nan=False)
    planner_limit_s: float = Field(20.0, ge=1, le=3600, allow_inf_nan=False)
    metering: bool = True
    device_query_ids: bool = False
    webhook_http: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("home", "network", "oidc_client_secret_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: str) -> str:
        named = [origin.strip() for origin in origins.split(",") if origin.strip()]
        if not all(origin == "*" or _ORIGIN.fullmatch(origin) for origin in named):
            raise ValueError("Expected origins such as https://example.vn, with commas, or *")
        return ",".join(named)

    @field_validator("brokers")
    @classmethod
    def _one_or_three(cls, brokers: int) -> int:
        if brokers not in {1, 3}:
            raise ValueError("Expected 1 or 3.")
        return brokers

    @model_validator(mode="after")
    def _own_ports(self) -> Self:
        ports = (*self.kafka_ports, *self.kafka_controller_ports)
        if len(set(ports)) < len(ports):
            raise ValueError(
                "Expected different ports for all brokers and their controllers; HARVESTLANE_"
                "KAFKA_PORT and HARVESTLANE_KAFKA_CONTROLLER_PORT name the first ones"
            )
        return self

    @property
    def kept(self) -> timedelta:
        """How long what is over is remembered."""
        return timedelta(days=self.keep_days)

    @property
    def bootstrap_servers(self) -> str:
        """Name the brokers to connect to, `host:port[,…]`."""
        return self.kafka or ",".join(f"127.0.0.1:{port}" for port in self.kafka_ports)

    @property
    def kafka_ports(self) -> tuple[int, ...]:
        """Give the ports of our own brokers."""
        return self._steps_from(self.kafka_port)

    @property
    def kafka_controller_ports(self) -> tuple[int, ...]:
        """Give the ports of our own brokers' controllers."""
        return self._steps_from(self.kafka_controller_port)

    def _steps_from(self, port: int) -> tuple[int, ...]:
        return tuple(port + _STEP * number for number in range(self.brokers))

    @property
    def redis_url(self) -> str:
        """Name the Redis to connect to."""
        return self.redis or f"redis://127.0.0.1:{self.redis_port}/0"

    @property
    def base_url(self) -> str:
        """Name the address at which this machine reaches the API, without a closing slash."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def log_dir(self) -> Path:
        """Name the folder with one log file a process."""
        return self.home / "logs"

    @property
    def run_dir(self) -> Path:
        """Name the folder of run files: readiness, the supervisor's state, made configurations."""
        return self.home / "run"

    @property
    def kafka_names(self) -> tuple[str, ...]:
        """Name our own brokers: as processes, and as folders of their data."""
        if self.brokers == 1:
            return ("kafka",)
        return tuple(f"kafka-{number}" for number in range(1, self.brokers + 1))

    @property
    def redis_dir(self) -> Path:
        """Name the data folder of our own Redis."""
        return self.home / "redis"

    @property
    def secret_path(self) -> Path:
        """Name the file with the secret that signs tokens."""
        return self.home / "secret"

    @property
    def keys_path(self) -> Path:
        """Name the file with the keys that seal what is kept of people."""
        return self.home / "personal.keys"

    @property
    def heads_path(self) -> Path:
        """Name the file with the heads that the audit log has had."""
        return self.home / "audit.heads"

    def tables_dir(self, worker: str) -> Path:
        """Name the folder of one worker's tables.

        Parameters
        ----------
        worker
            The worker's name, such as `worker-1`.
        """
        return self.home / "tables" / worker

    def log_path(self, process: str) -> Path:
        """Name the log file of one process."""
        return self.log_dir / f"{process}.log"

    def readiness_path(self, process: str) -> Path:
        """Name the file in which one process says that it is ready (`infra.readiness`)."""
        return self.run_dir / f"{process}.json"

    def make_home(self) -> None:
        """Make the stack's folder for its owner's eyes only: the event log in it names people."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)

    def signing_secret(self) -> bytes:
        """Read the secret that signs tokens; make it, readable by the owner only, on first use.

        Returns
        -------
        bytes
            The same 32 bytes for every process of this stack.
        """
        with contextlib.suppress(FileNotFoundError):
            return self.secret_path.read_bytes()
        self.make_home()
        draft = self.home / f"secret.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
        with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
            os.link(draft, self.secret_path)
        draft.unlink()
        return self.secret_path.read_bytes()

    def environment(self) -> dict[str, str]:
        """Give the environment in which a child process reads these same settings.

        Returns
        -------
        dict
            This process's environment with every `HARVESTLANE_` variable replaced.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}
        return _MEMORY | kept | self.variables()

    def variables(self) -> dict[str, str]:
        """Give these settings as the `HARVESTLANE_` variables that say them."""
        return {
            _PREFIX + name.upper(): str(value)
            for name, value in self.model_dump().items()
            if value is not None
        }

    @classmethod
    def throwaway(
        cls, home: Path, *, workers: int = 2, brokers: int = 1, clock_speed: float = 1.0
    ) -> Self:
        """Describe a stack beside all others: a folder of its own and free ports.

        Parameters
        ----------
        home
            Folder of the new stack.
        workers
            Number of stream workers.
        brokers
            Number of brokers, 1 or 3.
        clock_speed
            Seconds of the scenario's clock in one second of the wall's.

        Notes
        -----
        The road network stays the one that the environment names: it is only read.
        """
        (kafka_port,) = free_ports(1, in_a_row=_STEP * brokers)
        others = range(kafka_port, kafka_port + _STEP * brokers)
        port, redis_port, *_ = (port for port in free_ports(2 + len(others)) if port not in others)
        return cls(
            home=home,
            kafka=None,
            redis=None,
            host="127.0.0.1",
            port=port,
            brokers=brokers,
            kafka_port=kafka_port,
            kafka_controller_port=kafka_port + 1,
            redis_port=redis_port,
            workers=workers,
            clock_speed=clock_speed,
        )


def load_settings(**asked: int) -> Settings:
    """Read the settings from the environment.

    Parameters
    ----------
    asked
        Settings that were asked for otherwise, by name; they count more.

    Raises
    ------
    SettingsError
        Where a variable, or what was asked for, holds no fitting value; the message names it.
    """
    try:
        return Settings.model_validate(asked)
    except ValidationError as error:
        first = error.errors()[0]
        name = _PREFIX + str(first["loc"][0]).upper() if first["loc"] else _PREFIX + "*"
        why = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}: {why}; correct or unset it") from error


def free_ports(count: int, *, in_a_row: int = 1) -> list[int]:
    """Find loopback ports that nothing listens on at the moment.

    Parameters
    ----------
    count
        How many different ports to find.
    in_a_row
        How many ports have to be free from each of them on.
    """
    found: list[int] = []
    for port in random.sample(_PORTS_TO_TRY, len(_PORTS_TO_TRY)):
        if len(found) == count:
            break
        if all(_is_free(port + further) for further in range(in_a_row)):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        return True
    return False
