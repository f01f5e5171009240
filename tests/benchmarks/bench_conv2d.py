"""How quick a convolution is, forward and backward: the references of both tracks beside torch's own, on one thread.

Run it with `python tests/benchmarks/bench_conv2d.py [--json]`. It compares the contenders' answers first, then times them
in blocks by turns, and asserts nothing about time; the bar that the project has set itself stands below the table.
"""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dojo.bench.threads import one_torch_thread, restart_on_one_thread  # noqa: E402

if __name__ == "__main__":
    restart_on_one_thread()  # before numpy is there

import numpy as np  # noqa: E402

from dojo.bench.blocks import compare, speed, table  # noqa: E402
from dojo.checking.reference import reference  # noqa: E402
from dojo.loading import install_finder  # noqa: E402

N, C, O, SIDE, K, PADDING = 64, 16, 32, 14, 5, 2  # noqa: E741
BUILT_IN, NUMPY, TORCH = "torch.nn.functional.conv2d", "numpy reference", "torch reference"
BAR, AIM = 0.25, 0.40  # the speed of the numpy reference against torch's own
ROUNDS = 15


def drawn() -> tuple[np.ndarray, ...]:
    """The arguments x, w, b and an upstream gradient, in float32."""
    rng = np.random.default_rng(0)
    shapes = (N, C, SIDE, SIDE), (O, C, K, K), (O,), (N, O, SIDE, SIDE)
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def contenders() -> dict:
    """Name → a call that runs forward and backward once and returns the output and three gradients."""
    import torch

    install_finder("solutions")
    by_hand, by_autograd = reference("conv2d", "numpy").module, reference("conv2d", "torch").module
    x, w, b, dout = drawn()
    leaves = [torch.from_numpy(array).requires_grad_() for array in (x, w, b)]
    upstream = torch.from_numpy(dout)

    def numpy_reference() -> tuple:
        out = by_hand.conv2d(x, w, b, 1, PADDING)
        return (out, *by_hand.conv2d_backward(dout, x, w, b, 1, PADDING))

    def torch_reference() -> tuple:
        out = by_autograd.conv2d(*leaves, 1, PADDING)
        return (out, *torch.autograd.grad(out, leaves, upstream))

    def built_in() -> tuple:
        out = torch.nn.functional.conv2d(*leaves, stride=1, padding=PADDING)
        return (out, *torch.autograd.grad(out, leaves, upstream))

    return {BUILT_IN: built_in, NUMPY: numpy_reference, TORCH: torch_reference}


def differences(calls: dict) -> dict[str, float]:
    """Name → the largest difference from torch's own, over the output and the gradients, each relative to its largest number."""
    answers = {
        name: [np.asarray(part.detach() if hasattr(part, "detach") else part) for part in call()]
        for name, call in calls.items()
    }
    truth = answers[BUILT_IN]
    return {
        name: max(float(abs(got - right).max() / abs(right).max()) for got, right in zip(answer, truth, strict=True))
        for name, answer in answers.items()
    }


def memory(call) -> tuple[int, int]:
    """Bytes that numpy holds at the peak of a call, and the bytes of the input unfolded over both axes of the kernel."""
    call()
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, N * C * K * K * SIDE * SIDE * np.dtype(np.float32).itemsize


def measure() -> dict:
    """Everything that the report says."""
    calls = contenders()
    apart = differences(calls)
    assert max(apart.values()) < 1e-4, f"the contenders do not agree: {apart}"
    with one_torch_thread():
        timings = compare(calls, ROUNDS)
    return {"differences": apart, "timings": timings, "memory": memory(calls[NUMPY])}


def report(found: dict) -> str:
    """The table, the bar and the memory."""
    peak, unfolded = found["memory"]
    ratio = speed(found["timings"][NUMPY], found["timings"][BUILT_IN])
    return "\n".join(
        [
            f"conv2d forward and backward, {N} × {C} → {O} channels, {SIDE} × {SIDE}, kernel {K} × {K}, float32, one thread",
            f"largest difference from torch's own: {max(found['differences'].values()):.1e}",
            table(found["timings"], BUILT_IN),
            f"the numpy reference runs at {ratio:.2f} of the speed of torch's own (bar: {BAR:.2f}, aim: {AIM:.2f})",
            f"it holds {peak / 2**20:.1f} MiB at its peak, {peak / unfolded:.2f} of the unfolded input ({unfolded / 2**20:.1f} MiB)",
        ]
    )


def test_conv2d(capsys):
    """The contenders agree; the table is printed, and how long it took is for a person to judge."""
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, cwd=ROOT)  # on one thread
    with capsys.disabled():
        print(f"\n{done.stdout}")
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    taken = measure()
    if "--json" in sys.argv:
        seconds = {name: {"seconds": t.seconds, "alone": t.alone} for name, t in taken["timings"].items()}
        print(json.dumps({**taken, "timings": seconds}))
    else:
        print(report(taken))
