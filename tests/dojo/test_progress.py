"""Progress: what is recorded stays, whatever happens to the process, the file or the disk."""

import os
import random
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dojo import judged as judging
from dojo import loading, storage
from dojo import progress as module
from dojo.errors import DojoError
from dojo.judged import judged_hash
from dojo.progress import Progress, Row
from dojo.storage import APPLICATION, VERSION

ROOT = Path(__file__).resolve().parents[2]
PRELUDE = """
import os, sys
from pathlib import Path
from dojo import progress as module
from dojo import storage
from dojo.progress import Progress
storage.SYNCHRONOUS = os.environ.get("SYNCHRONOUS", "OFF")
notices = []
progress = Progress(Path(sys.argv[1]), notices.append)
verdict = {"format": 1, "kata": "affine", "track": "numpy", "status": "failed", "seconds": 0.1, "output": "x" * 3000,
           "tests": {"passed": 1, "failed": 1, "total": 2}, "findings": [{"causes": [{"cause": "transposed"}]}]}
"""
RECORD = PRELUDE + "for n in range(200): progress.record(verdict, f'{sys.argv[2]}-{n}')"
RECORD_FOREVER = PRELUDE + "os.write(1, b'ready\\n')\nfor n in range(10**6):\n"
RECORD_FOREVER += "    progress.record(verdict, f'{sys.argv[2]}-{n}'); os.write(1, b'%d\\n' % n)"
ADVANCE = PRELUDE + "print(*[progress.advance_hint('affine', 'numpy', 1000) for _ in range(50)])"
MEET = PRELUDE + "sys.stdin.readline()\nfor n in range(20): progress.record(verdict, f'{sys.argv[2]}-{n}')\n"
MEET += "print(len(notices))"


def child(code: str, *arguments: object, **options) -> subprocess.Popen:
    """A process that needs nothing but `dojo.progress`, so it starts fast."""
    command = [sys.executable, "-S", "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, **options)


def verdict(kata="affine", track="numpy", status="failed", causes=(), **more) -> dict:
    findings = [{"function": f"{kata}_backward", "tensor": "dx", "causes": [{"cause": c, "says": "…"} for c in causes]}]
    tests = {"passed": 5, "failed": 2, "total": 7}
    given = {"format": 1, "kata": kata, "track": track, "file": "…", "status": status, "tests": tests, "seconds": 0.21}
    return {**given, "findings": findings if causes else [], **more}


def judged(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in db.execute("SELECT judged FROM verdict ORDER BY id")]


def set_aside(path: Path) -> list[Path]:
    return sorted(path.parent.glob("progress.sqlite.set-aside-*"))


@pytest.fixture(autouse=True)
def swift(monkeypatch):
    """Only a power cut would tell the difference, and waiting for the disk takes most of the time of these tests."""
    monkeypatch.setattr(storage, "SYNCHRONOUS", "OFF")


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".dojo" / "progress.sqlite"


@pytest.fixture
def notices():
    return []


@pytest.fixture
def progress(path, notices):
    with Progress(path, notices.append) as opened:
        yield opened


# what is recorded


def test_nothing_is_known_and_nothing_is_made_before_the_first_record(progress, path):
    assert progress.latest() == {}
    assert progress.history() == []
    assert progress.last_causes("affine", "numpy") == []
    assert progress.causes() == []
    assert progress.hint_level("affine", "numpy") == 0
    assert not path.parent.exists()


def test_a_verdict_comes_back_as_it_was_recorded(progress, path):
    given = verdict(causes=["transposed"], functions={"done": 1, "total": 2}, output="ünï \udc80 \x00")
    progress.record(given, "abc")
    row = Progress(path).latest()["affine", "numpy"]
    assert isinstance(row, Row)
    assert (row.kata, row.track, row.status, row.judged) == ("affine", "numpy", "failed", "abc")
    assert (row.passed, row.total, row.attempts, row.done, row.functions) == (5, 7, 1, 1, 2)
    assert row.verdict == given
    assert row.was_reset is False


def test_time_is_utc_in_iso_form(progress):
    progress.record(verdict(), "abc")
    recorded = datetime.fromisoformat(progress.latest()["affine", "numpy"].time)
    assert recorded.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - recorded) < timedelta(minutes=1)


