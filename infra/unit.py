"""Write the systemd unit that starts a stack at boot."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from infra.settings import PROJECT, Settings

_STOP_WITHIN_S = 120
"""More than `down` takes: what is under way is written before the end."""


def unit(settings: Settings, *, user: str | None = None) -> str:
    """Return a systemd service that runs the stack as `up` does in this environment.

    Parameters
    ----------
    settings
        What the stack is to run with; only what differs from the defaults is written.
    user
        Whose processes they are; None: this user's.
    """
    own = sorted(settings.variables().items() - Settings.model_construct().variables().items())
    program = Path(sys.executable).parent / "harvestlane"
    lines = [
        "[Unit]",
        "Description=harvestlane: keeps harvests moving",
        "After=network-online.target",
        "Wants=network-online.target",
        "",
        "[Service]",
        f"User={user or getpass.getuser()}",
        f"WorkingDirectory={_escaped(str(PROJECT))}",
        f"Environment={_quoted('PATH=' + os.environ.get('PATH', '/usr/bin:/bin'))}",
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in own),
        f"ExecStart={_quoted(str(program))} up",
        "Restart=on-failure",
        "RestartSec=5",
        "KillMode=mixed",
        f"TimeoutStopSec={_STOP_WITHIN_S}",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Say a text as systemd reads it: a percent sign would begin a specifier."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    plain = _escaped(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
