"""The diagnosis runs other people's code many times over: nothing of that is printed, and no warning leaves it."""

import contextlib
import warnings
from collections.abc import Iterator

import numpy as np

from dojo.checking.guard import Printed


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Inside, nothing prints or warns; what the code there does to the settings of Python and numpy ends here too.

    Judging a call puts the settings of the test run back, so whoever makes one inside of this wraps it in another.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(Printed(0)):  # type: ignore[type-var]
        warnings.simplefilter("ignore")
        yield
