"""A failing call in a form that can be pasted into Python."""

import itertools
import math

import numpy as np

from dojo.checking.calls import Call
from dojo.checking.signatures import Signature
from dojo.diagnosis.callables import written
from dojo.loading import Subject

LONGEST = 3000  # characters; a longer call is not worth pasting


def snippet(subject: Subject, law: Signature, call: Call) -> str:
    """Imports, arguments and the call; empty when an argument cannot be written down or it would be too long."""
    names = law.parameters[: len(call.args)]
    options = {key: _write(value, subject.track) for key, value in call.kwargs.items() if not key.startswith("__")}
    arguments = given(law, call, subject.track)
    if not names or arguments is None or None in options.values():
        return ""
    lines = [*_imports(subject, call), *arguments]
    if subject.track == "torch" and call.gradient:
        lines += _autograd(law, call, names)
    else:
        passed = [*names, *(f"{key}={text}" for key, text in options.items())]
        lines.append(f"print({call.function}({', '.join(passed)}))")
    text = "\n".join(lines)
    return text if len(text) <= LONGEST else ""


def given(law: Signature, call: Call, track: str) -> list[str] | None:
    """The lines that define the arguments of `call` under their names; None when one of them cannot be written down."""
    names = law.parameters[: len(call.args)]
    parts = [_assigned(name, value, track) for name, value in zip(names, call.args, strict=False)]
    if None in parts or len(names) != len(call.args):
        return None
    return [line for each in parts for line in each or []]


def _imports(subject: Subject, call: Call) -> list[str]:
    libraries = "import numpy as np" + (", torch" if subject.track == "torch" else "")
    if subject.origin == "file":  # it stands in for the kata, and may have any name
        return [f"{libraries}, runpy", f"{call.function} = runpy.run_path({str(subject.path)!r})[{call.function!r}]"]
    return [libraries, f"from katas.{subject.track}.{subject.kata} import {call.function}"]


def _autograd(law: Signature, call: Call, names: tuple[str, ...]) -> list[str]:
    """The lines that differentiate Σ dout · f(x) for every argument that the finding may speak of."""
    wanted = [name.removeprefix("d") for name in law.outputs]
    douts = list(itertools.takewhile(lambda name: name.startswith("d") and name not in wanted, names))
    leaves = [name for name, value in zip(names, call.args, strict=True) if name in wanted and _differentiable(value)]
    if len(leaves) < len(wanted):
        return [f"# then differentiate {call.function} with autograd"]
    lines = [f"{name}.requires_grad_()" for name in leaves]
    result = f"{call.function}({', '.join(names[len(douts) :])})"
    if len(douts) == 1:
        lines.append(f"({result} * {douts[0]}).sum().backward()")
    else:
        lines.append(f"sum((out * dout).sum() for out, dout in zip({result}, [{', '.join(douts)}])).backward()")
    return [*lines, f"print({', '.join(f'{name}.grad' for name in leaves)})"]


def _differentiable(value) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _assigned(name: str, value, track: str) -> list[str] | None:
    """The lines that give an argument its name; None when it cannot be written down."""
    if isinstance(value, np.random.Generator):
        return _generator(name, value)
    if type(value).__name__ == "Generator" and hasattr(value, "initial_seed"):
        return _torch_generator(name, value)
    if callable(value):
        found = written(value, lambda item: _write(item, "numpy"))
        if found is None:
            return None
        if track == "torch":  # a test's own function is written for numpy
            call = f"torch.as_tensor(({found[1]})(*(item.detach().numpy() for item in items)))"
            return [*found[0], f"{name} = lambda *items: {call}"]
        return [*found[0], *([f"{name} = {found[1]}"] if name != found[1] else [])]
    text = _write(value, track)
    return None if text is None else [f"{name} = {text}"]


def _generator(name: str, rng: np.random.Generator) -> list[str] | None:
    """A random generator that draws the same numbers: from its seed, or from the state it was in; None for a long state."""
    state = rng.bit_generator.state
    seed = getattr(rng.bit_generator.seed_seq, "entropy", None)  # type: ignore[attr-defined]
    if isinstance(seed, int) and np.random.default_rng(seed).bit_generator.state == state:
        return [f"{name} = np.random.default_rng({seed})"]
    if not isinstance(rng.bit_generator, np.random.PCG64):
        return None
    return [f"{name} = np.random.default_rng()", f"{name}.bit_generator.state = {state}"]


def _torch_generator(name: str, generator) -> list[str] | None:
    """The same for torch, whose state is too long to paste: only a generator that has not drawn yet."""
    fresh = type(generator)().manual_seed(generator.initial_seed())
    if not bool((fresh.get_state() == generator.get_state()).all()):
        return None
    return [f"{name} = torch.Generator().manual_seed({generator.initial_seed()})"]


def _write(value, track: str) -> str | None:
    if isinstance(value, np.ndarray):
        return _array(value, track)
    if isinstance(value, dict):
        parts = {key: _write(item, track) for key, item in value.items()}
        if None in parts.values():
            return None
        return "{" + ", ".join(f"{key!r}: {part}" for key, part in parts.items()) + "}"
    if type(value) in (list, tuple):
        items = [_write(item, track) for item in value]
        if None in items:
            return None
        inner = ", ".join(map(str, items))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(items) == 1 else ''})"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if isinstance(value, np.generic):
        return _write(value.item(), track)
    if value is None or type(value) in (bool, int, float, str):
        return repr(value)
    return None


def _array(value: np.ndarray, track: str) -> str | None:
    if value.dtype.kind not in "fiub":
        return None
    text = repr(value.tolist()).replace("inf", "np.inf").replace("nan", "np.nan")
    array = f"np.array({text}, dtype=np.{value.dtype})" if value.dtype != float else f"np.array({text})"
    if not value.size:  # an empty list does not remember its shape
        array += f".reshape({value.shape})"
    return array if track == "numpy" else f"torch.from_numpy({array})"
