"""Functions of other katas that a training needs: the learner's own where they are written, else the reference's."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from dojo import loading, stubs
from dojo.training.learner import Learner


@dataclass(frozen=True)
class Borrowed:
    """`function` of the kata `home` from `origin` (`katas` or `solutions`); calling it blames the learner's line."""

    learner: Learner
    name: str
    home: str
    origin: str
    function: Callable

    def __call__(self, *arguments, **named):
        with self.learner.blame(self.name):
            return self.function(*arguments, **named)


def borrow(learner: Learner, function: str, home: str) -> Borrowed:
    """`function` of the kata `home`, from where the learner's capstone comes if it is written there.

    A training of the learner's convnet should not wait for the chapter about optimizers; once that is solved, it should
    run on the learner's own step. LearnerError when the learner's file is written and does not import.
    """
    origin = learner.origin if _written(learner, function, home) else "solutions"
    with learner.blame(function):
        module = import_module(f"{origin}.{learner.track_name}.{home}")
        return Borrowed(learner, function, home, origin, getattr(module, function))


def _written(learner: Learner, function: str, home: str) -> bool:
    """Whether the kata's file has the function and it is no stub. A file that is not Python counts: it is begun."""
    path = loading.ROOT / learner.origin / learner.track_name / f"{home}.py"
    try:
        source = path.read_text(encoding="utf-8")
        return function in stubs.functions(source) and function not in stubs.unfinished(source)
    except (SyntaxError, ValueError):
        return True
    except OSError:
        return False


def tell(helpers: list[Borrowed]) -> str:
    """Whose functions the learner's training runs on, in one line; empty where there is no choice to tell of."""
    mine = [found.name for found in helpers if found.origin == "katas"]
    theirs = [found for found in helpers if found.origin == "solutions" and found.learner.origin == "katas"]
    told = [f"your {_and(mine)}"] if mine else []
    told += [f"the reference's {_and([found.name for found in theirs])}"] if theirs else []
    if not told:
        return ""
    homes = _and(list(dict.fromkeys(found.home for found in theirs)))
    return f"it runs on {' and '.join(told)}" + (f", until your {homes} is written" if theirs else "")


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
