"""Run one stream worker, or the projector: what the supervisor starts."""

import signal
import sys
from types import FrameType
from typing import Annotated, Any

import typer


def worker(
    name: Annotated[str, typer.Argument(help="Its name in the group, such as worker-1.")],
) -> None:
    """Run one stream worker until it is told to stop."""
    from infra.logs import set_up_logs  # noqa: PLC0415 - `harvestlane --help` answers at once
    from infra.readiness import Readiness  # noqa: PLC0415
    from infra.settings import load_settings  # noqa: PLC0415
    from streams.app import WorkerConfig, run_worker  # noqa: PLC0415

    settings = load_settings()
    set_up_logs(settings.log_level)
    config = WorkerConfig(
        name=name,
        bootstrap_servers=settings.bootstrap_servers,
        redis_url=settings.redis_url,
        tables_dir=settings.tables_dir(name),
        network_dir=settings.network,
        log_level=settings.log_level,
        planner_budget_s=settings.planner_budget_s,
        planner_limit_s=settings.planner_limit_s,
        metering=settings.metering,
        standbys=settings.standbys,
        kept=settings.kept,
    )
    run_worker(config, Readiness(settings.readiness_path(name)).write)


def projector() -> None:
    """Write views to Redis until it is told to stop."""
    from infra.logs import set_up_logs  # noqa: PLC0415
    from infra.readiness import Readiness  # noqa: PLC0415
    from infra.settings import load_settings  # noqa: PLC0415
    from streams.projection import run_projector  # noqa: PLC0415

    settings = load_settings()
    set_up_logs(settings.log_level)
    signal.signal(signal.SIGTERM, _leave)
    ready = Readiness(settings.readiness_path("projector"))
    run_projector(settings.bootstrap_servers, settings.redis_url, ready.write, settings.kept)


def _leave(_signal: int, _frame: FrameType | None) -> Any:
    sys.exit(0)


COMMANDS = {"worker": worker, "projector": projector}
