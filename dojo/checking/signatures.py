"""What a reference's annotations say about its functions: axis names, which arguments are differentiable, what comes back."""

import ast
import inspect
import re
import typing
from dataclasses import dataclass
from types import FunctionType, ModuleType

SIZE = re.compile(r"^(\d*)\*?([A-Za-z_]\w*)$")  # N, 4H


@dataclass(frozen=True)
class Array:
    """An array annotation: axis names (`...` for any number of axes) and the kind of its elements."""

    axes: tuple[str, ...]
    kind: str  # "float", "int", "bool" or "any"

    @property
    def scalar(self) -> bool:
        return not self.axes

    def bind(self, shape: tuple[int, ...], sizes: dict[str, int]) -> list[str]:
        """A label for each axis of `shape`, such as `N=4`; unknown names are added to `sizes`.

        When the number of axes is not what the annotation says, the labels are the bare sizes.
        """
        axes = list(self.axes)
        if "..." in axes:
            spare = len(shape) - (len(axes) - 1)
            at = axes.index("...")
            axes[at : at + 1] = [""] * max(spare, 0)
        if len(axes) != len(shape):
            return [str(size) for size in shape]
        for axis, size in zip(axes, shape, strict=True):
            match = SIZE.match(axis)
            if match and match[2] not in sizes and size % int(match[1] or 1) == 0:
                sizes[match[2]] = size // int(match[1] or 1)
        return [
            f"{axis}={size}" if axis and not axis.isdigit() else str(size)
            for axis, size in zip(axes, shape, strict=True)
        ]

    def fits(self, shape: tuple[int, ...], sizes: dict[str, int]) -> bool:
        """Whether `shape` agrees with the axis names and the sizes already bound."""
        axes = list(self.axes)
        if "..." in axes:
            at = axes.index("...")
            axes[at : at + 1] = [""] * max(len(shape) - len(axes) + 1, 0)
        if len(axes) != len(shape):
            return False
        for axis, size in zip(axes, shape, strict=True):
            match = SIZE.match(axis)
            if axis.isdigit() and int(axis) != size:
                return False
            if match and match[2] in sizes and sizes[match[2]] * int(match[1] or 1) != size:
                return False
        return True


@dataclass(frozen=True)
class Signature:
    """A function of a kata: its parameters in order with their annotations, and the outputs with their names."""

    name: str
    parameters: tuple[str, ...]
    required: int
    annotations: dict[str, typing.Any]
    outputs: tuple[str, ...]  # ("out",) for a lone output
    returns: tuple[typing.Any, ...]  # one annotation for each output

    def array(self, parameter: str) -> Array | None:
        return as_array(self.annotations.get(parameter))

    @property
    def differentiable(self) -> tuple[str, ...]:
        """The arguments that get a gradient: floating-point arrays."""
        specs = {name: self.array(name) for name in self.parameters}
        return tuple(name for name, spec in specs.items() if spec is not None and spec.kind == "float")

    def text(self) -> str:
        """`affine(x, W, b)`."""
        return f"{self.name}({', '.join(self.parameters)})"


def as_array(annotation: typing.Any) -> Array | None:
    """The Array that a jaxtyping annotation stands for, or None for anything else (`X | None` counts as X)."""
    if typing.get_origin(annotation) is not None:
        found = [as_array(part) for part in typing.get_args(annotation)]
        options = [spec for spec in found if spec is not None]
        unions = type(annotation).__name__ in ("UnionType", "Union", "_UnionGenericAlias")
        return options[0] if unions and options else None
    if not hasattr(annotation, "dim_str"):
        return None
    kinds = {str(dtype).rstrip("0123456789") for dtype in annotation.dtypes}
    if any("float" in kind for kind in kinds) and not any("int" in kind for kind in kinds):
        kind = "float"
    elif kinds and kinds <= {"bool", "bool_"}:
        kind = "bool"
    elif any("int" in kind for kind in kinds) and not any("float" in kind for kind in kinds):
        kind = "int"
    else:
        kind = "any"
    return Array(tuple(annotation.dim_str.split()), kind)


def private(annotation: typing.Any) -> bool:
    """Whether an annotation is `dict[str, Any]`: a dict whose contents are the business of the function that made it."""
    return typing.get_origin(annotation) is dict and typing.get_args(annotation)[1:] == (typing.Any,)


def signature(function: FunctionType, returned: dict[str, tuple[str, ...]] | None = None) -> Signature:
    """The Signature of a reference function; `returned` is `returned_names` of its module."""
    parameters = inspect.signature(function).parameters
    annotations = {name: p.annotation for name, p in parameters.items() if p.annotation is not p.empty}
    result = inspect.signature(function).return_annotation
    name = function.__name__
    if typing.get_origin(result) is tuple and Ellipsis not in typing.get_args(result):
        returns = typing.get_args(result)
    else:
        returns = (None if result is inspect.Signature.empty else result,)
    outputs = (returned or {}).get(name, ())
    if len(outputs) != len(returns):
        outputs = ("out",) if len(returns) == 1 else tuple(f"output {i}" for i in range(len(returns)))
    return Signature(
        name=name,
        parameters=tuple(parameters),
        required=sum(p.default is p.empty for p in parameters.values()),
        annotations=annotations,
        outputs=outputs,
        returns=tuple(returns),
    )


def signatures(module: ModuleType, source: str) -> dict[str, Signature]:
    """Signatures of every public function that `source` defines, in the order of the file, gradients named after arguments."""
    returned = returned_names(source)
    own = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"]
    found = {name: signature(getattr(module, name), returned) for name in own}
    for name, found_signature in found.items():
        forward = found.get(name.removesuffix("_backward"))
        if name.endswith("_backward") and forward is not None:
            names = tuple(f"d{argument}" for argument in forward.differentiable)
            if len(names) == len(found_signature.returns):
                found[name] = Signature(**{**vars(found_signature), "outputs": names})
    return found


def returned_names(source: str) -> dict[str, tuple[str, ...]]:
    """For each function whose last statement is `return a, b`, the names it returns."""
    names = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and isinstance(node.body[-1], ast.Return):
            value = node.body[-1].value
            if isinstance(value, ast.Tuple) and all(isinstance(item, ast.Name) for item in value.elts):
                names[node.name] = tuple(item.id for item in value.elts if isinstance(item, ast.Name))
    return names
