"""What is timed of a kata: its workload in `katas/curriculum.toml`, read into a frozen dataclass and validated.

The reference's annotations say how many axes an argument has and what they are called; a workload says how long they are.
"""

import ast
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

BATCHES = (1, 64, 1024)  # of a model's training step, where the entry says no others
DTYPES = ("float32", "float64")
AXES = re.compile(r"[A-Za-z_]\w*|\.\.\.")
KEYS = {
    "function": str,
    "sizes": dict,
    "items": str,
    "unit": str,
    "arguments": dict,
    "below": dict,
    "simplex": list,
    "shapes": dict,
    "init": dict,
    "flops": str,
    "batch": str,
    "batches": list,
    "update": str,
    "dtype": str,
    "compile": bool,
}
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv}

Want = Callable[[bool, str, str], None]  # (condition, what is wrong, mend)


@dataclass(frozen=True)
class Workload:
    """How one kata is timed, forward and backward.

    `function` of the kata is called on arrays whose axes have the `sizes` of their letters (`...`: a list of them) and on
    the literal `arguments`; a number fills an array. Integers lie between 0 and `below`, a number or a letter; each row of an argument in `simplex`
    is a distribution. `shapes` says the axes of arguments whose annotation does not: "D M", a list or a table of such; `init` has the
    arguments with which the kata's own `init` makes `params` instead.
    `items` is what counts: letters whose product is taken, or the name of an argument whose numbers count; `unit` is what
    one of them is called. `flops` is arithmetic over letters, and `rest` for `...`, forward and backward together, matrix products only.
    `batch` is the letter that grows in a sweep; `batches` are its usual sizes. With `update`, such as "sgd.sgd_step", the
    function returns loss and gradients, and the step that follows is timed with it. `compile`: also under torch.compile.
    """

    function: str
    sizes: dict[str, int | tuple[int, ...]]
    items: str
    unit: str
    arguments: dict[str, Any] = field(default_factory=dict)
    below: dict[str, int | str] = field(default_factory=dict)
    simplex: tuple[str, ...] = ()
    shapes: dict[str, Any] = field(default_factory=dict)
    init: dict[str, Any] = field(default_factory=dict)
    flops: str = ""
    batch: str = ""
    batches: tuple[int, ...] = ()
    update: str = ""
    dtype: str = "float32"
    compile: bool = False

    @property
    def is_model(self) -> bool:
        """Whether a whole training step is timed."""
        return bool(self.update)

    def at(self, batch: int | None) -> "Workload":
        """The same with another size of its batch axis; None leaves it as it is."""
        if batch is None:
            return self
        return Workload(**{**vars(self), "sizes": {**self.sizes, self.batch: batch}})

    def count(self) -> int | None:
        """How many floating-point operations a call makes, by `flops`; None where it does not say."""
        dots = self.sizes.get("...", ())
        rest = math.prod(dots if isinstance(dots, tuple) else (dots,))
        return arithmetic(self.flops, {**self.sizes, "rest": rest}) if self.flops else None


def arithmetic(text: str, sizes: dict) -> int:
    """The value of `text`, sums and products of whole numbers and of letters with `sizes`. ValueError for anything else."""
    try:
        return _value(ast.parse(text, mode="eval").body, sizes)
    except SyntaxError:
        raise ValueError(f"{text!r} is not arithmetic") from None


def _value(node: ast.AST, sizes: dict) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.Name):
        if not isinstance(sizes.get(node.id), int):
            raise ValueError(f"{node.id} has no size")
        return sizes[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](_value(node.left, sizes), _value(node.right, sizes))
    raise ValueError(f"{ast.unparse(node)} is more than sums and products of letters and whole numbers")


def workload(entry: dict, want: Want, nearest: Callable[[str, list[str]], str]) -> Workload:
    """The table `[kata.workload]` of the map; `want` raises what is wrong with it, with the mend."""
    for key, value in entry.items():
        if key not in KEYS:
            want(
                False, f"workload has the unknown key {key!r}", nearest(key, list(KEYS)) or f"known: {', '.join(KEYS)}"
            )
        good = isinstance(value, KEYS[key]) and (KEYS[key] is bool or not isinstance(value, bool))
        want(good, f"workload {key} is {value!r}", "give it the type that it has in the other katas")
    for key in ("function", "sizes", "items", "unit"):
        want(bool(entry.get(key)), f"workload has no {key}", f"add `{key} = …`")
    function, unit = entry["function"], entry["unit"]
    want(function.isidentifier(), f"workload function is {function!r}", "name one function of the kata")
    want(bool(re.fullmatch(r"[a-z]+", unit)), f"workload unit is {unit!r}", 'use one small word, such as "examples"')
    sizes = _sizes(entry["sizes"], want)
    made = Workload(**{**entry, "sizes": sizes, **_tuples(entry, want)})
    _letters(made, want)
    return made


def _sizes(table: dict, want: Want) -> dict:
    """The sizes of the axes; a list for `...`."""
    found = {}
    for letter, size in table.items():
        several = size if isinstance(size, list) else [size]
        good = all(type(one) is int and one > 0 for one in several) and isinstance(size, list) == (letter == "...")
        mend = "give a letter a whole number above 0, and `...` a list of them"
        want(bool(AXES.fullmatch(letter)) and good and bool(several), f"workload sizes has {letter} = {size!r}", mend)
        found[letter] = tuple(size) if isinstance(size, list) else size
    return found


def _tuples(entry: dict, want: Want) -> dict:
    """The lists of an entry, checked, as tuples; a model gets its usual batches."""
    batches, simplex = entry.get("batches", []), entry.get("simplex", [])
    for size in batches:
        want(type(size) is int and size > 0, f"workload batches holds {size!r}", "list whole numbers above 0")
    for name in simplex:
        want(isinstance(name, str), f"workload simplex holds {name!r}", "list names of arguments")
    usual = BATCHES if entry.get("update") else ()
    return {"batches": tuple(batches) or usual, "simplex": tuple(simplex)}


def _letters(made: Workload, want: Want) -> None:
    """Every letter that is used has a size, and the parts fit each other."""
    letters = set(made.sizes)
    items = made.items.split()
    by_letters = set(items) <= letters
    mend = "use letters of sizes, or the name of one argument"
    want(
        by_letters or (len(items) == 1 and items[0].isidentifier() and len(items[0]) > 1),
        f"workload items is {made.items!r}",
        mend,
    )
    for name, most in made.below.items():
        good = (type(most) is int and most > 0) or most in letters
        want(good, f"workload below has {name} = {most!r}", "give a number above 0 or a letter of sizes")
    needs = bool(made.batches) or bool(made.batch)
    want(
        not needs or made.batch in letters - {"..."},
        f"workload batch is {made.batch!r}",
        "name the letter of sizes that grows",
    )
    want(made.dtype in DTYPES, f"workload dtype is {made.dtype!r}", f"use {' or '.join(DTYPES)}")
    good = (
        not made.update or all(part.isidentifier() for part in made.update.split(".")) and made.update.count(".") == 1
    )
    want(good, f"workload update is {made.update!r}", 'name a kata and its step, such as "sgd.sgd_step"')
    try:
        made.count()
    except ValueError as error:
        want(False, f"workload flops: {error}", "use letters of sizes, whole numbers, +, -, * and //")
