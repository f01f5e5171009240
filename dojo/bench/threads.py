"""One thread for everybody: BLAS is told by the environment before numpy is imported, torch while it runs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # what somebody may have set to tune or to debug BLAS


def single_threaded(environment: dict[str, str]) -> dict[str, str]:
    """`environment` with one thread for BLAS and OpenMP, and without what changes the kernels that BLAS chooses."""
    return {key: value for key, value in environment.items() if key not in UNSET} | ONE


def threaded(environment: dict[str, str], threads: int) -> dict[str, str]:
    """The same with another number of threads."""
    return single_threaded(environment) | dict.fromkeys(ONE, str(threads))


def restart_on_one_thread() -> None:
    """Run this script again with one BLAS thread; return at once where it already has one.

    Call it before numpy is imported: BLAS reads its environment only once. It replaces the process, so what was printed
    before is flushed and nothing after it runs twice. Not for a process that is more than this script, such as pytest.
    """
    wanted = single_threaded(dict(os.environ))
    if wanted != dict(os.environ):
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], wanted)


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Torch computes on one thread inside; as before outside. Torch that is not loaded is left alone."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