def test_a_verdict_that_says_little_is_kept_too(progress):
    progress.record({"kata": "affine", "track": "numpy", "status": "broken"}, "abc")
    row = progress.latest()["affine", "numpy"]
    assert (row.status, row.passed, row.total, row.done, row.functions) == ("broken", 0, 0, None, None)


def test_latest_is_the_last_of_each_kata_and_track(progress):
    for n, (kata, track) in enumerate(
        [("affine", "numpy"), ("affine", "torch"), ("mse", "numpy"), ("affine", "numpy")]
    ):
        progress.record(verdict(kata, track), f"hash {n}")
    found = {key: row.judged for key, row in progress.latest().items()}
    assert found == {("affine", "numpy"): "hash 3", ("affine", "torch"): "hash 1", ("mse", "numpy"): "hash 2"}


def test_latest_does_not_depend_on_the_clock(progress, monkeypatch):
    monkeypatch.setattr(module, "_now", lambda: "2030-01-01T00:00:00.000+00:00")
    progress.record(verdict(), "before the clock was set back")
    monkeypatch.setattr(module, "_now", lambda: "2020-01-01T00:00:00.000+00:00")
    progress.record(verdict(), "after")
    assert progress.latest()["affine", "numpy"].judged == "after"


def test_an_untouched_kata_is_no_attempt(progress):
    for status in ("not-started", "failed", "broken", "passed"):
        progress.record(verdict(status=status), status)
    progress.record(verdict(track="torch"), "another track")
    assert [(each.track, each.status) for each in progress.history()] == [
        ("numpy", "failed"),
        ("numpy", "broken"),
        ("numpy", "passed"),
        ("torch", "failed"),
    ]
    assert progress.latest()["affine", "numpy"].attempts == 3


def test_a_pass_is_not_forgotten(progress):
    progress.record(verdict(status="passed"), "first")
    passed = progress.latest()["affine", "numpy"].time
    time.sleep(0.002)
    progress.record(verdict(status="failed"), "second")
    progress.record(verdict(status="passed"), "third")
    progress.reset("affine", "numpy")
    statuses = [(each.time == passed, each.status) for each in progress.history()]
    assert statuses == [(True, "passed"), (False, "failed"), (False, "passed")]


def test_last_causes_are_those_of_the_last_verdict_each_once(progress):
    progress.record(verdict(causes=["sign-flipped"]), "a")
    progress.record(verdict(causes=["wrong-operand", "transposed", "wrong-operand"]), "b")
    progress.record(verdict("mse", causes=["missing-mean"]), "c")
    assert progress.last_causes("affine", "numpy") == ["wrong-operand", "transposed"]
    progress.record(verdict(status="passed"), "d")
    assert progress.last_causes("affine", "numpy") == []


def test_causes_tell_which_function_and_tensor_went_wrong(progress):
    progress.record(verdict(causes=["wrong-operand", "transposed"]), "a")
    progress.record(verdict("mse", findings=[{"function": "mse", "tensor": None}]), "b")
    progress.record(verdict("mse", causes=["missing-mean"]), "c")
    seen = [(c.kata, c.track, c.function, c.tensor, c.place, c.cause) for c in progress.causes()]
    assert seen == [
        ("affine", "numpy", "affine_backward", "dx", 0, "wrong-operand"),
        ("affine", "numpy", "affine_backward", "dx", 1, "transposed"),
        ("mse", "numpy", "mse_backward", "dx", 0, "missing-mean"),
    ]
    assert {c.time for c in progress.causes()} <= {attempt.time for attempt in progress.history()}


def test_a_verdict_that_is_no_json_leaves_nothing_behind(progress):
    with pytest.raises(TypeError):
        progress.record(verdict(seen={1, 2}), "abc")
    with pytest.raises(KeyError):
        progress.record(verdict(findings=[{"causes": [{}]}]), "abc")
    assert progress.latest() == {}


# hints and resets


def test_hints_go_one_further_at_each_call_up_to_the_last(progress):
    assert [progress.advance_hint("affine", "numpy", 3) for _ in range(5)] == [1, 2, 3, 3, 3]
    assert progress.hint_level("affine", "numpy") == 3
    assert progress.hint_level("affine", "torch") == 0
    assert progress.advance_hint("affine", "numpy", 2) == 2
    assert progress.advance_hint("mse", "numpy", 0) == 0


