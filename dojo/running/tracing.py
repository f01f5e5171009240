"""`trace`: one call of a learner's function watched line by line, beside the same call of the reference."""

import contextlib
import warnings

import numpy as np

from dojo.checking.calls import Call, copy_values, labels
from dojo.checking.compare import describe, same
from dojo.checking.signatures import Signature, as_array
from dojo.checking.tracks import leaves
from dojo.diagnosis.crash import bound_sizes, explain_crash
from dojo.diagnosis.evidence import Evidence, named_outputs
from dojo.diagnosis.findings import CONTROL
from dojo.diagnosis.pairing import APART, Pair, pair, parting, with_cut, without_repeats
from dojo.diagnosis.recording import Recorder, Seen

MOST_ROWS = 300
DIGITS = 6


def trace(loaded, results: list, findings: list[dict], wanted: str = "") -> dict:
    """What `grader.py trace` shows: `function`, `test`, `why`, `rows`, `end`, `others`; or a `problem` in words.

    `findings` are those of the verdict on the same run; without a function `wanted`, the first of them says which.
    """
    tests = {found["function"]: found["test"] for found in reversed(findings)}
    every = {name: chosen(loaded, results, name, tests.get(name, "")) for name in loaded.functions}
    calls = {name: found for name, found in every.items() if found is not None}
    function = wanted or _of_interest(loaded, findings, calls)
    if function in loaded.unfinished:
        return {"function": function, "problem": f"{function} is not written yet"}
    if function not in vars(loaded.module):
        return {"function": function, "problem": f"the file has no function {function}"}
    if function not in calls:
        return {"function": function, "problem": f"no test calls {function} with arguments that could be kept"}
    call, test, why = calls[function]
    others = [name for name in calls if name != function and name not in loaded.unfinished]
    return {"function": function, "test": test, "why": why, "others": others} | Comparison(loaded, call).told(
        why == "first"
    )


def chosen(loaded, results: list, function: str, test: str = "") -> tuple[Call, str, str] | None:
    """The call of `function` worth looking at, its test, and why: `fails` or `first`. None when no test made one.

    Of several that fail, the first in `test`, which the verdict speaks of.
    """
    law = function if loaded.subject.track == "numpy" else f"{function}_backward"
    failing = [(call, result.test) for result in results for call in result.calls if _blamed(result, call, function)]
    failing += _wrong(loaded, results, function) + (_wrong(loaded, results, law) if law != function else [])
    failing.sort(key=lambda pair: pair[1] != test)
    calls = [(call, result.test) for result in results for call in result.calls if call.function == function]
    ran = [pair for pair in calls if pair[0].error is None and pair[0].refused is None]
    for why, found in (("fails", failing), ("first", ran + calls)):
        for call, name in found:
            if call.args:
                return call, name, why
    return None


def _blamed(result, call: Call, function: str) -> bool:
    """Whether a failed test ended on this call of `function`, or speaks of `function` and made this call of it last."""
    if result.outcome in ("passed", "skipped", "locked", "not-started") or call.function != function:
        return False
    error = result.error
    if call.refused is error or (call.error is not None and call.error in (error, getattr(error, "error", None))):
        return True
    last = [one for one in result.calls if one.function == function][-1]
    return call is last and getattr(error, "function", None) == function


def _wrong(loaded, results: list, law: str) -> list[tuple[Call, str]]:
    """Calls with a wrong answer, in tests that failed."""
    failed = [result for result in results if result.outcome not in ("passed", "skipped")]
    if law not in loaded.reference.laws or not failed:
        return []
    return [(answer.call, answer.test) for answer in Evidence(loaded, law, failed).answers if answer.wrong]


def _of_interest(loaded, findings: list[dict], calls: dict) -> str:
    """The function of the first finding that can be traced; else the last in the file, which the others lead up to."""
    blamed = [found["function"] for found in findings if found["function"] in calls]
    written = [name for name in loaded.functions if name in calls and name not in loaded.unfinished]
    return next(iter([*blamed, *reversed(written), *reversed(loaded.functions)]), "")


