"""The pictures of trainings and lessons that lie in .dojo/pictures, made part of the page."""

import base64
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from dojo.curriculum import TRACKS, Curriculum
from dojo.diagnosis.findings import readable
from dojo.pictures.lessons import LESSONS

PNG = b"\x89PNG\r\n\x1a\n"
LARGEST = 8 * 2**20  # bytes of a picture on the page
NAME = re.compile(rf"(?P<name>\w+)-(?P<track>{'|'.join(TRACKS)})(?P<rest>-[\w-]+)?")


@dataclass(frozen=True)
class Picture:
    """A picture: its caption, what stands in place of it for those who cannot see it, and its bytes as a data URI.

    Without a `source` it is not on the page, and `caption` says why.
    """

    title: str
    caption: str
    alt: str
    source: str = ""
    width: int = 0
    height: int = 0


def pictures(folder: Path, curriculum: Curriculum) -> list[Picture]:
    """Every PNG in `folder`, in the order of the map; whatever else lies there is left out."""
    places = {name: place for place, name in enumerate(curriculum.names)}
    try:
        found = sorted(folder.glob("*.png"), key=lambda path: (places.get(_parts(path)[0], len(places)), path.name))
    except OSError:
        return []
    return [_picture(path, curriculum) for path in found if not path.name.startswith(".")]


def _parts(path: Path) -> tuple[str, str, str]:
    match = NAME.fullmatch(path.stem)
    return (match["name"], match["track"], match["rest"] or "") if match else (path.stem, "", "")


def _picture(path: Path, curriculum: Curriculum) -> Picture:
    name, track, rest = _parts(path)
    name, capstone = readable(name), name in curriculum.names and curriculum[name].capstone
    says = LESSONS.get(name, "")
    if not says and name in curriculum.names:
        says = f"what the training came to: {curriculum[name].title}"
    whose = "the reference" if "-reference" in rest else "your functions"
    more = readable(rest.replace("-reference", "").strip("-").replace("-", " "))
    title = " · ".join(part for part in (name, "a training" if capstone else "", more) if part)
    caption = " · ".join(part for part in (says, f"{whose}, {track} track" if track else "") if part)
    alt = f"Picture of {name}: {caption or readable(path.name)}"
    try:
        if path.stat().st_size > LARGEST:
            return Picture(title, f"{readable(path.name)} is larger than {LARGEST // 2**20} MB and left out", "")
        data = path.read_bytes()
    except OSError as error:
        return Picture(title, f"{readable(path.name)} cannot be read: {error.strerror}", "")
    if not data.startswith(PNG) or len(data) < 24:
        return Picture(title, f"{readable(path.name)} is no PNG picture", "")
    width, height = struct.unpack(">II", data[16:24])
    return Picture(title, caption, alt, f"data:image/png;base64,{base64.b64encode(data).decode()}", width, height)
