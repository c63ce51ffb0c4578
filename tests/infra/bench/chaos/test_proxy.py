"""Pass bytes through the proxy, cut it, mend it."""

import socket
import threading
from collections.abc import Iterator

import pytest

from infra.bench.chaos.proxy import HOST, Proxy
from infra.settings import free_ports


@pytest.fixture
def echo() -> Iterator[int]:
    """Answer every connection with what it says; the port."""
    listener = socket.create_server((HOST, 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(1024):
                connection.sendall(data)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def hears_nothing(connection: socket.socket) -> bool:
    """Tell whether no answer comes for a moment, and the connection stays."""
    connection.settimeout(0.2)
    try:
        connection.recv(1024)
    except TimeoutError:
        connection.settimeout(10)
        return True
    return False


def test_a_cut_holds_everything_back_and_loses_nothing(echo: int) -> None:
    (port,) = free_ports(1)
    with Proxy({port: echo}) as proxy, socket.create_connection((HOST, port), 10) as old:
        old.sendall(b"before")
        assert old.recv(1024) == b"before"
        proxy.cut()
        old.sendall(b"held")
        with socket.create_connection((HOST, port), 10) as new:
            new.sendall(b"new")
            assert hears_nothing(old)
            assert hears_nothing(new)
            proxy.mend()
            assert old.recv(1024) == b"held"
            assert new.recv(1024) == b"new"


def test_nobody_behind_is_told_by_a_closed_connection() -> None:
    port, nobody = free_ports(2)
    with Proxy({port: nobody}), socket.create_connection((HOST, port), 10) as connection:
        assert connection.recv(1024) == b""


def test_what_a_dead_process_had_sent_arrives_after_the_cut() -> None:
    (port,) = free_ports(1)
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(10)
        with Proxy({port: listener.getsockname()[1]}) as proxy:
            sender = socket.create_connection((HOST, port), 10)
            receiver, _ = listener.accept()
            with receiver:
                receiver.settimeout(10)
                proxy.cut()
                sender.sendall(b"last words")
                sender.close()
                proxy.mend()
                assert receiver.recv(1024) == b"last words"
                assert receiver.recv(1024) == b""
