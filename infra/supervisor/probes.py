"""Ask processes whether they are ready: by their sign, over HTTP, by Redis's and Kafka's words."""

import socket
import struct
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from infra.readiness import Sign

_PATIENCE_S = 1.0
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


def by_kafka(port: int) -> Callable[[int], bool]:
    """Ask for the cluster's brokers: a broker lists itself once its controller lets it serve."""
    return lambda _pid: kafka_brokers("127.0.0.1", port) > 0


def kafka_brokers(host: str, port: int) -> int:
    """Count the brokers that a broker knows to be serving.

    Parameters
    ----------
    host, port
        Where to ask.

    Returns
    -------
    int
        Their number; 0 where nothing answers.
    """
    try:
        with socket.create_connection((host, port), _PATIENCE_S) as connection:
            connection.sendall(struct.pack(">i", len(_METADATA)) + _METADATA)
            answer = connection.recv(16, socket.MSG_WAITALL)
    except OSError:
        return 0
    if len(answer) < 12:
        return 0
    _length, _correlation, brokers = struct.unpack_from(">iii", answer)
    return int(brokers)
