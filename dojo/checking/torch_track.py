"""The torch adapter: tensors in, autograd for the derivative, numpy out."""

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from dojo.checking.compare import Refused
from dojo.checking.tracks import WrongType, leaves, spell


class TorchTrack:
    """Arguments go in as fresh tensors; results must be tensors; gradients come from autograd."""

    name = "torch"
    array_name = "torch.Tensor"

    def __init__(self):
        torch.set_num_threads(1)  # small tensors: threads cost more than they give, and they do not survive a fork

    def rng(self, seed: int) -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    def rng_state(self, rng: torch.Generator) -> np.ndarray:
        """Where a generator stands, as bytes."""
        return rng.get_state().numpy()

    def rng_at(self, state: np.ndarray) -> torch.Generator:
        """A generator that goes on from such a state."""
        rng = torch.Generator()
        rng.set_state(torch.from_numpy(np.array(state)))
        return rng

    def native(self, value):
        """A test's value with every numpy array as a new tensor (integers as int64)."""

        def convert(item):
            if not isinstance(item, np.ndarray):
                return item
            tensor = torch.from_numpy(np.array(item))
            return tensor.long() if item.dtype.kind in "iu" else tensor

        return leaves(value, convert)

    def plain(self, value):
        """One returned tensor or number as numpy; WrongType for anything else."""
        if isinstance(value, bool | int | float):
            return np.asarray(value)
        if not isinstance(value, torch.Tensor) or value.is_complex():
            raise WrongType(spell(value))
        return value.detach().cpu().numpy()

    def marked(self, value) -> bool:
        """Whether a call left its mark on an argument: it asked for a gradient, or holds one."""
        return isinstance(value, torch.Tensor) and (value.requires_grad or value.grad is not None)

    def foreign(self, value) -> bool:
        """Whether a value is an array of the other track."""
        return isinstance(value, np.ndarray)

    def loose(self, value):
        """Anything else a function returned or handed to a test's callback, with tensors as numpy."""
        return leaves(value, lambda item: item.detach().cpu().numpy() if isinstance(item, torch.Tensor) else item)

    def gradients(self, module: dict, function: str, outputs: int, args: tuple, differentiable: list[int]):
        """Run `function` on the arguments behind the first `outputs` upstream gradients, and differentiate it.

        Returns one gradient per differentiable argument, as the numpy track's `_backward` does.
        """
        douts, inputs = args[:outputs], list(args[outputs:])
        for position in differentiable:
            inputs[position] = leaves(inputs[position], lambda leaf: leaf.requires_grad_(True))
        results = module[function](*inputs)
        results = results if isinstance(results, tuple) else (results,)
        wanted = [inputs[position] for position in differentiable]
        flat: list[torch.Tensor] = []
        leaves(wanted, flat.append)
        for result in results[:outputs]:
            if not isinstance(result, torch.Tensor):
                raise WrongType(spell(result))
        for result, dout in zip(results, douts, strict=False):
            if tuple(result.shape) != np.shape(dout):
                raise Refused(f"has shape {tuple(result.shape)}; {np.shape(dout)} was expected", function)
        live = [(result, dout) for result, dout in zip(results, douts, strict=False) if result.requires_grad]
        if not live:
            raise Refused(
                f"autograd finds no way back from the result of {function} to its arguments: the graph is cut",
                function,
                None,
                "graph-broken",
            )
        # A scalar needs no grad_outputs, whose handling imports sympy at the first call: 0.4 s of a learner's time.
        loss = sum((result * torch.as_tensor(dout).to(result.dtype)).sum() for result, dout in live)
        found = torch.autograd.grad(loss, flat, allow_unused=True)  # type: ignore[arg-type]
        gradients = iter(
            torch.zeros_like(leaf) if grad is None else grad for leaf, grad in zip(flat, found, strict=True)
        )
        filled = leaves(wanted, lambda leaf: next(gradients))
        return tuple(filled) if len(filled) > 1 else filled[0]


class LargestIntermediate(TorchFunctionMode):
    """While active, `bytes` is the size of the largest tensor that any call of torch's functions made."""

    bytes = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for item in result if isinstance(result, tuple | list) else (result,):
            if isinstance(item, torch.Tensor):
                self.bytes = max(self.bytes, item.numel() * item.element_size())
        return result
