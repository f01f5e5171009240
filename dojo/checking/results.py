"""What came back from a call: is it of the promised kind, and were the arguments and dtypes left alone (law 4)."""

import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import numpy as np

from dojo.checking.calls import Call, arrays_in
from dojo.checking.compare import Refused
from dojo.checking.signatures import Array, Signature, as_array, private
from dojo.checking.tracks import WrongType, leaves, spell


class Results:
    """Reads the results of calls that answer to the reference's signatures, in the terms of one track."""

    def __init__(self, adapter, laws: dict[str, Signature]):
        self._adapter, self._laws = adapter, laws

    def read(self, call: Call, result, is_iterator: bool):
        """The result in numpy terms, its parts entered into the record under their tensor names."""
        law = self._laws[call.law]
        if len(law.returns) == 1:
            name = None if law.outputs == ("out",) else law.outputs[0]
            return self._value(call, name, law.returns[0], result, is_iterator)
        names = ", ".join(law.outputs)
        if not isinstance(result, tuple | list) or len(result) != len(law.returns):
            count = f"{len(result)} values" if isinstance(result, tuple | list) else spell(result)
            raise Refused(
                f"returns {count}; {len(law.returns)} were expected: ({names})", call.function, None, "wrong-type"
            )
        parts = zip(law.outputs, law.returns, result, strict=True)
        return tuple(self._value(call, name, annotation, part, False) for name, annotation, part in parts)

    def _value(self, call: Call, tensor: str | None, annotation, value, is_iterator: bool):
        spec = as_array(annotation)
        origin = get_origin(annotation) or annotation
        if value is None and type(None) in get_args(annotation):  # `Float[...] | None`: there is nothing to record
            return None
        if spec is not None or origin in (float, int):
            if is_iterator:
                facts = f"is an iterator; {self._adapter.array_name} was expected"
                raise Refused(facts, call.function, tensor, "wrong-type")
            plain = self._plain(call, tensor, value, spec)
            call.outputs[tensor] = plain
            return plain
        if origin is dict and not private(annotation):
            if not isinstance(value, dict):
                raise Refused(f"returns {spell(value)}; a dict was expected", call.function, tensor, "wrong-type")
            plain = {key: self._plain(call, f"{tensor or 'out'}[{key}]", item, None) for key, item in value.items()}
            for key, item in plain.items():
                call.outputs[f"{tensor or 'out'}[{key}]"] = item
            return plain
        if is_iterator or origin in (dict, list, tuple, str, bool):
            wanted = list if is_iterator else origin
            if not isinstance(value, wanted):
                raise Refused(
                    f"returns {spell(value)}; a {wanted.__name__} was expected", call.function, tensor, "wrong-type"
                )
        elif annotation is not None and inspect.isclass(origin) and issubclass(origin, Iterator):
            raise Refused(f"returns {spell(value)}; an iterator was expected", call.function, tensor, "wrong-type")
        strangers: list[str] = []
        leaves(value, lambda leaf: strangers.append(spell(leaf)) if self._adapter.foreign(leaf) else None)
        if strangers:
            holds = f"holds {strangers[0]}; {self._adapter.array_name} was expected"
            raise Refused(holds, call.function, tensor, "wrong-type")
        plain = self._adapter.loose(value)
        call.outputs[tensor] = plain
        return plain

    def _plain(self, call: Call, tensor: str | None, value, spec: Array | None) -> np.ndarray:
        try:
            return self._adapter.plain(value)
        except WrongType as error:
            wanted = "a number" if spec is not None and spec.scalar else self._adapter.array_name
            raise Refused(f"is {error}; {wanted} was expected", call.function, tensor, "wrong-type") from None

    def check_arguments(self, call: Call, native: tuple) -> None:
        """Law 4: a function never changes its arguments."""
        for name, before, after in zip(self._laws[call.law].parameters, call.args, native, strict=False):
            facts = self._change(name, before, after, marks=not call.gradient)
            if facts:
                raise Refused(facts, call.function, None, "mutates-input")

    def _change(self, label: str, before, after, marks: bool) -> str:
        """What a call changed in an argument, or in what that holds; empty when nothing."""
        inside: list[tuple[str, Any, Any]] = []
        if isinstance(before, dict):
            if not isinstance(after, dict) or set(before) ^ set(after):
                return f"changes the keys of its argument {label}"
            inside = [(f"{label}[{key}]", before[key], after[key]) for key in before]
        elif type(before) in (list, tuple):
            if type(after) is not type(before) or len(after) != len(before):
                return f"changes the length of its argument {label}"
            inside = [(f"{label}[{i}]", *pair) for i, pair in enumerate(zip(before, after, strict=True))]
        elif (marks and self._adapter.marked(after)) or not self._untouched(before, after):
            return f"changes its argument {label}; a function must leave what it is given as it was"
        found = (self._change(*one, marks=marks) for one in inside)
        return next((facts for facts in found if facts), "")

    def _untouched(self, before, after) -> bool:
        if isinstance(before, np.ndarray):
            try:
                return _equal(before, self._adapter.plain(after))
            except WrongType:
                return False
        plain = type(before) in (bool, int, float, str)
        return not plain or before is after or (type(after) is type(before) and before == after)

    def check_dtypes(self, call: Call) -> None:
        """Law 4: float32 stays float32 and float64 stays float64, for arrays that are not scalars."""
        law = self._laws[call.law]
        pairs = zip(law.parameters, call.args, strict=False)
        public = [value for name, value in pairs if not private(law.annotations.get(name))]
        dtypes = {item.dtype for item in arrays_in(public) if item.dtype.kind == "f"}
        specs = dict(zip(law.outputs if len(law.returns) > 1 else [None], map(as_array, law.returns), strict=False))
        for tensor, value in call.outputs.items():
            if not isinstance(value, np.ndarray) or value.ndim == 0 or len(dtypes) != 1:
                continue
            spec = specs.get(tensor)
            if spec is not None and spec.kind != "float" or (spec is None and value.dtype.kind != "f"):
                continue
            expected = next(iter(dtypes))
            if value.dtype != expected:
                raise Refused(f"is {value.dtype}; its arguments are {expected}", call.function, tensor, "dtype-drift")


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
