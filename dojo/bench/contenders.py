"""Who is timed: the learner's file, both references and the built-ins, each as one call without arguments."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from dojo.bench.arguments import Draw
from dojo.bench.devices import torch_or_reason
from dojo.checking.reference import reference
from dojo.checking.signatures import private, signature
from dojo.checking.tracks import leaves
from dojo.loading import load_path
from dojo.workloads import Workload


@dataclass(frozen=True)
class Contender:
    """Something that does the work. `call()` does it once; `answers` makes comparable arrays of what it returned.

    `track` is numpy, torch or sklearn; `kind` is reference, built-in, compiled or learner.
    """

    name: str
    kind: str
    track: str
    device: str
    call: Callable[[], Any]
    answers: Callable[[Any], dict[str, np.ndarray]]
    seconds_before: float = 0.0  # what it took to get ready once, such as compiling


@dataclass(frozen=True)
class Task:
    """What all contenders are given: the workload's numbers, the same for each of them."""

    kata: str
    work: Workload
    arguments: dict[str, Any]  # by name, numpy arrays and literals
    upstream: list[np.ndarray]  # gradients that come back into the outputs; none where there is no backward
    differentiable: tuple[str, ...]
    random: bool  # whether the function draws, so that only its distribution can be compared
    hidden: tuple[int, ...]  # outputs that are a function's own business, such as the state of an optimizer
    extra: dict[str, Any] = field(default_factory=dict)  # arguments of the update alone, such as lr
    start: dict[str, np.ndarray] = field(
        default_factory=dict
    )  # a model's parameters before a plain step, without a state


def task(kata: str, work: Workload, seed: int = 0) -> Task:
    """The numbers of a workload, and whether its reference has a backward pass to time."""
    module = reference(kata).module
    function = getattr(module, work.function)
    found, draw = signature(function), Draw(work, seed)
    arguments = draw.arguments(function, getattr(module, "init", None))
    own = {name: value for name, value in arguments.items() if name in found.parameters}
    extra = {name: value for name, value in work.arguments.items() if name not in own}
    random = any(name in own for name in ("rng", "generator"))
    hidden = tuple(place for place, annotation in enumerate(found.returns) if private(annotation))
    upstream: list[np.ndarray] = []
    wanted: tuple[str, ...] = ()
    count = _upstream_count(module, work)
    if count:
        results = as_tuple(function(*own.values()))
        upstream = draw.upstream(results[:count])
        dicts = {
            name for name, value in own.items() if isinstance(value, dict) and not private(found.annotations[name])
        }
        wanted = tuple(name for name in own if name in found.differentiable or name in dicts)
    return Task(kata, work, own, upstream, wanted, random, hidden, extra, _start(work, own))


def numpy_contender(name: str, kind: str, module: ModuleType, what: Task) -> Contender:
    """The functions of a numpy module: the file under test, or the reference."""
    function, given = getattr(module, what.work.function), list(what.arguments.values())
    given = [
        np.random.default_rng(0) if one in ("rng", "generator") else value
        for one, value in zip(what.arguments, given, strict=True)
    ]
    given = _with_state(function, what, given)
    if what.work.is_model:
        call = partial(_step, function, _update(module, what, "numpy"), what, given)
    elif what.upstream:
        backward = getattr(module, f"{what.work.function}_backward")
        upstream = [dout if dout.ndim else dout[()] for dout in what.upstream]
        call = partial(_by_hand, function, backward, upstream, given)
    else:
        call = partial(_forward, function, given)
    return Contender(name, kind, "numpy", "cpu", call, partial(answers, hidden=what.hidden))


def torch_contender(
    name: str, kind: str, function: Callable, what: Task, device: str, update: Callable | None = None
) -> Contender:
    """A function of tensors, differentiated by autograd where the reference has a backward pass."""
    torch: Any = torch_or_reason()[0]
    tensors = tensor_arguments(what, device)
    given = _with_state(function, what, list(tensors.values()))
    if what.work.is_model:
        assert update is not None
        call = partial(_step, function, update, what, given)
    elif what.upstream:
        wanted = [tensors[one] for one in what.differentiable]
        flat: list = []
        leaves(wanted, lambda tensor: flat.append(tensor.requires_grad_()))
        upstream = [torch.as_tensor(dout, device=device) for dout in what.upstream]
        call = partial(by_autograd, torch.autograd.grad, function, upstream, flat, given)
        return Contender(name, kind, "torch", device, call, partial(_as_given, wanted))
    else:
        call = partial(_forward, function, given)
    return Contender(name, kind, "torch", device, call, partial(answers, hidden=what.hidden))


