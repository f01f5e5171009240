"""The source kind `url`: files over HTTP, each resumed where an earlier try broke off.

A download grows in `NAME.part` beside its final place. A broken connection (or Ctrl-C) leaves that beginning for the
next try; wrong bytes and a full disk delete it. Only a file with the right checksum ever gets its final name.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from data import cache
from data.failures import Unreachable, WrongBytes
from data.sources import File, Source

TRIES = 5  # per file, as long as each brings something new
TIMEOUT = (6, 30)  # seconds to connect, and between two pieces
PIECE = 1 << 16  # bytes


class Cut(Unreachable):
    """The connection broke in the middle of a file."""


def fetch(source: Source, files: list[File], folder: Path, tick: Callable[[int], None]) -> None:
    """Download `files` into `folder`; `tick` hears of every piece. Unreachable, WrongBytes, or OSError for the disk."""
    import requests

    with requests.Session() as session:
        for file in files:
            part = cache.partial(file, folder)
            resumed = part.exists()
            tick(_size(part))
            try:
                _fetch_one(session, source, file, part, tick)
            except WrongBytes:
                if not resumed:
                    raise
                # The beginning an earlier try left behind was of another file: once more, from the start.
                _fetch_one(session, source, file, part, tick)


def _fetch_one(session, source: Source, file: File, part: Path, tick: Callable[[int], None]) -> None:
    url = source.where.format(name=file.name)
    try:
        _fill(session, url, file, part, tick)
        cache.keep(part, file, part.parent)
    except Unreachable:
        if not _size(part):
            part.unlink(missing_ok=True)
        raise
    except (WrongBytes, OSError):
        part.unlink(missing_ok=True)
        raise


def _fill(session, url: str, file: File, part: Path, tick: Callable[[int], None]) -> None:
    """Let `part` grow until the server has no more to send, asking again after each break."""
    for attempt in range(1, TRIES + 1):
        before = _size(part)
        try:
            _append(session, url, file, part, tick)
            break
        except Cut as cut:
            if attempt == TRIES or _size(part) <= before:
                have = f"{_size(part):,} of {file.bytes:,} bytes of {file.name}"
                raise Cut(f"the connection broke after {have} ({cut}); the next try goes on from there") from None


def _append(session, url: str, file: File, part: Path, tick: Callable[[int], None]) -> None:
    have = _size(part)
    with _ask(session, url, file, have) as response:
        if response.status_code == 416:  # nothing comes after what `part` holds; the check decides what that is worth
            return
        if response.status_code == 200:  # the whole file, whether or not a part of it was asked for
            tick(-have)
            have = 0
        with part.open("ab" if have else "wb") as out:
            for piece in _pieces(response):
                out.write(piece)
                tick(len(piece))
                have += len(piece)
                if have > file.bytes:
                    raise WrongBytes(f"{file.name} is longer than {file.bytes:,} bytes")


def _ask(session, url: str, file: File, have: int):
    import requests

    headers = {"Accept-Encoding": "identity"}  # the bytes as they are stored: the checksum is of those
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response = session.get(url, headers=headers, stream=True, timeout=TIMEOUT)
    except requests.RequestException as error:
        kind = Cut if have else Unreachable
        raise kind(_reason(error)) from None
    if response.status_code not in ((200, 206, 416) if have else (200,)):
        response.close()
        raise Unreachable(f"the answer for {file.name} was {response.status_code} {response.reason}")
    return response


def _pieces(response) -> Iterator[bytes]:
    from urllib3.exceptions import HTTPError

    try:
        yield from response.raw.stream(PIECE, decode_content=False)
    except (HTTPError, OSError) as error:
        raise Cut(_reason(error)) from None


def _reason(error: Exception) -> str:
    """The cause in plain words; the libraries wrap it in several layers of their own names."""
    text = f"{type(error).__name__} {error}"
    for sign, words in [
        ("NameResolution", "no network: the name is not found"),
        ("Timeout", "no answer in time"),
        ("timed out", "no answer in time"),
        ("SSL", "the certificate was not accepted"),
        ("Proxy", "the proxy did not answer"),
        ("IncompleteRead", "it ended early"),
        ("refused", "no network: the connection was refused"),
        ("unreachable", "no network: the address is out of reach"),
    ]:
        if sign in text:
            return words
    return f"no network: {text}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