class Comparison:
    """One call, made again under watch by the learner's code and by the reference of the same track."""

    def __init__(self, loaded, call: Call):
        self.loaded, self.call = loaded, call
        self.law: Signature = loaded.reference.laws[call.law]
        self.sizes = bound_sizes(self.law, call.args)

    def told(self, passed: bool) -> dict:
        """The rows and the end of the call; `passed` says that no test found fault with it."""
        own = self.loaded.own_reference()
        seen, made, recorder = self._watch(self.loaded.module, str(self.loaded.subject.path), self.loaded.source)
        source = _source(own.__file__)
        known = self._watch(own, str(own.__file__), source)[0] if self.call.function in vars(own) else []
        end = self._end(made, passed)
        seen, pairs = without_repeats(seen, pair(seen, known))
        if not end["right"] and self.call.gradient:
            pairs = with_cut(seen, pairs)
        at = parting(pairs) if not end["right"] else None
        if end["right"]:  # a name may stand for something else in another style
            pairs = [found if found is not None and found.relation not in APART else None for found in pairs]
        lines = self.loaded.source.splitlines()
        rows = [self._row(one, found, lines) for one, found in zip(seen, pairs, strict=True)]
        if at is not None:
            rows[at]["parts"] = True
        kept, more = rows[:MOST_ROWS], max(len(rows) - MOST_ROWS, 0)
        return {"rows": kept, "more": more, "stopped": recorder.stopped, "end": end}

    def _watch(self, module, file: str, source: str) -> tuple[list[Seen], Call, Recorder]:
        """The values of one run, and the record of its call."""
        caller, recorder, call = self.loaded.caller(module, quiet=True), Recorder(file, source), self.call
        kwargs = {key: value for key, value in call.kwargs.items() if not key.startswith("__")}
        args = [*copy_values(call.args)]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            with contextlib.suppress(Exception):
                if call.carried is not None:  # a state that only the function itself understands
                    args[call.carried.position] = (caller.again(call.carried.call) or {})[call.carried.tensor]
                with recorder:
                    caller.call(call.function, tuple(args), copy_values(kwargs), gradient=call.gradient)
        seen = recorder.rows()
        outer = seen[0].function if seen else ""
        kept = [
            one
            for one in seen
            if one.function == outer or one.kind == "value" or (one.shape and one.kind != "argument")
        ]
        return kept, caller.calls[-1], recorder

    def _refusal(self, call: Call) -> str:
        """The exception with which the reference answers a call; empty when it answers in another way."""
        if _random(call) or call.gradient or call.carried is not None:
            return ""
        try:
            self.loaded.reference.function(call.law)(*copy_values(call.args))
        except Exception as error:
            return _clean(_first_line(error))
        return ""

    def _row(self, seen: Seen, found: Pair | None, lines: list[str]) -> dict:
        code = lines[seen.line - 1].strip() if 0 < seen.line <= len(lines) else ""
        row = {"function": seen.function, "line": seen.line, "code": _clean(code), "kind": seen.kind}
        row["name"] = _clean(seen.name)
        row |= {"time": seen.time, "times": seen.times, "dtype": seen.dtype}
        if seen.shape is not None:
            row |= {"shape": list(seen.shape), "axes": self._axes(seen)}
        row |= values(seen.value)
        if seen.requires_grad is not None:
            row |= {"requires_grad": seen.requires_grad, "grad_fn": seen.grad_fn or None}
        if found is not None:
            row["reference"] = {key: item for key, item in vars(found).items() if item not in (None, "")}
            if found.difference is not None and not np.isfinite(found.difference):
                row["reference"]["difference"] = str(found.difference)
        return row

    def _axes(self, seen: Seen) -> str:
        """`(N=4, D=3)`, from the annotation of what has this name, else from sizes that only one axis has."""
        shape, base = seen.shape or (), seen.name.removesuffix(".T")
        turned = base != seen.name
        for law in (self.loaded.reference.laws.get(seen.function, self.law), self.law):
            outputs = dict(zip(law.outputs, map(as_array, law.returns), strict=False))
            specs = [law.array(base), outputs.get(base), law.array(base[1:]) if base.startswith("d") else None]
            for spec in specs:
                if spec is not None and spec.fits(shape[::-1] if turned else shape, self.sizes) and not spec.scalar:
                    parts = spec.bind(shape[::-1] if turned else shape, dict(self.sizes))
                    return _joined(parts[::-1] if turned else parts)
        names: dict[int, list[str]] = {}
        for axis, size in self.sizes.items():
            names.setdefault(size, []).append(axis)
        return _joined(
            [f"{names[size][0]}={size}" if size > 1 and len(names.get(size, [])) == 1 else str(size) for size in shape]
        )

    def _end(self, made: Call, passed: bool) -> dict:
        """How the call ended: `right`, the facts in sentences, and the line of an error."""
        if isinstance(made.error, NotImplementedError):
            return {"right": False, "says": ["it is not written to its end yet"], "printed": made.printed}
        if made.error is not None:
            files = {str(self.loaded.subject.path)}
            facts, line, _ = explain_crash(made.error, made.traceback, files, self.law, self.call.args)
            return {"right": False, "raised": True, "line": line, "says": [_clean(facts)], "printed": made.printed}
        if made.refused is not None:
            return {"right": False, "says": [_clean(made.refused.facts)], "printed": made.printed}
        expected = None if _random(made) else named_outputs(self.law, self.loaded.reference.function(made.law), made)
        if expected is None and (refusal := self._refusal(made)):
            return {"right": False, "says": [f"the reference refuses this input: {refusal}"], "printed": made.printed}
        says, right = [], True
        evidence = Evidence(self.loaded, made.law, [])
        for tensor, got in made.outputs.items():
            if expected is None or tensor not in expected:
                continue
            good = evidence.same(got, expected[tensor], made) or (
                passed and _same(got, expected[tensor], evidence.rtol(made))
            )
            right &= good
            if not good and isinstance(expected[tensor], np.ndarray | np.generic | float | int):
                axes = labels(self.law, made, tensor, np.shape(expected[tensor]))
                says.append(f"{tensor or 'the result'} {describe(got, expected[tensor], axes, evidence.rtol(made))}")
            elif made.gradient or len(made.outputs) > 1:
                says.append(f"{tensor or 'the result'} is right" if good else f"{tensor or 'the result'} is wrong")
        return {"right": right, "compared": expected is not None, "says": says, "printed": made.printed}


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def values(value) -> dict:
    """`min`, `max`, `mean`, `nan`, `inf` of an array; `value` of anything else. Everything fits into JSON."""
    if value is None:
        return {}
    if not isinstance(value, np.ndarray):
        plain = isinstance(value, bool | int) or (isinstance(value, float) and np.isfinite(value))
        return {"value": value if plain else _clean(str(value))}
    if value.size == 0:
        return {"empty": True}
    if value.dtype.kind == "b":
        return {"true": int(value.sum()), "of": value.size}
    found: dict = {}
    finite = value[np.isfinite(value)] if value.dtype.kind == "f" else value
    if finite.size:
        found = {"min": _number(finite.min()), "max": _number(finite.max()), "mean": _number(finite.mean(dtype=float))}
    if value.dtype.kind == "f" and finite.size < value.size:
        found |= {"nan": int(np.isnan(value).sum()), "inf": int(np.isinf(value).sum())}
    return found


def _number(value) -> float | int:
    plain = value.item()
    return plain if isinstance(plain, int) else float(f"{plain:.{DIGITS}g}")


def _same(got, expected, rtol: float) -> bool:
    """By the tolerance of the tests, which is wider than the diagnosis' own for numbers near 0."""
    try:
        return same(got, expected, rtol)
    except (TypeError, ValueError):
        return False


def _random(call: Call) -> bool:
    """Whether the answer may differ from the reference's by right, because it draws random numbers."""
    found: list[str] = []
    leaves(call.args, lambda item: found.append(type(item).__name__))
    return "Generator" in found


def _joined(parts: list[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _clean(text: str) -> str:
    return CONTROL.sub("�", text.encode("utf-8", "replace").decode("utf-8"))


def _source(file) -> str:
    with open(file, encoding="utf-8") as stream:
        return stream.read()
