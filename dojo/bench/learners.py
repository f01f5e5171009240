"""The learner's files that may be timed: only those that are right, on the tracks that can run here."""

from pathlib import Path

from dojo.bench.devices import torch_or_reason
from dojo.curriculum import Curriculum, Kata
from dojo.grading import Grader, untouched
from dojo.loading import kata_path
from dojo.progress import Progress
from dojo.running.client import Worker


def right_files(
    kata: Kata, curriculum: Curriculum, progress: Progress, worker: Worker
) -> tuple[dict[str, Path], list[str]]:
    """Track → the learner's file, where its verdict is `passed`; and a sentence for each begun one where it is not."""
    found, left_out = {}, []
    for track in kata.tracks:
        if untouched(kata, track) or (track == "torch" and torch_or_reason()[0] is None):
            continue
        grader = Grader(curriculum, track, progress, worker)
        status = (grader.known(kata) or grader.grade(kata))["status"]
        if status == "passed":
            found[track] = kata_path(kata.name, track)
        elif status != "not-started":
            left_out.append(f"your {track} file: its verdict is {status}, and what is wrong is not timed")
    return found, left_out
