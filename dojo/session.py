"""One command's session: the curriculum, the progress and a worker that starts when it is first needed."""

from collections.abc import Iterator
from contextlib import contextmanager

from dojo.grading import Grader
from dojo.loading import curriculum
from dojo.progress import Progress, default_path
from dojo.running.client import Worker


@contextmanager
def session(track: str) -> Iterator[Grader]:
    """A Grader for `track`; its worker is ended when the block is left."""
    with Progress(default_path()) as progress, Worker() as worker:
        yield Grader(curriculum(), track, progress, worker)
