"""A failing call in a form that can be pasted into Python."""

import numpy as np

from dojo.checking.calls import Call
from dojo.checking.signatures import Signature
from dojo.loading import Subject

LONGEST = 1500  # characters; a longer call is not worth pasting


def snippet(subject: Subject, law: Signature, call: Call) -> str:
    """Imports, arguments and the call; empty when an argument cannot be written down or it would be too long."""
    names = law.parameters[: len(call.args)]
    written = [_write(value, subject.track) for value in call.args]
    if not names or None in written or len(names) != len(call.args):
        return ""
    library = "import numpy as np" if subject.track == "numpy" else "import numpy as np, torch"
    lines = [library, f"from katas.{subject.track}.{subject.kata} import {call.function}"]
    lines += [f"{name} = {text}" for name, text in zip(names, written, strict=True)]
    if subject.track == "numpy" or not call.gradient:
        lines.append(f"print({call.function}({', '.join(names)}))")
    else:
        lines.append(f"# then differentiate {call.function} with autograd")
    text = "\n".join(lines)
    return text if len(text) <= LONGEST else ""


def _write(value, track: str) -> str | None:
    if isinstance(value, np.ndarray):
        text = repr(value.tolist()).replace("inf", "np.inf").replace("nan", "np.nan")
        array = f"np.array({text}, dtype=np.{value.dtype})" if value.dtype != float else f"np.array({text})"
        return array if track == "numpy" else f"torch.from_numpy({array})"
    if isinstance(value, dict):
        parts = {key: _write(item, track) for key, item in value.items()}
        return (
            None if None in parts.values() else "{" + ", ".join(f"{key!r}: {part}" for key, part in parts.items()) + "}"
        )
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    return None