def tensor_arguments(what: Task, device: str) -> dict[str, Any]:
    """The arguments as fresh tensors on a device, by name; integers as int64, a generator that stands at its beginning."""
    torch: Any = torch_or_reason()[0]

    def native(value):
        if not isinstance(value, np.ndarray):
            return value
        tensor = torch.from_numpy(np.array(value)).to(device)
        return tensor.long() if value.dtype.kind in "iu" else tensor

    found = {name: leaves(value, native) for name, value in what.arguments.items()}
    for name in found:
        if name in ("rng", "generator"):
            found[name] = torch.Generator(device).manual_seed(0)
    return found


def torch_update(module: ModuleType, what: Task) -> Callable | None:
    """The step that follows the gradients, on the torch track; None for a kata that is no model."""
    return _update(module, what, "torch") if what.work.is_model else None


def answers(result: Any, hidden: tuple[int, ...] = ()) -> dict[str, np.ndarray]:
    """Every array in a result by where it stands, such as "1[W2]"; the outputs at `hidden` places are left out."""
    if hidden:
        result = [None if place in hidden else item for place, item in enumerate(result)]
    return dict(_flat(result, ""))


def as_tuple(result: Any) -> tuple:
    """The results of a function that may have one."""
    return result if isinstance(result, tuple) else (result,)


def by_autograd(grad: Callable, function: Callable, upstream: list, wanted: list, given: list) -> tuple:
    """The results of a function, and the gradients of the wanted tensors."""
    results = as_tuple(function(*given))
    return results, grad(results[: len(upstream)], wanted, upstream)


def _as_given(wanted: list, found: tuple) -> dict[str, np.ndarray]:
    """The answers of `by_autograd`, with the gradients in dicts where their arguments are."""
    results, gradients = found
    each = iter(gradients)
    return answers((*results, *leaves(wanted, lambda tensor: next(each))))


def _forward(function: Callable, given: list):
    result = function(*given)
    return list(result) if inspect.isgenerator(result) else result


def _by_hand(function: Callable, backward: Callable, upstream: list, given: list) -> tuple:
    return (*as_tuple(function(*given)), *as_tuple(backward(*upstream, *given)))


def _step(function: Callable, update: Callable, what: Task, given: list) -> tuple:
    """Loss and gradients, and the parameters after a step."""
    loss, grads, *_ = function(*given)
    return loss, grads, update(given[list(what.arguments).index("params")], grads)


def _update(module: ModuleType, what: Task, track: str) -> Callable:
    """The update of a model: the module's own where it imports one, else the reference's; a state is kept between calls."""
    home, _, name = what.work.update.partition(".")
    step = getattr(module, name, None) or getattr(reference(home, track).module, name)
    found = signature(getattr(reference(home).module, name))
    extra = {one: value for one, value in what.extra.items() if one in found.parameters}
    if "state" not in found.parameters:
        return lambda params, grads: step(params, grads, **extra)
    state: list = [{}]

    def with_state(params, grads):
        params, state[0] = step(params, grads, state[0], **extra)
        return params

    return with_state


def _start(work: Workload, own: dict[str, Any]) -> dict[str, np.ndarray]:
    """The parameters before the step of a model, where that is proportional to the gradient."""
    if not work.is_model:
        return {}
    home, _, name = work.update.partition(".")
    adaptive = "state" in inspect.signature(getattr(reference(home).module, name)).parameters
    return {} if adaptive else own["params"]


def _with_state(function: Callable, what: Task, given: list) -> list:
    """The arguments, with the state that a first call leaves where a function keeps one: first steps are not typical."""
    found = signature(getattr(reference(what.kata).module, what.work.function))
    places = [n for n, name in enumerate(what.arguments) if private(found.annotations.get(name))]
    if places:
        (place,) = places
        given[place] = function(*given)[-1]
    return given


def _upstream_count(module: ModuleType, work: Workload) -> int:
    """How many gradients the reference's backward wants before the arguments of its forward; 0 without such a backward."""
    backward = getattr(module, f"{work.function}_backward", None)
    if backward is None or work.is_model:
        return 0
    forward, back = inspect.signature(getattr(module, work.function)).parameters, inspect.signature(backward).parameters
    fits = list(back)[len(back) - len(forward) :] == list(forward)
    return len(back) - len(forward) if fits else 0


def _flat(value: Any, place: str) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{place}[{key}]")
    elif isinstance(value, list | tuple):
        for n, item in enumerate(value):
            yield from _flat(item, f"{place}[{n}]" if place else str(n))
    elif hasattr(value, "detach"):
        yield place or "0", value.detach().cpu().numpy()
    elif isinstance(value, np.ndarray | np.generic | int | float):
        yield place or "0", np.asarray(value)


def load_learner(path, track: str) -> ModuleType:
    """The learner's file as a module; whatever it raises goes through."""
    return load_path(path, f"bench.{track}.{path.stem}")
