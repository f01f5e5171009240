"""What a learner has done so far: every verdict, the causes it named, how far the hints went.

It stands in one SQLite file; storage.py keeps that file safe. Nothing here imports numpy.
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dojo.storage import Storage

LATEST = """
SELECT kata, track, status, judged, time, passed, total, attempts, done, functions, json,
    coalesce(reset_after, 0) >= id
FROM (SELECT max(id) AS id, sum(status <> 'not-started') AS attempts FROM verdict GROUP BY kata, track)
JOIN verdict USING (id) LEFT JOIN standing USING (kata, track)
"""
LAST_CAUSES = """
SELECT cause FROM cause WHERE verdict = (SELECT max(id) FROM verdict WHERE kata = ? AND track = ?)
AND verdict > coalesce((SELECT reset_after FROM standing WHERE kata = ? AND track = ?), 0) ORDER BY rowid
"""


@dataclass(frozen=True)
class Row:
    """The last verdict on a kata. `time` is UTC in ISO form; `attempts` counts all verdicts but `not-started`.

    `done` of `functions` are finished, both None when the verdict did not say. `json` is the verdict as recorded,
    and `verdict` the same, parsed. `was_reset` is true when the kata was reset after it.
    """

    kata: str
    track: str
    status: str
    judged: str
    time: str
    passed: int
    total: int
    attempts: int
    done: int | None
    functions: int | None
    json: str
    was_reset: bool

    @property
    def verdict(self) -> dict:
        return json.loads(self.json)


@dataclass(frozen=True)
class Attempt:
    """A verdict on a kata that was begun: when, on what, and how it went."""

    time: str
    kata: str
    track: str
    status: str


@dataclass(frozen=True)
class Seen:
    """A cause that a verdict named. `place` is 0 for the likeliest of its finding."""

    time: str
    kata: str
    track: str
    function: str | None
    tensor: str | None
    place: int
    cause: str


def default_path() -> Path:
    """Where this checkout keeps its progress."""
    from dojo.loading import ROOT

    return ROOT / ".dojo" / "progress.sqlite"


class Progress(Storage):
    """The progress kept at `path`; see Storage for what happens to a file that cannot be used."""

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_) -> None:
        """Nothing to close: no connection outlives an operation."""

    def record(self, verdict: dict, judged: str) -> None:
        """Keep a verdict (the object of `check --json`) and the hash of what it judged; on disk when this returns."""
        text = json.dumps(verdict)
        self.write(lambda db: _insert(db, verdict, judged, text))

    def latest(self) -> dict[tuple[str, str], Row]:
        """The last verdict by (kata, track)."""
        rows = [Row(*row, was_reset=bool(reset)) for *row, reset in self.ask(LATEST)]
        return {(row.kata, row.track): row for row in rows}

    def history(self) -> list[Attempt]:
        """Every verdict but those that found a kata not started, oldest first."""
        question = "SELECT time, kata, track, status FROM verdict WHERE status <> 'not-started' ORDER BY id"
        return [Attempt(*row) for row in self.ask(question)]

    def last_causes(self, kata: str, track: str) -> list[str]:
        """The causes of the last verdict, likeliest first, each once. None of them counts after a reset."""
        rows = self.ask(LAST_CAUSES, kata, track, kata, track)
        return list(dict.fromkeys(cause for (cause,) in rows))

    def causes(self) -> list[Seen]:
        """Every cause of every verdict, oldest first. Its time is that of its verdict in `history`."""
        question = "SELECT time, kata, track, function, tensor, place, cause FROM cause ORDER BY rowid"
        return [Seen(*row) for row in self.ask(question)]

    def hint_level(self, kata: str, track: str) -> int:
        """How many hints have been shown, 0 at first and after a reset."""
        return self._value("SELECT hints FROM standing WHERE kata = ? AND track = ?", kata, track) or 0

    def advance_hint(self, kata: str, track: str, most: int) -> int:
        """Go one hint further, up to `most`, and return the new level. Two processes never get the same step."""

        def advance(db: sqlite3.Connection) -> int:
            _stand(db, kata, track, "hints = max(0, min(hints + 1, ?))", most)
            return db.execute("SELECT hints FROM standing WHERE kata = ? AND track = ?", (kata, track)).fetchone()[0]

        return self.write(advance)

    def reset(self, kata: str, track: str) -> None:
        """Hints start over and the kata is marked as reset; its verdicts are kept."""
        change = "hints = 0, reset_time = ?, reset_after = (SELECT coalesce(max(id), 0) FROM verdict)"
        self.write(lambda db: _stand(db, kata, track, change, _now()))

    def _value(self, question: str, *values):
        rows = self.ask(question, *values)
        return rows[0][0] if rows else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _insert(db: sqlite3.Connection, verdict: dict, judged: str, text: str) -> None:
    tests, functions = verdict.get("tests") or {}, verdict.get("functions") or {}
    whose = (_now(), verdict["kata"], verdict["track"])
    counts = [tests.get(key, 0) for key in ("passed", "failed", "total")]
    row = (*whose, verdict["status"], *counts, verdict.get("seconds") or 0.0, judged)
    row += (functions.get("done"), functions.get("total"), text)
    number = db.execute("INSERT INTO verdict VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row).lastrowid
    for finding in verdict.get("findings") or []:
        for place, cause in enumerate(finding.get("causes") or []):
            named = (number, *whose, finding.get("function"), finding.get("tensor"), place, cause["cause"])
            db.execute("INSERT INTO cause VALUES (?, ?, ?, ?, ?, ?, ?, ?)", named)


def _stand(db: sqlite3.Connection, kata: str, track: str, change: str, *values) -> None:
    """Make `change` to where a kata stands, which is the beginning when nothing is known of it."""
    db.execute("INSERT OR IGNORE INTO standing (kata, track) VALUES (?, ?)", (kata, track))
    db.execute(f"UPDATE standing SET {change} WHERE kata = ? AND track = ?", (*values, kata, track))
