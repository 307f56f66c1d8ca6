"""What waits for the database, in files: a process that is killed leaves them, and whoever comes next brings them in.

A file belongs to the process that has locked it (flock), for as long as that process lives.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger("cds_service")
_SUFFIX = ".journal"
_AT_ONCE = 500  # lines
_ATTEMPTS = 20


class Journal:
    """Two files in turn: one takes lines, the other holds what is being brought into the database."""

    def __init__(self, folder: Path, *, with_parent: bool) -> None:
        self._folders = (folder.parent, folder) if with_parent else (folder,)
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._files: list[_File | None] = [None, None]
        self._active = self._number = 0
        self._works = True
        self._open()

    def append(self, line: bytes) -> bool:
        """Is it kept, whatever becomes of this process?"""
        file = self._files[self._active]
        if file is None:
            return False
        try:
            file.append(line)
        except OSError as error:
            self._cannot(error)
            return False
        self._works = True
        return True

    def turn(self) -> None:
        """From here on the other file takes the lines."""
        self._active = 1 - self._active
        self._open()

    def done(self) -> None:
        """What the other file holds is in the database."""
        file = self._files[1 - self._active]
        if file is not None:
            with suppress(OSError):
                os.ftruncate(file.number, 0)

    def close(self) -> None:
        """Gives the files up: those that hold nothing are removed, the others are for whoever comes next."""
        for file in filter(None, self._files):
            with suppress(OSError):
                if not os.fstat(file.number).st_size:
                    file.path.unlink(missing_ok=True)
            os.close(file.number)
        self._files = [None, None]
        with suppress(OSError):
            self._folders[-1].rmdir()  # unless it holds what others have there

    __del__ = close

    def abandon(self) -> None:
        """In a process that was forked: the files are those of the other one."""
        for file in filter(None, self._files):
            os.close(file.number)
        self._files = [None, None]

    def _open(self) -> None:
        """Makes the active file where there is none, or where somebody has removed it."""
        file = self._files[self._active]
        try:
            if file is not None and os.fstat(file.number).st_nlink:
                return
            if file is not None:
                os.close(file.number)
                self._files[self._active] = None
            self._files[self._active] = self._made()
        except OSError as error:
            self._cannot(error)

    def _made(self) -> _File:
        """A new file. Somebody who looks for what was left behind may take it in the moment before it is locked, and who ends
        just now removes the empty folder."""
        for _ in range(_ATTEMPTS):
            self._number += 1
            for folder in self._folders:
                _own_folder(folder)
            with suppress(_Taken, FileNotFoundError):
                return _File(self._folders[-1] / f"{self._name}-{self._number}{_SUFFIX}")
        raise OSError(errno.EBUSY, "taken")

    def _cannot(self, error: OSError) -> None:
        """Nothing is lost as long as this process runs: said once, not at every call."""
        if self._works:
            self._works = False
            told = errno.errorcode.get(error.errno or 0, "") or type(error).__name__
            _log.error("journal of the memory cannot be written", extra={"fields": {"error": told}})


class _Taken(Exception):
    """A file that was made just now is in the hands of somebody else."""


class _File:
    """One locked file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            taken = not os.fstat(self.number).st_nlink
        except BlockingIOError:
            taken = True
        except OSError:
            os.close(self.number)
            raise
        if taken:
            os.close(self.number)
            raise _Taken
        self._torn = False

    def append(self, line: bytes) -> None:
        """One write: either all of the line is there or the next one begins anew."""
        if self._torn:
            line = b"\n" + line
        self._torn = True
        if os.write(self.number, line) != len(line):
            raise OSError(errno.ENOSPC, "written in part")
        self._torn = False


def _own_folder(folder: Path) -> None:
    """A folder for nobody else. In a folder for temporary files anybody may have made one of this name."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise OSError(errno.EPERM, "not a folder of its own")


def left_behind(folder: Path) -> Iterator[list[bytes]]:
    """The lines of processes that are gone, some at a time. A file is removed when all of its lines were taken."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            number = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        with os.fdopen(number, "rb") as file:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # its process lives, or somebody else brings it in
                continue
            if os.fstat(number).st_nlink:
                lines = [line for line in file.read().split(b"\n") if line]
                for start in range(0, len(lines), _AT_ONCE):
                    yield lines[start : start + _AT_ONCE]
                path.unlink(missing_ok=True)
