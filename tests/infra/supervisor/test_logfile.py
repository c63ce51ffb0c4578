"""Keep logs short and quote from them."""

import os
from pathlib import Path

from infra.supervisor import logfile


def test_last_words_prefer_a_line_that_speaks_of_an_error(tmp_path: Path) -> None:
    """What follows an error is often only farewell."""
    log = tmp_path / "a.log"
    log.write_text("old Error: no\nstart\nValueError: no port\nbye\n", encoding="utf-8")
    assert logfile.last_words(log) == "ValueError: no port"


def test_last_words_leave_out_what_an_earlier_process_said(tmp_path: Path) -> None:
    """Only lines from an offset on count."""
    log = tmp_path / "a.log"
    log.write_text("old Error: no\nnew line\n", encoding="utf-8")
    assert logfile.last_words(log, since=len("old Error: no\n")) == "new line"


def test_last_words_of_no_log_are_empty(tmp_path: Path) -> None:
    """A process that never wrote has no words."""
    assert logfile.last_words(tmp_path / "none.log") == ""


def test_long_log_is_set_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    """The descriptor appends, so that it writes at the start of the emptied file."""
    log = tmp_path / "a.log"
    descriptor = logfile.open_for_append(log)
    try:
        os.write(descriptor, b"x" * 100)
        assert logfile.trim(log, most_bytes=50)
        os.write(descriptor, b"new")
    finally:
        os.close(descriptor)
    assert log.read_bytes() == b"new"
    assert (tmp_path / "a.log.1").read_bytes() == b"x" * 100


def test_short_log_is_left_alone(tmp_path: Path) -> None:
    """Nothing happens below the limit."""
    log = tmp_path / "a.log"
    log.write_bytes(b"x" * 10)
    assert not logfile.trim(log, most_bytes=50)
    assert log.read_bytes() == b"x" * 10
