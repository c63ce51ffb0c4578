"""Serve the application until it is told to stop."""

from __future__ import annotations

import gc
import logging
import resource
import socket

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.config import ApiConfig
from api.corked import Corked
from api.desk import Desk
from schemas.errors import StackError

_KEEP_ALIVE_S = 20
_GRACE_S = 3
_FILES = 65_536
_YOUNG = 20_000
"""So many new objects are looked through at once for what nobody uses: a batch has thousands."""


class _Server(uvicorn.Server):
    """End the event streams first: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self._desk = desk

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._desk.stopping.set()
        await super().shutdown(sockets)


def serve(config: ApiConfig, *, host: str, port: int, log_level: str = "info") -> None:
    """Serve on one address until SIGTERM or SIGINT; return once all answers are given.

    Parameters
    ----------
    config
        What the API needs to know of its stack.
    host, port
        Where to listen.
    log_level
        Least severe level that is logged, by its lower-case name.

    Raises
    ------
    StackError
        The address is taken or not this machine's.
    """
    logging.basicConfig(
        level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for noisy in ("aiokafka", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    listener = _listen(host, port)
    app = create_app(config)
    server = _Server(spoken(app), app.state.desk)
    _raise_file_limit()
    gc.freeze()
    gc.set_threshold(_YOUNG)
    with listener:
        server.run(sockets=[listener])


def _raise_file_limit() -> None:
    """Let as many readers of the stream in as the system allows: each is an open file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def spoken(app: FastAPI) -> uvicorn.Config:
    """Say how an application speaks HTTP.

    Parameters
    ----------
    app
        The application.
    """
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=Corked,
        ws="none",
        log_config=None,
        access_log=False,  # it would write queries, which may hold plates
        server_header=False,
        forwarded_allow_ips="127.0.0.1",  # whose word counts on where a request comes from
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise StackError(
            f"cannot listen on {host}:{port} ({error.strerror}); stop what uses it or set "
            "HARVESTLANE_PORT"
        ) from error
    listener.set_inheritable(True)
    return listener
