"""Everybody who can be timed on one workload here, and why the others are not."""

from collections.abc import Callable, Mapping
from pathlib import Path

from dojo.bench.built_ins import built_ins
from dojo.bench.contenders import (
    Contender,
    Task,
    load_learner,
    numpy_contender,
    torch_contender,
    torch_update,
)
from dojo.bench.devices import DEVICES, absent, present
from dojo.bench.models import scikit_learn
from dojo.bench.prepared import compiled, prepared
from dojo.checking.reference import reference
from dojo.loading import install_finder

NUMPY_REFERENCE, TORCH_REFERENCE = "numpy reference", "torch reference"


def line_up(what: Task, learners: Mapping[str, Path], compiling: bool = True) -> tuple[list[Contender], list[str]]:
    """The contenders, numpy's reference first, and a sentence for each that cannot take part.

    `learners` has the learner's files by track, those that are right. A file that raises here is left out with its reason.
    """
    install_finder("katas")
    found, left_out = [numpy_contender(NUMPY_REFERENCE, "reference", reference(what.kata).module, what)], []

    def attempt(make: Callable[[], Contender | None], name: str) -> None:
        try:
            made = make()
        except (Exception, SystemExit) as error:
            first = (str(error).splitlines() or [""])[0]
            left_out.append(f"{name}: {type(error).__name__}{f': {first}' if first else ''}")
        else:
            found.extend([made] if made else [])

    for track, path in learners.items():
        if track == "numpy":
            attempt(lambda path=path: _of_numpy(path, what), "your numpy file")
    if what.work.is_model and what.kata == "network":
        attempt(lambda: scikit_learn(what), "scikit-learn")
    for device in DEVICES:
        if reason := absent(device):
            left_out.append(f"{device}: {reason}")
    for device in present():
        _torch(what, device, learners.get("torch"), attempt)
        if what.work.compile and compiling:
            attempt(lambda device=device: compiled(what, device), f"torch.compile{_on(device)}")
    return found, left_out


def _torch(what: Task, device: str, learner: Path | None, attempt: Callable) -> None:
    """The contenders that compute with tensors on one device."""

    def theirs() -> Contender:
        module = reference(what.kata, "torch").module
        function = getattr(module, what.work.function)
        return torch_contender(
            f"{TORCH_REFERENCE}{_on(device)}", "reference", function, what, device, torch_update(module, what)
        )

    def mine() -> Contender:
        module = load_learner(learner, "torch")
        function = getattr(module, what.work.function)
        return torch_contender(
            f"yours, torch{_on(device)}", "learner", function, what, device, torch_update(module, what)
        )

    def ready_made() -> Contender | None:
        made = prepared(what, device)
        if made is None:
            name, function = built_ins().get(f"{what.kata}.{what.work.function}", ("", None))
            made = torch_contender(name, "built-in", function, what, device) if function else None
        return Contender(**{**vars(made), "name": f"{made.name}{_on(device)}"}) if made else None

    attempt(theirs, f"{TORCH_REFERENCE}{_on(device)}")
    if learner is not None:
        attempt(mine, f"your torch file{_on(device)}")
    attempt(ready_made, f"built-in{_on(device)}")


def _of_numpy(path: Path, what: Task) -> Contender:
    return numpy_contender("yours, numpy", "learner", load_learner(path, "numpy"), what)


def _on(device: str) -> str:
    return "" if device == "cpu" else f" on {device}"
