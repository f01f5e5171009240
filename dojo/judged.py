"""What a verdict depends on, as one hash: while it stays the same, a recorded verdict can be trusted. No numpy here."""

import os
import re
import time
from pathlib import Path

SETTLED = 2_000_000_000  # nanoseconds after which a file's time stamps can be relied on, on any file system
IMPORT = (  # `from katas.numpy.affine import …`, `import katas.numpy.affine`, `from katas.numpy import affine, …`
    rb"^[ \t]*(?:from|import)[ \t]+(katas|solutions)\.(numpy|torch)"
    rb"(?:\.(\w+)|[ \t]+import[ \t]+(\([^)]*\)|(?:\\\r?\n|[^\n#;])+))"
)


def judged_hash(kata: str, track: str, path: Path | None = None) -> str:
    """A sha256 over what a verdict depends on: a recorded verdict can be trusted while this stays the same.

    That is the judged file (`path` when it stands in for the kata), the kata's tests, its references, and every kata
    that these import, directly or not. With `path`, prerequisites come from `solutions`, as they do when it is judged.
    A missing file counts as such. The map is left out: better hints make no verdict old.
    """
    from hashlib import sha256

    from dojo.loading import ROOT

    root, prerequisites = str(ROOT), "katas" if path is None else "solutions"
    own = {"judged": f"{root}/katas/{track}/{kata}.py" if path is None else str(path)}
    waiting = ["judged", f"tests/katas/test_{kata}.py", f"solutions/{track}/{kata}.py", f"solutions/numpy/{kata}.py"]
    digests: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        if name not in digests:
            digests[name], imports = _fingerprint(own.get(name, f"{root}/{name}"))
            waiting += [f"{prerequisites if top == 'katas' else top}/{rest}" for top, rest in imports]
    return sha256("".join(f"{name} {digests[name]}\n" for name in sorted(digests)).encode()).hexdigest()


_fingerprints: dict[str, tuple] = {}  # by file: its time stamps and size, and what was read then


def _fingerprint(file: str) -> tuple[str, list[tuple[str, str]]]:
    """The sha256 of a file ("missing" without one), and the kata files it imports as (folder, TRACK/NAME.py).

    The answer is kept while the file's time stamps and size are the same, unless they are so young that another change
    could still leave them the same.
    """
    from hashlib import sha256

    try:
        info = os.stat(file)
        stamps = (info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino)
        kept = _fingerprints.get(file)
        if kept and kept[0] == stamps:
            return kept[1]
        with open(file, "rb") as opened:
            content = opened.read()
    except OSError:
        return "missing", []
    answer = sha256(content).hexdigest(), _imports(content)
    if time.time_ns() - max(stamps[:2]) > SETTLED:
        _fingerprints[file] = stamps, answer
    return answer


def _imports(content: bytes) -> list[tuple[str, str]]:
    found = []
    for top, track, name, names in re.findall(IMPORT, content, re.MULTILINE):
        listed = re.sub(rb"#[^\n]*|\bas\s+\w+", b"", names)
        found += [(top.decode(), f"{track.decode()}/{one.decode()}.py") for one in re.findall(rb"\w+", name or listed)]
    return found
