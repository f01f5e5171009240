"""What does not agree between the map, the solutions, the stubs, the tests, the mistakes, the pictures and the notebooks."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from dojo import readme, stubs
from dojo.curriculum import TRACKS, Kata
from dojo.loading import ROOT, curriculum, kata_path, mistakes, solution_path
from dojo.running.client import Worker

FEWEST_MISTAKES = 6
FOLDERS = {  # where each kata has a file, and how it is called
    "solutions/derivations": "{}.md",
    "solutions/mistakes": "{}.py",
    "tests/katas": "test_{}.py",
    "tests/alternatives/numpy": "{}.py",
}


def stub_of(name: str, track: str) -> str:
    """The stub as `sync` writes it."""
    return stubs.make_stub(solution_path(name, track).read_text(encoding="utf-8"))


def replaceable(path: Path) -> bool:
    """Whether a kata file holds nothing of a learner's: every function is unfinished and git knows its very text."""
    import subprocess

    source = path.read_text(encoding="utf-8")
    try:
        if set(stubs.functions(source)) - set(stubs.unfinished(source)):
            return False
    except SyntaxError:
        return False
    git = ["git", "-C", str(ROOT), "show", f"HEAD:{path.relative_to(ROOT).as_posix()}"]
    try:
        known = subprocess.run(git, capture_output=True, text=True, encoding="utf-8")
    except OSError:  # no git here
        return True
    return known.returncode != 0 or known.stdout == source


def complaints_of_files() -> Iterator[str]:
    """What is missing, unlisted, or does not agree, told from the files alone."""
    katas = curriculum().katas
    names = {kata.name for kata in katas}
    hints: dict[str, str] = {}
    for kata in katas:
        yield from _missing_files(kata)
        yield from _disagreements(kata)
        for hint in kata.hints:
            if hint in hints:
                yield f"{kata.name}: a hint also serves {hints[hint]}; write one of its own in katas/curriculum.toml"
            hints[hint] = kata.name
    for track in TRACKS:
        for folder in (ROOT / "katas" / track, ROOT / "solutions" / track):
            for path in sorted(folder.glob("*.py")):
                if path.stem not in names:
                    yield f"{path.relative_to(ROOT)} is not on the map: add it to katas/curriculum.toml or remove it"
    for folder, pattern in FOLDERS.items():
        for path in sorted((ROOT / folder).glob(pattern.format("*"))):
            stem = path.stem.removeprefix("test_") if "test_" in pattern else path.stem
            if stem not in names and stem != "__init__":
                yield f"{path.relative_to(ROOT)} belongs to no kata of the map: add it to katas/curriculum.toml or remove it"
    yield from readme.complaints(curriculum())


def _missing_files(kata: Kata) -> Iterator[str]:
    for track in kata.tracks:
        for path in (solution_path(kata.name, track), kata_path(kata.name, track)):
            if not path.is_file():
                yield f"{path.relative_to(ROOT)} is missing: `python -m dojo.maintain sync` writes stubs, solutions are yours to write"
    for folder, pattern in FOLDERS.items():
        path = ROOT / folder / pattern.format(kata.name)
        if not path.is_file():
            yield f"{path.relative_to(ROOT)} is missing: write it (`python -m dojo.maintain new NAME` shows how they begin)"


def _disagreements(kata: Kata) -> Iterator[str]:
    defined = {}
    for track in kata.tracks:
        path = solution_path(kata.name, track)
        if not path.is_file():
            return
        try:
            defined[track] = list(stubs.functions(path.read_text(encoding="utf-8")))
        except SyntaxError as error:
            yield f"{path.relative_to(ROOT)}:{error.lineno}: is not Python: {error.msg}; mend it"
            return
        stub = kata_path(kata.name, track)
        if stub.is_file():
            source = stub.read_text(encoding="utf-8")
            untouched = _all_unfinished(source)
            if untouched and source != stub_of(kata.name, track):
                yield f"{stub.relative_to(ROOT)} is not what its solution makes: run `python -m dojo.maintain sync`"
    if len(defined) == 2:
        forward = [name for name in defined["numpy"] if not name.endswith("_backward")]
        if forward != defined["torch"]:
            yield f"{kata.name}: numpy has {', '.join(forward)}; torch has {', '.join(defined['torch'])}: give both the same names and order"
    try:
        entries = mistakes(kata.name)
    except Exception as error:
        yield f"solutions/mistakes/{kata.name}.py does not import: {type(error).__name__}: {error}; mend it"
        return
    if len(entries) < FEWEST_MISTAKES:
        yield f"{kata.name}: {len(entries)} mistakes; write at least {FEWEST_MISTAKES} in solutions/mistakes/{kata.name}.py"
    seen = set()
    for mistake in entries:
        key = (mistake.__name__, mistake.cause)  # type: ignore[attr-defined]
        if key in seen:
            yield f"{kata.name}: two mistakes of {key[0]} have the cause {key[1]}: give one another cause, or drop it"
        seen.add(key)
        if mistake.__name__ not in defined.get(mistake.track, []):  # type: ignore[attr-defined]
            yield f"{kata.name}: a mistake overrides {mistake.__name__}, which the reference does not define"


def _all_unfinished(source: str) -> bool:
    try:
        return set(stubs.functions(source)) <= set(stubs.unfinished(source))
    except SyntaxError:
        return False


def complaints_of_stubs(worker: Worker, tick=lambda kata: None) -> Iterator[str]:
    """Every stub, freshly made in a temporary folder, must be judged `not-started`. `tick` is told of each kata."""
    with tempfile.TemporaryDirectory() as folder:
        for kata in curriculum().katas:
            tick(kata)
            for track in present(kata.tracks):
                path = Path(folder) / f"{track}_{kata.name}.py"
                path.write_text(stub_of(kata.name, track), encoding="utf-8")
                status = worker.check(kata.name, track, file=path)["status"]
                if status != "not-started":
                    yield f"the {track} stub of {kata.name} is judged {status}, not not-started: see dojo/stubs.py"


def complaints_of_notebooks(worker: Worker, tick=lambda kata: None) -> Iterator[str]:
    """Every notebook can be made, and one that lies in notebooks/ and is as it was written is what is made now."""
    from dojo.notebook import FOLDER, fresh, stale

    for kata in curriculum().katas:
        tick(kata)
        try:
            book = fresh(kata, curriculum(), worker)
        except Exception as error:
            yield f"the notebook of {kata.name} cannot be made: {type(error).__name__}: {error}; see dojo/notebook/build.py"
            continue
        path = FOLDER / f"{kata.name}.ipynb"
        if stale(path, book):
            yield f"{path.relative_to(ROOT)} is not what its sources make: `python grader.py notebook {kata.name}` writes it anew"


def present(tracks) -> list[str]:
    """The tracks that can run here."""
    import importlib.util

    return [track for track in tracks if track != "torch" or importlib.util.find_spec("torch") is not None]
