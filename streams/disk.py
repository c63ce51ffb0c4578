"""Say how a table lies on disk and in memory: one RocksDB a partition, thirteen in a worker."""

from __future__ import annotations

from typing import Any

from faust.stores.rocksdb import RocksDBOptions

_OWN_LOG_BYTES = 256 << 10
"""RocksDB tells of everything it does in `LOG`, without end if it is not told one: with the small
buffers here 168 MB an hour at 500 events a second. So much is kept, twice."""
_MANIFEST_BYTES = 1 << 20
"""The list of files is written anew when it is longer than this, not at a gigabyte."""


class Disk(RocksDBOptions):  # type: ignore[misc]
    """What each partition takes: small buffers, since copies of others' partitions lie here, too.

    What was written stays in memory until its buffer is full, which of lots takes hours at 8 MB.
    """

    def __init__(self) -> None:
        super().__init__(
            use_rocksdict=True,
            block_cache_size=8 << 20,
            write_buffer_size=2 << 20,
            max_write_buffer_number=2,
            max_open_files=64,
        )

    def as_options(self) -> Any:
        """Return RocksDB's options, with ends to what it writes about itself."""
        options = super().as_options()
        options.set_max_log_file_size(_OWN_LOG_BYTES)
        options.set_keep_log_file_num(2)
        options.set_max_manifest_file_size(_MANIFEST_BYTES)
        options.set_stats_dump_period_sec(0)
        options.set_stats_persist_period_sec(0)
        return options
