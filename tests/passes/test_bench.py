"""The figures of passes are named as the issue names them, and passes need no network."""

import socket

import pytest

from infra.bench.corridors.passes import pass_measures


def test_the_figures_of_passes_are_taken() -> None:
    measures = {one.name: one for one in pass_measures(3, lambda _: None, count=20)}
    wanted = measures["pass_verify_ms"]
    assert (wanted.unit, wanted.goal, wanted.better) == ("ms", 3.0, "lower")
    assert all(one.value for one in measures.values())


def test_here_the_network_is_cut_off() -> None:
    with pytest.raises(AssertionError, match="network"):
        socket.create_connection(("localhost", 9), timeout=0.1)
    with pytest.raises(AssertionError, match="network"), socket.socket() as one:
        one.connect(("127.0.0.1", 9))
