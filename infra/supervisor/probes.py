"""Ask processes whether they are ready: by their sign, over HTTP, by Redis's and Kafka's words."""

import socket
import struct
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from infra.readiness import Sign

_PATIENCE_S = 1.0
_MOST_BYTES = 1 << 20
# Kafka's Metadata request, version 1: key 3, correlation id 1, client "probe", no topics.
_METADATA = struct.pack(">hhih5si", 3, 1, 1, 5, b"probe", 0)


def by_sign(path: Path) -> Callable[[int], bool]:
    """Ask by the file that a process of ours renews (`infra.readiness`).

    Parameters
    ----------
    path
        The process's file.
    """

    def is_ready(pid: int) -> bool:
        sign = Sign.read(path)
        return sign is not None and sign.holds(pid)

    return is_ready


def still_by_sign(path: Path, *, after_s: float) -> Callable[[int], bool]:
    """Ask whether a process of ours has ceased to renew its file, ready or not.

    Parameters
    ----------
    path
        The process's file.
    after_s
        From which age on the file says so.
    """

    def is_still(pid: int) -> bool:
        sign = Sign.read(path)
        return sign is not None and sign.pid == pid and time.time() - sign.at > after_s

    return is_still


def by_http(host: str, port: int, path: str) -> Callable[[int], bool]:
    """Ask by a GET that a healthy process answers with 200."""

    def is_ready(_pid: int) -> bool:
        connection = HTTPConnection(host, port, timeout=_PATIENCE_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return is_ready


def by_redis(port: int) -> Callable[[int], bool]:
    """Ask by PING, which Redis answers with PONG once it has read its data."""

    def is_ready(_pid: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    return is_ready


def by_kafka(port: int, node: int) -> Callable[[int], bool]:
    """Ask a broker for the cluster's: it lists itself once its controller lets it serve.

    Parameters
    ----------
    port
        Where it listens on this machine.
    node
        Its own number.
    """
    return lambda _pid: node in kafka_brokers("127.0.0.1", port)


def kafka_brokers(host: str, port: int) -> list[int]:
    """List the brokers that a broker knows to be serving.

    Parameters
    ----------
    host, port
        Where to ask.

    Returns
    -------
    list of int
        Their numbers; none where nothing answers.
    """
    try:
        with socket.create_connection((host, port), _PATIENCE_S) as connection:
            connection.sendall(struct.pack(">i", len(_METADATA)) + _METADATA)
            (length,) = struct.unpack(">i", _exactly(connection, 4))
            return _nodes(_exactly(connection, min(length, _MOST_BYTES)))
    except (OSError, struct.error):
        return []


def _exactly(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count and (more := connection.recv(count - len(found))):
        found += more
    return found


def _nodes(answer: bytes) -> list[int]:
    """Read the brokers' numbers: each stands before its host, port and rack (may be null)."""
    _correlation, count = struct.unpack_from(">ii", answer)
    at, found = 8, []
    for _ in range(count):
        node, host = struct.unpack_from(">ih", answer, at)
        at += 6 + host + 4
        (rack,) = struct.unpack_from(">h", answer, at)
        at += 2 + max(rack, 0)
        found.append(node)
    return found
