"""The file behind the progress: one SQLite file that survives kills, other processes, damage and newer versions.

It is kept in SQLite's rollback mode: after each commit it is whole and stands alone (no write-ahead log beside it to
lose), it can be read where nothing may be written, and a process killed at any moment leaves what it had recorded.
Each operation opens the file, does one short transaction and closes it, so processes, threads and forks can share it,
and a process that runs for days notices when the file was replaced.
"""

import itertools
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from dojo.errors import DojoError

VERSION = 1  # of the tables below, kept in `PRAGMA user_version`
APPLICATION = 0x646F6A6F  # "dojo", kept in `PRAGMA application_id`: tells this file from another program's
PATIENCE = 10.0  # seconds to wait for another process
MAGIC = b"SQLite format 3\0"  # how every SQLite file begins
SYNCHRONOUS = "FULL"  # wait until the disk has what was recorded, so that a power cut loses nothing either
COMPANIONS = ("-journal", "-wal", "-shm")  # files that SQLite may keep beside a database
UNFIT = {
    sqlite3.SQLITE_NOTADB: "is not a database",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_READONLY_DBMOVED: "was set aside by another process",
}
WRITABLE = "Make sure that {folder} is a folder you may write to, then run the command again."
NEXT_STEPS = {
    sqlite3.SQLITE_CANTOPEN: WRITABLE,
    sqlite3.SQLITE_READONLY: WRITABLE,
    sqlite3.SQLITE_PERM: WRITABLE,
    sqlite3.SQLITE_FULL: "Free some space on the disk, then run the command again.",
    sqlite3.SQLITE_IOERR: "Check that the disk has room and is still there, then run the command again.",
    sqlite3.SQLITE_BUSY: "Another command is using it: wait until that one ends, then run this one again.",
    sqlite3.SQLITE_CORRUPT: "Move {folder} to another place, then run the command again.",
}
SCHEMA = """
CREATE TABLE verdict (id INTEGER PRIMARY KEY, time TEXT NOT NULL, kata TEXT NOT NULL, track TEXT NOT NULL,
    status TEXT NOT NULL, passed INTEGER NOT NULL, failed INTEGER NOT NULL, total INTEGER NOT NULL,
    seconds REAL NOT NULL, judged TEXT NOT NULL, done INTEGER, functions INTEGER, json TEXT NOT NULL);
CREATE INDEX verdict_of_kata ON verdict (kata, track, id, status);
CREATE TABLE cause (verdict INTEGER NOT NULL REFERENCES verdict (id), time TEXT NOT NULL, kata TEXT NOT NULL,
    track TEXT NOT NULL, function TEXT, tensor TEXT, place INTEGER NOT NULL, cause TEXT NOT NULL);
CREATE INDEX cause_of_verdict ON cause (verdict);
CREATE TABLE standing (kata TEXT NOT NULL, track TEXT NOT NULL, hints INTEGER NOT NULL DEFAULT 0,
    reset_time TEXT, reset_after INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kata, track))
"""
TABLES = {"verdict", "cause", "standing"}


def _tell(message: str) -> None:
    print(message, file=sys.stderr)


class _Unfit(Exception):
    """The file is not one this version can use; the text says why."""


