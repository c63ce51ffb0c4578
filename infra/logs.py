"""Set up a process's logs: a line an entry, to stderr, which the supervisor keeps in a file."""

import logging


def set_up_logs(level: str) -> None:
    """Write logs of this level and worse.

    Parameters
    ----------
    level
        Least severe level: ``debug``, ``info``, ``warning`` or ``error``.
    """
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("aiokafka").setLevel(max(logging.WARNING, logging.root.level))