def test_reset_starts_the_hints_over_and_keeps_the_verdicts(progress):
    progress.record(verdict(causes=["transposed"]), "abc")
    progress.advance_hint("affine", "numpy", 3)
    progress.advance_hint("mse", "numpy", 3)
    progress.reset("affine", "numpy")
    assert progress.hint_level("affine", "numpy") == 0
    assert progress.hint_level("mse", "numpy") == 1
    assert len(progress.history()) == 1
    assert progress.latest()["affine", "numpy"].was_reset is True
    assert progress.last_causes("affine", "numpy") == []
    assert [seen.cause for seen in progress.causes()] == ["transposed"]


def test_a_verdict_after_the_reset_counts_again(progress):
    progress.reset("affine", "numpy")
    progress.record(verdict(causes=["transposed"]), "abc")
    assert progress.latest()["affine", "numpy"].was_reset is False
    assert progress.last_causes("affine", "numpy") == ["transposed"]


# crashes and company


def test_nothing_recorded_is_lost_when_the_process_is_killed(tmp_path):
    chance = random.Random(0)
    kept: dict[Path, list[str]] = {}
    for kill in range(36):
        # two in three grow one file; the others begin a new one, and are killed while the tables are made
        path = tmp_path / ("grown" if kill % 3 else f"new-{kill}") / "progress.sqlite"
        writer = child(RECORD_FOREVER, path, f"writer-{kill}", env={**os.environ, "SYNCHRONOUS": "FULL"})
        assert writer.stdout.readline() == b"ready\n"
        if kill % 3:
            assert writer.stdout.readline() == b"0\n"
            kept.setdefault(path, []).append(f"writer-{kill}-0")
        time.sleep(chance.uniform(0, 0.008))
        writer.kill()
        reported = writer.communicate()[0].split()
        kept.setdefault(path, []).extend(f"writer-{kill}-{n.decode()}" for n in reported)
        notices = []
        Progress(path, notices.append).latest()
        assert notices == []
        if path.exists() and path.stat().st_size:
            found = judged(path)
            assert set(found) >= set(kept[path])
            assert len(found) <= len(kept[path]) + kill + 1  # at most one a writer that it could not report any more
            kept[path] = found
        else:
            assert not kept[path]