class Storage:
    """The file at `path`. The folder and the file are made by the first thing that is written.

    A file that is damaged, belongs to another program or was written by a newer dojo is renamed, never deleted:
    `notice` is given a sentence with its new name, and a fresh one begins. DojoError when it cannot be read or written.
    """

    def __init__(self, path: Path, notice: Callable[[str], None] = _tell):
        self.path = Path(path)
        self.notice = notice

    def ask(self, question: str, *values) -> list[tuple]:
        """The rows that answer a question; none when there is no file yet."""
        if not self.path.exists():
            return []
        return self._use(lambda db: [] if _is_new(db) else db.execute(question, values).fetchall(), "BEGIN")

    def write(self, change: Callable):
        """What `change` returns, given the open database; on disk when this returns."""

        def transaction(db: sqlite3.Connection):
            if _is_new(db):
                for statement in SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {APPLICATION}")
                db.execute(f"PRAGMA user_version = {VERSION}")
            return change(db)

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._complaint(error.strerror or str(error), sqlite3.SQLITE_CANTOPEN) from None
        return self._use(transaction, "BEGIN IMMEDIATE")

    def _use(self, work: Callable, begin: str):
        """Run `work` in a transaction; when the file proves unfit, set it aside and run it on a fresh one."""
        for _ in range(5):  # each round after the first means that a file was set aside, here or by another process
            identity = _identity(self.path)
            try:
                _refuse_others(self.path)
                with closing(sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)) as db:
                    db.text_factory = lambda stored: stored.decode("utf-8", errors="replace")
                    _begin(db, begin)
                    result = work(db)
                    db.execute("COMMIT")
                    return result
            except _Unfit as unfit:
                reason = str(unfit)
            except sqlite3.DatabaseError as error:
                reason = self._reason(error)
            self._set_aside(identity, reason)
        raise self._complaint("it proves unusable again and again", sqlite3.SQLITE_CORRUPT)

    def _reason(self, error: sqlite3.DatabaseError) -> str:
        """Why SQLite can make nothing of the file; any other trouble is raised."""
        code = getattr(error, "sqlite_errorcode", 0)  # the low byte is the kind, the rest says more
        reason = UNFIT.get(code) or UNFIT.get(code & 0xFF)
        if reason:
            return reason
        if code & 0xFF in NEXT_STEPS:
            raise self._complaint(str(error), code & 0xFF) from None
        raise error

    def _complaint(self, what: str, code: int) -> DojoError:
        return DojoError(
            f"{self.path}, where progress is kept, cannot be used: {what}.",
            NEXT_STEPS[code].format(folder=self.path.parent),
        )

    def _set_aside(self, identity: tuple[int, int] | None, reason: str) -> None:
        """Rename the file and its companions, unless another process has done so since it was found unfit."""
        try:
            with _only_one(self.path.parent):
                if identity is None or _identity(self.path) != identity:
                    return
                place = _free_name(self.path)
                for ending in (*COMPANIONS, ""):  # a journal left behind would be played back into the fresh file
                    with suppress(FileNotFoundError):
                        os.rename(f"{self.path}{ending}", f"{place}{ending}")
        except OSError as error:
            what = f"it {reason} and cannot be renamed ({error.strerror})"
            raise self._complaint(what, sqlite3.SQLITE_CANTOPEN) from None
        self.notice(f"{self.path} {reason}. It now stands at {place}, unchanged, and progress begins afresh.")


def _refuse_others(path: Path) -> None:
    """_Unfit when the first bytes show that a file is not ours: SQLite could tidy up what lies beside it."""
    try:
        with open(path, "rb") as file:
            start = file.read(72)
    except OSError:  # there is none, or SQLite will say what is wrong
        return
    if not any(start):  # nothing yet, or a first transaction that SQLite will take back
        return
    if start[:16] != MAGIC:
        raise _Unfit("is not a database")
    if len(start) == 72 and int.from_bytes(start[68:], "big") != APPLICATION:
        raise _Unfit("belongs to another program")


def _begin(db: sqlite3.Connection, begin: str) -> None:
    try:
        db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")  # the first statement, so it reads the schema
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR:
            raise _Unfit("has a format that SQLite cannot read") from None
        raise
    db.execute(begin)


def _is_new(db: sqlite3.Connection) -> bool:
    """Whether there is nothing in the file yet. _Unfit when there is, and it is not a progress of this version."""
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if not names and application == version == 0:
        return True
    if application != APPLICATION:
        raise _Unfit("belongs to another program")
    if version > VERSION:
        raise _Unfit("was written by a newer version of the dojo")
    if version < VERSION or not names >= TABLES:
        raise _Unfit("lacks some of its tables")
    return False


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_dev, info.st_ino


def _free_name(path: Path) -> str:
    stamped = f"{path}.set-aside-{time.strftime('%Y%m%d-%H%M%S')}"
    names = (stamped if n == 1 else f"{stamped}-{n}" for n in itertools.count(1))
    return next(name for name in names if not any(os.path.exists(name + ending) for ending in (*COMPANIONS, "")))


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """One process at a time; a lock on the folder itself, which the system drops even when its holder is killed."""
    try:
        import fcntl
    except ImportError:  # Windows, where a file that another process has open cannot be renamed anyway
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems lock no folders
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
