"""gradcheck: testing a derivative with nothing but the function, autograd included among the suspects."""

from collections.abc import Callable
from itertools import product
import torch
from jaxtyping import Float


def numerical_gradient(
    f: Callable[[Float[torch.Tensor, "..."]], Float[torch.Tensor, ""]], x: Float[torch.Tensor, "..."], eps: float
) -> Float[torch.Tensor, "..."]:
    """The gradient of `f` at `x` by central differences: move one element at a time, a little up and a little down.

        ∂f/∂x_i ≈ (f(x + ε·e_i) − f(x − ε·e_i)) / 2ε,   e_i is 1 at element i and 0 elsewhere

    `f` takes a tensor of x's shape and returns one number as a tensor; autograd need not be able to look into it. `x`
    is float64, of any shape, and so is the gradient. Afterwards `x` holds the very bits it held before.

    >>> numerical_gradient(lambda x: (x**2).sum(), torch.tensor([1.0, 3.0], dtype=torch.float64), 1e-5)
    tensor([2.0000, 6.0000], dtype=torch.float64)

    Source: Press, Teukolsky, Vetterling, Flannery: Numerical Recipes, 3rd edition (2007), section 5.7.
    """
    raise NotImplementedError("numerical_gradient")


def relative_error(a: Float[torch.Tensor, "..."], b: Float[torch.Tensor, "..."]) -> float:
    """How far two tensors of one shape are apart, measured by their own size: the worst element counts.

        max over i of |a_i − b_i| / max(|a_i|, |b_i|),   an element counts as 0 where a_i = b_i = 0

    It must survive elements of 1e300 and of 1e-12 side by side: a small gradient is judged as strictly as a large one.

    >>> relative_error(torch.tensor([1.0, 2.0, 0.0]), torch.tensor([1.0, 1.0, 0.0]))
    0.5

    Source: Karpathy and others: CS231n, notes “Neural Networks Part 3” (2015), section “Gradient checks”.
    """
    raise NotImplementedError("relative_error")


def gradient_check(
    f: Callable[[Float[torch.Tensor, "..."]], Float[torch.Tensor, ""]],
    grad: Callable[[Float[torch.Tensor, "..."]], Float[torch.Tensor, "..."]],
    x: Float[torch.Tensor, "..."],
    eps: float,
) -> float:
    """How wrong `grad(x)` is as the gradient of `f` at `x`: the worst relative error against central differences.

        a = numerical gradient,   b = grad(x),   scale_i = max(|a_i|, |b_i|, 1e-6)
        the result is the maximum of |a_i − b_i| / scale_i

    Two cautions are built in. The floor of 1e-6 keeps the rounding noise of a zero gradient from being compared with
    itself. And an element at a kink, such as relu at 0, has no derivative: it is skipped where the slope ahead,
    (f(x+ε·e_i) − f(x))/ε, and the slope behind, (f(x) − f(x−ε·e_i))/ε, are apart by more than 1e-2 · scale_i. If no
    element is left, the result is 0.

    >>> x = torch.tensor([1.0, 3.0], dtype=torch.float64)
    >>> round(gradient_check(lambda x: (x**2).sum(), lambda x: 2.5 * x, x, 1e-5), 4)
    0.2

    Source: Karpathy and others: CS231n, notes “Neural Networks Part 3” (2015), section “Gradient checks”.
    """
    raise NotImplementedError("gradient_check")
