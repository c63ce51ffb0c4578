"""Take the network away from everything that judges passes."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest


def _cut(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Let whatever asks for the network fail; other tests' threads in the background go on."""

    def asked(*args: Any, **options: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread(), "the network was asked"
        return ask(*args, **options)

    return asked


@pytest.fixture(scope="package", autouse=True)
def no_network() -> Iterator[None]:
    """Let no test of passes reach the network."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto", "sendmsg"):
            patch.setattr(socket.socket, name, _cut(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _cut(socket.getaddrinfo))
        yield
