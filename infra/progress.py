"""Show how far long work has come: one line that renews itself, on a terminal only."""

import sys


def tell(line: str) -> None:
    """Put a line in the place of the last one; in a pipe, say nothing.

    Parameters
    ----------
    line
        What to show; an empty one wipes the place.
    """
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{line}")
        sys.stderr.flush()