def test_two_processes_recording_at_once_lose_nothing(path):
    writers = [child(RECORD, path, name) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    [writer.stdout.close() for writer in writers]
    assert sorted(judged(path)) == sorted(f"{name}-{n}" for name in "ab" for n in range(200))
    row = Progress(path).latest()["affine", "numpy"]
    assert row.attempts == 400


def test_two_processes_never_get_the_same_hint_step(path):
    steps = [
        step for walker in [child(ADVANCE, path), child(ADVANCE, path)] for step in walker.communicate()[0].split()
    ]
    assert sorted(map(int, steps)) == list(range(1, 101))


def test_processes_that_meet_a_damaged_file_together_set_it_aside_once(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database at all " * 300)
    writers = [child(MEET, path, name, stdin=subprocess.PIPE) for name in "abcd"]
    for writer in writers:  # all are up before the first one starts
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    told = [int(writer.communicate()[0]) for writer in writers]
    assert sum(told) == 1
    assert len(set_aside(path)) == 1
    assert sorted(judged(path)) == sorted(f"{name}-{n}" for name in "abcd" for n in range(20))


def test_a_file_set_aside_by_another_process_first_is_left_alone(progress, path, notices, monkeypatch):
    lock = storage._only_one

    @contextmanager
    def late(folder):
        monkeypatch.setattr(storage, "_only_one", lock)
        Progress(path, notices.append).record(verdict(), "the other process")
        with lock(folder):
            yield

    monkeypatch.setattr(storage, "_only_one", late)
    path.parent.mkdir()
    path.write_text("garbage")
    progress.record(verdict(), "this one")
    assert judged(path) == ["the other process", "this one"]
    assert len(set_aside(path)) == len(notices) == 1


def test_a_file_that_moves_away_in_the_middle_of_a_record_does_not_take_it_along(progress, path, monkeypatch):
    insert, moved = module._insert, path.with_name("moved.sqlite")

    def move_then_insert(db, *given):
        if not moved.exists():
            path.rename(moved)
        insert(db, *given)

    progress.record(verdict(), "first")
    monkeypatch.setattr(module, "_insert", move_then_insert)
    progress.record(verdict(), "second")
    assert judged(moved) == ["first"]
    assert judged(path) == ["second"]


def test_a_file_removed_or_replaced_meanwhile_is_noticed(progress, path):
    progress.record(verdict(), "first")
    path.unlink()
    path.parent.rmdir()
    assert progress.latest() == {}
    progress.record(verdict(), "second")
    assert judged(path) == ["second"]


def test_a_busy_file_is_an_error_with_a_next_step(progress, path, monkeypatch):
    monkeypatch.setattr(storage, "PATIENCE", 0.05)
    progress.record(verdict(), "abc")
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DojoError, match="locked") as raised:
            progress.record(verdict(), "def")
    assert "Another command is using it" in raised.value.next_step
    assert judged(path) == ["abc"]


# files that cannot be used


def other_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE verdict (id)")
        db.commit()


def newer_version(path: Path) -> None:
    Progress(path).record(verdict(), "abc")
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")


def table_lost(path: Path) -> None:
    Progress(path).record(verdict(), "abc")
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE standing")


def truncated(path: Path) -> None:
    for n in range(20):
        Progress(path).record(verdict(output="x" * 2000), str(n))
    os.truncate(path, path.stat().st_size // 2)


def cut_short(path: Path) -> None:
    Progress(path).record(verdict(), "abc")
    os.truncate(path, 60)


def wrong_header(path: Path) -> None:
    Progress(path).record(verdict(), "abc")
    content = bytearray(path.read_bytes())
    content[44:48] = (9).to_bytes(4, "big")  # the schema format, of which SQLite knows 1 to 4
    path.write_bytes(content)


SPOILED = [
    (lambda path: path.write_bytes(b"\x00\xff" * 5000), "is not a database"),
    (lambda path: path.write_text("kata,passed\n"), "is not a database"),
    (cut_short, "is damaged"),
    (truncated, "is damaged"),
    (wrong_header, "has a format that SQLite cannot read"),
    (other_program, "belongs to another program"),
    (newer_version, "was written by a newer version of the dojo"),
    (table_lost, "lacks some of its tables"),
]
NAMES = ["garbage", "text", "cut-short", "truncated", "wrong-header", "other-program", "newer-version", "table-lost"]


@pytest.mark.parametrize("first", ["read", "write"])
@pytest.mark.parametrize(("spoil", "reason"), SPOILED, ids=NAMES)
def test_an_unusable_file_is_set_aside_and_a_fresh_one_begun(progress, path, notices, spoil, reason, first):
    path.parent.mkdir()
    spoil(path)
    content = path.read_bytes()
    if first == "read":
        assert progress.latest() == {}
    progress.record(verdict(), "new")
    (kept,) = set_aside(path)
    assert kept.read_bytes() == content
    assert re.fullmatch(r"progress\.sqlite\.set-aside-\d{8}-\d{6}", kept.name)
    assert notices == [f"{path} {reason}. It now stands at {kept}, unchanged, and progress begins afresh."]
    assert judged(path) == ["new"]


def test_an_empty_file_holds_nothing_and_is_used(progress, path, notices):
    path.parent.mkdir()
    path.touch()
    assert progress.latest() == {}
    progress.record(verdict(), "abc")
    assert judged(path) == ["abc"]
    assert notices == []


def test_files_set_aside_in_the_same_second_get_different_names(progress, path, notices, monkeypatch):
    monkeypatch.setattr(storage.time, "strftime", lambda format: "20250102-030405")
    path.parent.mkdir()
    for n in range(3):
        path.write_text(f"garbage {n}")
        progress.record(verdict(), "abc")
    names = [f"progress.sqlite.set-aside-20250102-030405{ending}" for ending in ("", "-2", "-3")]
    assert [kept.name for kept in set_aside(path)] == names
    assert [kept.read_text() for kept in set_aside(path)] == ["garbage 0", "garbage 1", "garbage 2"]
    assert len(notices) == 3


def test_companions_are_set_aside_with_the_file(progress, path):
    path.parent.mkdir()
    endings = ("", "-journal", "-wal", "-shm")
    for ending in endings:
        Path(f"{path}{ending}").write_text(f"garbage{ending}")
    progress.record(verdict(), "abc")
    kept = min(set_aside(path), key=lambda file: len(file.name))
    assert [Path(f"{kept}{ending}").read_text() for ending in endings] == [f"garbage{ending}" for ending in endings]
    assert [file.name for file in path.parent.iterdir() if "set-aside" not in file.name] == ["progress.sqlite"]
    assert judged(path) == ["abc"]


def test_another_program_at_work_keeps_its_log(progress, path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE note (text)")
        other.execute("INSERT INTO note VALUES ('not yet in the main file')")
        other.commit()
        progress.record(verdict(), "abc")
        kept = min(set_aside(path), key=lambda file: len(file.name))
        with closing(sqlite3.connect(kept)) as db:
            assert db.execute("SELECT text FROM note").fetchall() == [("not yet in the main file",)]
    assert judged(path) == ["abc"]


def test_the_notice_goes_to_stderr_when_nobody_asks_for_it(path, capsys):
    path.parent.mkdir()
    path.write_text("garbage")
    Progress(path).record(verdict(), "abc")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "is not a database. It now stands at" in printed.err


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a progress with a dozen verdicts."""
    path = tmp_path_factory.mktemp("whole") / "progress.sqlite"
    for n in range(12):
        Progress(path).record(verdict(["affine", "mse"][n % 2], causes=["transposed"], output="y" * 1500), str(n))
        Progress(path).advance_hint("affine", "numpy", 9)
    return path.read_bytes()


@pytest.mark.parametrize("seed", range(24))
def test_bytes_damaged_anywhere_never_end_in_a_crash(progress, path, notices, seed, whole):
    chance = random.Random(seed)
    path.parent.mkdir()
    content = bytearray(whole)
    start = chance.randrange(len(content) - 200)
    content[start : start + 200] = chance.randbytes(200)
    path.write_bytes(content)
    for action in (progress.latest, progress.causes, lambda: progress.advance_hint("affine", "numpy", 9)):
        action()
    progress.record(verdict(), "after")
    assert progress.latest()["affine", "numpy"].judged == "after"
    assert len(set_aside(path)) == len(notices) <= 1
    assert not notices or len(set_aside(path)[0].read_bytes()) == len(content)


def test_a_folder_that_cannot_be_made_is_an_error_with_a_next_step(tmp_path):
    (tmp_path / ".dojo").write_text("a file where the folder belongs")
    with pytest.raises(DojoError, match="cannot be used") as raised:
        Progress(tmp_path / ".dojo" / "progress.sqlite").record(verdict(), "abc")
    assert str(tmp_path / ".dojo") in raised.value.next_step


def test_a_folder_in_the_place_of_the_file_is_an_error_with_a_next_step(progress, path):
    path.mkdir(parents=True)
    for action in (progress.latest, lambda: progress.record(verdict(), "abc")):
        with pytest.raises(DojoError, match="unable to open") as raised:
            action()
        assert "folder you may write to" in raised.value.next_step


def connect_with(monkeypatch, change):
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **options: change(connect, path, options))


def test_a_read_only_file_can_be_read_and_not_written(progress, path, monkeypatch):
    progress.record(verdict(), "abc")
    connect_with(monkeypatch, lambda connect, path, options: connect(f"{path.as_uri()}?mode=ro", uri=True, **options))
    assert progress.latest()["affine", "numpy"].judged == "abc"
    with pytest.raises(DojoError, match="readonly") as raised:
        progress.record(verdict(), "def")
    assert "folder you may write to" in raised.value.next_step


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only for this user")
def test_a_read_only_folder_can_be_read_and_not_written(progress, path):
    progress.record(verdict(), "abc")
    path.parent.chmod(0o500)
    path.chmod(0o400)
    try:
        assert progress.latest()["affine", "numpy"].judged == "abc"
        with pytest.raises(DojoError, match="readonly"):
            progress.record(verdict(), "def")
    finally:
        path.parent.chmod(0o700)


def test_a_full_disk_is_an_error_with_a_next_step_and_loses_nothing(progress, path, monkeypatch):
    progress.record(verdict(), "abc")

    def full(connect, path, options):
        db = connect(path, **options)
        db.execute("PRAGMA max_page_count = 1")  # as large as it is now, and no larger
        return db

    with monkeypatch.context() as patch:
        connect_with(patch, full)
        with pytest.raises(DojoError, match="full") as raised:
            progress.record(verdict(output="x" * 100_000), "def")
    assert "Free some space" in raised.value.next_step
    assert judged(path) == ["abc"]


def test_a_record_is_on_the_disk_when_it_is_done(progress, monkeypatch):
    monkeypatch.undo()
    settings = []
    insert = module._insert

    def ask_then_insert(db, *given):
        settings.append(db.execute("PRAGMA synchronous").fetchone()[0])
        insert(db, *given)

    monkeypatch.setattr(module, "_insert", ask_then_insert)
    progress.record(verdict(), "abc")
    assert settings == [2]  # FULL


def test_the_file_says_whose_and_which_version_it_is(progress, path):
    progress.record(verdict(), "abc")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert [file.name for file in path.parent.iterdir()] == ["progress.sqlite"]


# what a verdict depends on


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "ROOT", tmp_path)
    for folder in ("katas/numpy", "katas/torch", "solutions/numpy", "solutions/torch", "tests/katas"):
        (tmp_path / folder).mkdir(parents=True)
    for top in ("katas", "solutions"):
        for track in ("numpy", "torch"):
            (tmp_path / top / track / "shapes.py").write_text("def matmul(A, B): ...\n")
            (tmp_path / top / track / "affine.py").write_text(f"from {top}.{track}.shapes import matmul\n")
            (tmp_path / top / track / "mse.py").write_text("def mse(y, target): ...\n")
            (tmp_path / top / track / "backprop.py").write_text(
                f"import numpy as np\nfrom {top}.{track}.affine import (\n    affine,\n)\n"
            )
    for name in ("shapes", "affine", "mse", "backprop"):
        (tmp_path / "tests" / "katas" / f"test_{name}.py").write_text(f"def test_{name}(kata): ...\n")
    (tmp_path / "katas" / "curriculum.toml").write_text("format = 1\n")
    return tmp_path


def changes(file: Path, kata: str, track: str, path: Path | None = None) -> bool:
    """Whether another byte in `file`, of which the length stays the same, gives another hash."""
    before, content = judged_hash(kata, track, path), file.read_bytes()
    file.write_bytes(content[:-1] + b" ")
    after = judged_hash(kata, track, path)
    file.write_bytes(content)
    assert judged_hash(kata, track, path) == before
    return before != after


@pytest.mark.parametrize(
    ("file", "numpy", "torch"),
    [
        ("katas/numpy/backprop.py", True, False),
        ("katas/torch/backprop.py", False, True),
        ("tests/katas/test_backprop.py", True, True),
        ("solutions/numpy/backprop.py", True, True),
        ("solutions/torch/backprop.py", False, True),
        ("katas/numpy/affine.py", True, False),  # imported
        ("katas/numpy/shapes.py", True, False),  # imported by what is imported
        ("katas/torch/shapes.py", False, True),
        ("katas/numpy/mse.py", False, False),
        ("tests/katas/test_affine.py", False, False),
        ("katas/curriculum.toml", False, False),
    ],
)
def test_the_hash_follows_what_the_verdict_depends_on(checkout, file, numpy, torch):
    assert changes(checkout / file, "backprop", "numpy") is numpy
    assert changes(checkout / file, "backprop", "torch") is torch


def test_a_file_that_stands_in_gets_its_prerequisites_from_the_references(checkout, tmp_path):
    answer = tmp_path / "answer.py"
    answer.write_text("from katas.numpy.mse import mse\n")
    assert changes(answer, "backprop", "numpy", answer)
    assert changes(checkout / "solutions/numpy/mse.py", "backprop", "numpy", answer)
    assert not changes(checkout / "katas/numpy/mse.py", "backprop", "numpy", answer)
    assert not changes(checkout / "katas/numpy/backprop.py", "backprop", "numpy", answer)


@pytest.mark.parametrize(
    "line",
    [
        "from katas.numpy.mse import mse",
        "    from katas.numpy.mse import mse as loss",
        "import katas.numpy.mse",
        "from katas.numpy import mse",
        "from katas.numpy import shapes as s, mse as m  # both",
        "from katas.numpy import (\n    shapes,  # first\n    mse,\n)",
        "from katas.numpy import shapes, \\\n    mse",
        "from\tkatas.numpy.mse\timport mse\r",
    ],
)
def test_every_way_to_import_a_kata_is_found(checkout, line):
    (checkout / "katas/numpy/backprop.py").write_text(f'"""A kata."""\n\n{line}\nimport numpy as np\n', newline="")
    assert changes(checkout / "katas/numpy/mse.py", "backprop", "numpy")


def test_katas_that_import_each_other_are_hashed_all_the_same(checkout):
    (checkout / "katas/numpy/shapes.py").write_text("from katas.numpy.backprop import forward\n")
    assert changes(checkout / "katas/numpy/affine.py", "backprop", "numpy")


def test_a_missing_file_is_told_from_an_empty_one(checkout):
    seen = [judged_hash("backprop", "numpy")]
    for file in ("katas/numpy/backprop.py", "tests/katas/test_backprop.py", "solutions/numpy/backprop.py"):
        (checkout / file).write_text("")
        seen.append(judged_hash("backprop", "numpy"))
        (checkout / file).unlink()
        seen.append(judged_hash("backprop", "numpy"))
    assert len(set(seen)) == 7
    assert re.fullmatch("[0-9a-f]{64}", seen[-1])


def test_the_hash_does_not_depend_on_where_the_checkout_stands(checkout, monkeypatch):
    before = judged_hash("backprop", "numpy")
    moved = checkout.with_name(f"{checkout.name}-moved")
    checkout.rename(moved)
    monkeypatch.setattr(loading, "ROOT", moved)
    assert judged_hash("backprop", "numpy") == before


def test_an_old_file_is_read_once_and_noticed_when_it_changes(checkout, monkeypatch):
    later = time.time_ns() + 3_000_000_000
    monkeypatch.setattr(judging.time, "time_ns", lambda: later)
    first = judged_hash("backprop", "numpy")
    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", lambda *_: pytest.fail("the file was read again"))
        assert judged_hash("backprop", "numpy") == first
    time.sleep(0.02)
    file = checkout / "katas/numpy/shapes.py"
    file.write_bytes(file.read_bytes()[:-1] + b" ")
    assert judged_hash("backprop", "numpy") != first


def test_a_young_file_is_read_again_because_its_time_stamps_prove_little(checkout):
    judged_hash("backprop", "numpy")
    assert not [file for file in judging._fingerprints if file.startswith(str(checkout))]


def test_a_hundred_katas_are_hashed_in_a_blink(checkout):
    body = "def f(x):\n    return x\n" * 150
    for n in range(100):
        imports = f"from katas.numpy.kata{n - 1} import f\n" if n % 5 else ""
        for file in (f"katas/numpy/kata{n}", f"solutions/numpy/kata{n}", f"tests/katas/test_kata{n}"):
            (checkout / f"{file}.py").write_text(imports + body)
    spent = []
    for _ in range(3):  # the files are young, so each round reads them all again
        start = time.process_time()
        assert len({judged_hash(f"kata{n}", "numpy") for n in range(100)}) == 100
        spent.append(time.process_time() - start)
    assert min(spent) < 0.05


# the house


def test_progress_stands_in_the_checkout_and_is_ignored_by_git():
    assert module.default_path() == ROOT / ".dojo" / "progress.sqlite"
    assert ".dojo/" in (ROOT / ".gitignore").read_text().splitlines()


def test_importing_progress_is_cheap():
    code = "import time; start = time.process_time(); import dojo.progress, sys; spent = time.process_time() - start\n"
    code += "print(spent, 'numpy' in sys.modules, 'torch' in sys.modules, 'dojo.loading' in sys.modules)"
    runs = [child(code).communicate()[0].split() for _ in range(5)]
    assert all(run[1:] == [b"False"] * 3 for run in runs)
    assert min(float(run[0]) for run in runs) < 0.04  # a few milliseconds; the rest is for slow and busy machines
