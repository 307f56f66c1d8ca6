"""Counts of several worker processes as one: each keeps its own in files of a directory that all of them share, and whichever is
asked adds them up. The counts of a worker that is gone stay."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

_log = logging.getLogger("cds_service")
_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"  # where the library looks for it
_LOCK = "lock"
_GONE = "gone"  # stands for the process id in the names of the files that hold what former workers counted


def are_counts_shared() -> bool:
    return bool(values.ValueClass._multiprocess)


@contextmanager
def shared_counts() -> Iterator[None]:
    """What is counted from here on, in this process and those that are forked from it, is counted together. The directory is
    new at each start, because the library would go on with what an old one holds, and is removed in the end."""
    directory, alone, owner = tempfile.mkdtemp(prefix="cds-metrics-"), values.ValueClass, os.getpid()
    before = os.environ.get(_DIRECTORY)
    os.environ[_DIRECTORY] = directory
    (Path(directory) / _LOCK).touch()
    # The library chooses when it is imported, which is long before a command is known.
    values.ValueClass = values.get_value_class()
    try:
        yield
    finally:
        if os.getpid() == owner:  # a forked worker leaves through here too
            values.ValueClass = alone
            os.environ.pop(_DIRECTORY)
            if before is not None:
                os.environ[_DIRECTORY] = before
            shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def counts_of_all_processes() -> Iterator[CollectorRegistry]:
    """What gives the sums over all processes, as long as this is held."""
    together = CollectorRegistry()
    MultiProcessCollector(together)
    with _locked(fcntl.LOCK_SH):
        yield together


def forget_worker(pid: int) -> None:
    """A worker is gone. What it counted is added to what other former workers counted: with a pair of files for each of them
    every scrape would take longer than the one before. Called in the process that forks the workers, which must not wait
    or fail: if somebody reads just now, the files stay as they are, and count all the same."""
    try:
        mark_process_dead(pid)
        with _locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
            for kind in ("counter", "histogram"):
                _add_to_the_gone(Path(os.environ[_DIRECTORY]), kind, pid)
    except BlockingIOError:
        pass
    except Exception as error:
        _log.error("counts of a former worker kept apart", extra={"fields": {"error": type(error).__name__}})


def _add_to_the_gone(directory: Path, kind: str, pid: int) -> None:
    left = directory / f"{kind}_{pid}.db"
    if not left.exists():
        return
    gone = MmapedDict(str(directory / f"{kind}_{_GONE}.db"))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(left)):
            gone.write_value(key, gone.read_value(key)[0] + value, 0.0)
        left.unlink()
    finally:
        gone.close()


@contextmanager
def _locked(how: int) -> Iterator[None]:
    """Readers hold the lock together, who moves counts from file to file holds it alone."""
    with (Path(os.environ[_DIRECTORY]) / _LOCK).open("rb") as lock:
        fcntl.flock(lock, how)
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_UN)
