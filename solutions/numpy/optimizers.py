"""optimizers: five ways to turn gradients into steps, and a learning rate that warms up and fades out."""

import math
from typing import Any

import numpy as np


def momentum_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict[str, Any],
    lr: float,
    momentum: float = 0.9,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """One step of gradient descent with momentum, as `torch.optim.SGD(lr=lr, momentum=momentum)` takes it.

        v ← momentum · v + dW,   v = 0 at first        W ← W − lr · v

    Every parameter of `params` has its own `v`, with the shape and dtype of the parameter. The function returns the new
    parameters and the new state. `state` is `{}` at the first step, and afterwards what the last step returned: what
    you keep in it is your own business, nobody else looks inside. `params`, `grads` and `state` stay as they are, the
    arrays in them too. float32 stays float32.

    >>> params, state = momentum_step({"W": np.array([1.0])}, {"W": np.array([0.5])}, {}, 0.1)
    >>> params, state = momentum_step(params, {"W": np.array([0.5])}, state, 0.1)
    >>> params["W"].round(6)  # 1 − 0.1 · 0.5 − 0.1 · (0.9 · 0.5 + 0.5)
    array([0.855])

    Source: Sutskever, Martens, Dahl, Hinton: On the importance of initialization and momentum in deep learning (2013),
    in the form that PyTorch uses: lr stands outside of v.
    """
    v = {name: momentum * state.get(name, 0.0) + grads[name] for name in params}
    params = {name: params[name] - lr * v[name] for name in params}
    state = v
    return params, state


def nesterov_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict[str, Any],
    lr: float,
    momentum: float = 0.9,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """One step with Nesterov's momentum, as `torch.optim.SGD(lr=lr, momentum=momentum, nesterov=True)` takes it.

        v ← momentum · v + dW,   v = 0 at first        W ← W − lr · (dW + momentum · v)

    The `v` on the right is the new one: the step looks ahead to where `v` is about to lead. State, purity and dtypes
    are as in `momentum_step`.

    >>> params, state = nesterov_step({"W": np.array([1.0])}, {"W": np.array([0.5])}, {}, 0.1)
    >>> params["W"].round(6)  # 1 − 0.1 · (0.5 + 0.9 · 0.5)
    array([0.905])

    Source: Sutskever and others (2013), section 2; Nesterov: A method of solving a convex programming problem with
    convergence rate O(1/k²) (1983).
    """
    v = {name: momentum * state.get(name, 0.0) + grads[name] for name in params}
    params = {name: params[name] - lr * (grads[name] + momentum * v[name]) for name in params}
    state = v
    return params, state


def rmsprop_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict[str, Any],
    lr: float,
    alpha: float = 0.99,
    eps: float = 1e-8,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """One step of RMSprop, as `torch.optim.RMSprop(lr=lr, alpha=alpha, eps=eps)` takes it.

        s ← alpha · s + (1 − alpha) · dW²,   s = 0 at first        W ← W − lr · dW / (√s + eps)

    All of it works element by element: each number of each parameter has its own running mean of squares. A gradient
    that is 0 from the start must give no step, not nan. State, purity and dtypes are as in `momentum_step`.

    >>> params, state = rmsprop_step({"W": np.array([1.0, 1.0])}, {"W": np.array([0.01, -100.0])}, {}, 0.1)
    >>> params["W"].round(4)  # the size of a gradient hardly matters: both move by lr / √(1 − alpha)
    array([0., 2.])

    Source: Tieleman, Hinton: Lecture 6.5, rmsprop (2012), Coursera: Neural Networks for Machine Learning.
    """
    s = {name: alpha * state.get(name, 0.0) + (1 - alpha) * grads[name] ** 2 for name in params}
    params = {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}
    state = s
    return params, state


def adam_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict[str, Any],
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """One step of Adam, as `torch.optim.Adam(lr=lr, betas=(beta1, beta2), eps=eps)` takes it.

        m ← beta1 · m + (1 − beta1) · dW        v ← beta2 · v + (1 − beta2) · dW²        both 0 at first
        m̂ = m / (1 − beta1^t)                   v̂ = v / (1 − beta2^t)                    t = 1, 2, 3, … counts the steps
        W ← W − lr · m̂ / (√v̂ + eps)

    A gradient that is 0 from the start must give no step, not nan. State, purity and dtypes are as in `momentum_step`;
    t is one number for all parameters, and belongs in the state too.

    >>> params, state = adam_step({"W": np.array([1.0, 1.0])}, {"W": np.array([0.01, -100.0])}, {}, 0.1)
    >>> params["W"].round(4)  # the first step is lr long, whatever the gradient
    array([0.9, 1.1])

    Source: Kingma, Ba: Adam: A Method for Stochastic Optimization (2015), algorithm 1.
    """
    t, m, v = state.get("t", 0) + 1, state.get("m", {}), state.get("v", {})
    m = {name: beta1 * m.get(name, 0.0) + (1 - beta1) * grads[name] for name in params}
    v = {name: beta2 * v.get(name, 0.0) + (1 - beta2) * grads[name] ** 2 for name in params}
    m_hat = {name: m[name] / (1 - beta1**t) for name in params}  # m and v start at 0 and are too small at first
    v_hat = {name: v[name] / (1 - beta2**t) for name in params}
    params = {name: params[name] - lr * m_hat[name] / (np.sqrt(v_hat[name]) + eps) for name in params}
    state = {"t": t, "m": m, "v": v}
    return params, state


def adamw_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict[str, Any],
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """One step of Adam with decoupled weight decay, as `torch.optim.AdamW` takes it.

        W ← W − lr · weight_decay · W,   then the step of `adam_step` from there, for the same dW

    The decay never enters m or v. Every parameter decays, biases too, as PyTorch does it. State, purity and dtypes are
    as in `momentum_step`.

    >>> params, state = adamw_step({"W": np.array([10.0])}, {"W": np.array([0.0])}, {}, 0.1)
    >>> params["W"].round(6)  # no gradient: what is left is the decay
    array([9.99])

    Source: Loshchilov, Hutter: Decoupled Weight Decay Regularization (2019), algorithm 2, in PyTorch's form: the decay
    is multiplied by lr.
    """
    decayed = {name: params[name] - lr * weight_decay * params[name] for name in params}
    params, state = adam_step(decayed, grads, state, lr, beta1, beta2, eps)
    return params, state


def cosine_lr(step: int, total: int, base: float, warmup: int) -> float:
    """The learning rate at `step`: a straight line up from 0 to `base`, then half a cosine down to 0.

        step < warmup:   base · step / warmup
        otherwise:       base / 2 · (1 + cos(π · (step − warmup) / (total − warmup)))

    The steps run from 0 to `total`, both included: at `warmup` the rate is `base`, at `total` it is 0. `warmup` may be 0,
    and is less than `total`.

    >>> [round(cosine_lr(step, 6, 0.8, 2), 6) for step in range(7)]
    [0.0, 0.4, 0.8, 0.682843, 0.4, 0.117157, 0.0]

    Source: Loshchilov, Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts (2017), equation 5, without
    restarts; Goyal and others: Accurate, Large Minibatch SGD (2017), section 2.2, for the warm-up.
    """
    if not (0 <= step <= total and 0 <= warmup < total):
        raise ValueError(f"cosine_lr: step {step} of {total} with a warm-up of {warmup}: step ≤ total, warmup < total")
    if step < warmup:
        return base * step / warmup
    return base / 2 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))
