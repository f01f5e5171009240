"""How quick an LSTM is over a sequence, forward and backward: the references of both tracks beside torch's own, on one thread.

Run it with `python tests/benchmarks/bench_lstm.py [--json]`. It compares the contenders' answers first, then times them
in blocks by turns, and asserts nothing about time; the bars that the project has set itself stand below the table.
"""

import json
import subprocess
import sys
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

N, T, D, H = 32, 64, 128, 128
BUILT_IN, NUMPY, TORCH = "torch.nn.LSTM", "numpy reference", "torch reference"
BARS = {NUMPY: 0.45, TORCH: 0.25}  # the speed of each reference against torch's own
ROUNDS = 15


def drawn() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The upstream gradients dhs and dcT, and the arguments xs, h0, c0, Wx, Wh, b, in float32."""
    rng = np.random.default_rng(0)

    def draw(*shape: int, scale: float = 1.0) -> np.ndarray:
        return (rng.normal(size=shape) * scale).astype(np.float32)

    weights = [draw(D, 4 * H, scale=D**-0.5), draw(H, 4 * H, scale=H**-0.5), draw(4 * H)]
    return [draw(N, T, H), draw(N, H)], [draw(N, T, D), draw(N, H), draw(N, H), *weights]


def contenders() -> dict:
    """Name → a call that runs forward and backward once and returns the two outputs and six gradients."""
    import torch

    install_finder("solutions")
    by_hand, by_autograd = reference("lstm", "numpy").module, reference("lstm", "torch").module
    douts, args = drawn()
    leaves = [torch.from_numpy(array).requires_grad_() for array in args]
    upstream = [torch.from_numpy(array) for array in douts]
    xs, h0, c0, Wx, Wh, b = leaves
    module = torch.nn.LSTM(D, H, batch_first=True)
    mapped = (module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0)
    with torch.no_grad():
        for parameter, value in zip(mapped, (Wx.T, Wh.T, b), strict=True):
            parameter.copy_(value)
        module.bias_hh_l0.zero_()

    def numpy_reference() -> tuple:
        return *by_hand.lstm(*args), *by_hand.lstm_backward(*douts, *args)

    def torch_reference() -> tuple:
        out = by_autograd.lstm(*leaves)
        return *out, *torch.autograd.grad(out, leaves, upstream)

    def built_in() -> tuple:
        hs, (_, cT) = module(xs, (h0[None], c0[None]))
        dxs, dh0, dc0, dWx, dWh, db = torch.autograd.grad(
            (hs, cT), (xs, h0, c0, *mapped), (upstream[0], upstream[1][None])
        )
        return hs, cT[0], dxs, dh0, dc0, dWx.T, dWh.T, db

    return {BUILT_IN: built_in, NUMPY: numpy_reference, TORCH: torch_reference}


def differences(calls: dict) -> dict[str, float]:
    """Name → the largest difference from torch's own, over the outputs and the gradients, each relative to its largest number."""
    answers = {
        name: [np.asarray(part.detach() if hasattr(part, "detach") else part) for part in call()]
        for name, call in calls.items()
    }
    truth = answers[BUILT_IN]
    return {
        name: max(float(abs(got - right).max() / abs(right).max()) for got, right in zip(answer, truth, strict=True))
        for name, answer in answers.items()
    }


def measure() -> dict:
    """Everything that the report says."""
    calls = contenders()
    apart = differences(calls)
    assert max(apart.values()) < 1e-4, f"the contenders do not agree: {apart}"
    with one_torch_thread():
        return {"differences": apart, "timings": compare(calls, ROUNDS)}


def report(found: dict) -> str:
    """The table and the bars."""
    timings = found["timings"]
    lines = [
        f"lstm forward and backward, {N} sequences of {T} steps, {D} inputs, {H} units, float32, one thread",
        f"largest difference from torch's own: {max(found['differences'].values()):.1e}",
        table(timings, BUILT_IN),
    ]
    for name, bar in BARS.items():
        ratio = speed(timings[name], timings[BUILT_IN])
        lines.append(f"the {name} runs at {ratio:.2f} of the speed of torch's own (bar: {bar:.2f})")
    return "\n".join(lines)


def test_lstm(capsys):
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
