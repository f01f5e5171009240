"""Wrong answers to optimizers."""

import math

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import optimizers as right


def _velocity(params, grads, state, momentum):
    """The right velocities."""
    return {name: momentum * state.get(name, 0.0) + grads[name] for name in params}


def _squares(params, grads, state, alpha):
    """The right running means of squares."""
    return {name: alpha * state.get(name, 0.0) + (1 - alpha) * grads[name] ** 2 for name in params}


def _moments(params, grads, state, beta1, beta2):
    """The right state behind a step of Adam."""
    m, v = state.get("m", {}), state.get("v", {})
    m = {name: beta1 * m.get(name, 0.0) + (1 - beta1) * grads[name] for name in params}
    v = {name: beta2 * v.get(name, 0.0) + (1 - beta2) * grads[name] ** 2 for name in params}
    return {"t": state.get("t", 0) + 1, "m": m, "v": v}


def _corrected(state, beta1, beta2):
    t, m, v = state["t"], state["m"], state["v"]
    return {n: m[n] / (1 - beta1**t) for n in m}, {n: v[n] / (1 - beta2**t) for n in v}


# ---------------------------------------------------------------------- momentum


@mistake(
    "state-not-carried",
    "params[W1]",
    says="the state comes back as it was given, so every step starts with a velocity of 0 and no speed is gathered",
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, state, momentum)
    return {name: params[name] - lr * v[name] for name in params}, state


@mistake(
    "wrong-factor",
    "params[W1]",
    says=(
        "the gradient comes in with a factor 1 − momentum, as in a running mean; here the whole gradient is added "
        "to the velocity"
    ),
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    v = {name: momentum * state.get(name, 0.0) + (1 - momentum) * grads[name] for name in params}
    return {name: params[name] - lr * v[name] for name in params}, v


@mistake(
    "sign-flipped", "params[W1]", says="the step is added, so it climbs; the velocity points uphill, as gradients do"
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, state, momentum)
    return {name: params[name] + lr * v[name] for name in params}, v


@mistake(
    "wrong-order",
    "params[W1]",
    says=(
        "lr is multiplied into the velocity, so old gradients keep the old learning rate; here it multiplies the "
        "finished velocity"
    ),
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    v = {name: momentum * state.get(name, 0.0) + lr * grads[name] for name in params}
    return {name: params[name] - v[name] for name in params}, v


@mistake(
    "off-by-one",
    "params[W1]",
    says="the step is taken with the velocity of the step before: the first one goes nowhere, and all others come late",
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, state, momentum)
    return {name: params[name] - lr * state.get(name, 0.0) for name in params}, v


@mistake(
    "missing-scale",
    "params[W1]",
    says="the old velocity is added whole: momentum, which lets it fade, does not come in",
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    v = {name: state.get(name, 0.0) + grads[name] for name in params}
    return {name: params[name] - lr * v[name] for name in params}, v


@mistake(
    "missing-term",
    "params[W1]",
    says="this is the step itself, −lr · v; the parameter it should be added to is missing",
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, state, momentum)
    return {name: -lr * v[name] for name in params}, v


@mistake(
    "argument-unused",
    "params[W1]",
    says="0.9 is written into the formula: the argument momentum makes no difference",
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, state, 0.9)
    return {name: params[name] - lr * v[name] for name in params}, v


@mistake(
    "mutates-input",
    says="the velocities are updated where they lie, in the state that was given; build a new dict with new arrays",
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    for name in params:
        state[name] = momentum * state.get(name, 0.0) + grads[name]
    return {name: params[name] - lr * state[name] for name in params}, state


@mistake(
    "dtype-drift",
    "params[W1]",
    says="np.zeros makes a velocity of float64, and float32 parameters become float64 with it; np.zeros_like keeps the dtype",
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    v = {name: momentum * state.get(name, np.zeros(params[name].shape)) + grads[name] for name in params}
    return {name: params[name] - lr * v[name] for name in params}, v


@mistake(
    "wrong-type", says="only the parameters come back; the next step needs the state too: return the two as a pair"
)
def momentum_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, state, momentum)
    return {name: params[name] - lr * v[name] for name in params}


# ---------------------------------------------------------------------- nesterov


@mistake(
    "wrong-operand",
    "params[W1]",
    says="this is plain momentum: v stands in the step, where the look ahead, dW + momentum · v, belongs",
)
def nesterov_step(params, grads, state, lr, momentum=0.9):
    return right.momentum_step(params, grads, state, lr, momentum)


@mistake(
    "missing-scale",
    "params[W1]",
    says="the new velocity is added whole to the gradient: in the step it is multiplied by momentum once more",
)
def nesterov_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, state, momentum)
    return {name: params[name] - lr * (grads[name] + v[name]) for name in params}, v


@mistake(
    "state-not-carried",
    "params[W1]",
    says="the old velocity is not looked up: v starts from 0 at every step",
)
def nesterov_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, {}, momentum)
    return {name: params[name] - lr * (grads[name] + momentum * v[name]) for name in params}, v


@mistake(
    "sign-flipped",
    "params[W1]",
    says="momentum · v is subtracted from the gradient where it should be added: v has the gradient's own sign here",
)
def nesterov_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, state, momentum)
    return {name: params[name] - lr * (grads[name] - momentum * v[name]) for name in params}, v


@mistake(
    "wrong-argument",
    "params[W1]",
    says="v stands where the gradient belongs: the step is v + momentum · v",
)
def nesterov_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, state, momentum)
    return {name: params[name] - lr * (v[name] + momentum * v[name]) for name in params}, v


@mistake(
    "mutates-input",
    says="-= writes into the tensors of the caller's own params; a step returns new ones",
    track="torch",
)
def nesterov_step(params, grads, state, lr, momentum=0.9):
    v = _velocity(params, grads, state, momentum)
    for name in params:
        params[name] -= lr * (grads[name] + momentum * v[name])
    return params, v


# ---------------------------------------------------------------------- rmsprop


@mistake(
    "eps-misplaced",
    "params[W1]",
    says="eps stands under the root, where it weighs as much as its root, 1e-4; it is added behind the root",
)
def rmsprop_step(params, grads, state, lr, alpha=0.99, eps=1e-8):
    s = _squares(params, grads, state, alpha)
    return {name: params[name] - lr * grads[name] / np.sqrt(s[name] + eps) for name in params}, s


@mistake(
    "missing-term",
    "params[W1]",
    says="the factor 1 − alpha before the square is missing: this is a sum of squares, not a running mean",
)
def rmsprop_step(params, grads, state, lr, alpha=0.99, eps=1e-8):
    s = {name: alpha * state.get(name, 0.0) + grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}, s


@mistake(
    "wrong-order",
    "params[W1]",
    says="alpha and 1 − alpha have changed places: the mean forgets nearly everything at each step",
)
def rmsprop_step(params, grads, state, lr, alpha=0.99, eps=1e-8):
    return right.rmsprop_step(params, grads, state, lr, 1 - alpha, eps)


@mistake(
    "off-by-one",
    "params[W1]",
    says="the gradient is divided by the root of the old mean; at the first step that is 0, and only eps is left",
)
def rmsprop_step(params, grads, state, lr, alpha=0.99, eps=1e-8):
    s = _squares(params, grads, state, alpha)
    return {name: params[name] - lr * grads[name] / (np.sqrt(state.get(name, 0.0)) + eps) for name in params}, s


@mistake(
    "state-not-carried",
    "params[W1]",
    says="the state is never filled: every step starts from a mean of 0 and is as long as the first",
)
def rmsprop_step(params, grads, state, lr, alpha=0.99, eps=1e-8):
    s = {name: (1 - alpha) * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}, state


@mistake(
    "extra-mean",
    "params[W1]",
    says="the squares of a whole array are averaged: each number has a running mean of its own",
)
def rmsprop_step(params, grads, state, lr, alpha=0.99, eps=1e-8):
    s = {name: alpha * state.get(name, 0.0) + (1 - alpha) * (grads[name] ** 2).mean() for name in params}
    return {name: params[name] - lr * grads[name] / (s[name] ** 0.5 + eps) for name in params}, s


@mistake(
    "wrong-factor",
    "params[W1]",
    says="the mean is divided by 1 − alpha^t, as in Adam; RMSprop uses it as it is, small at first",
)
def rmsprop_step(params, grads, state, lr, alpha=0.99, eps=1e-8):
    s = _squares(params, grads, state.get("s", {}), alpha)
    t = state.get("t", 0) + 1
    roots = {name: np.sqrt(s[name] / (1 - alpha**t)) for name in params}
    return {name: params[name] - lr * grads[name] / (roots[name] + eps) for name in params}, {"s": s, "t": t}


@mistake(
    "mutates-input",
    says="mul_ and addcmul_ write into the state that was given, so the same state twice gives two different steps",
    track="torch",
)
def rmsprop_step(params, grads, state, lr, alpha=0.99, eps=1e-8):
    import torch

    s = {name: state.get(name, torch.zeros_like(params[name])) for name in params}
    for name in params:
        s[name].mul_(alpha).addcmul_(grads[name], grads[name], value=1 - alpha)
    return {name: params[name] - lr * grads[name] / (s[name].sqrt() + eps) for name in params}, s


# ---------------------------------------------------------------------- adam


@mistake(
    "bias-correction-missing",
    "params[W1]",
    says="m and v are used as they are; both start at 0 and are too small at first: divide by 1 − beta^t",
)
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state = _moments(params, grads, state, beta1, beta2)
    m, v = state["m"], state["v"]
    return {name: params[name] - lr * m[name] / (np.sqrt(v[name]) + eps) for name in params}, state


@mistake(
    "off-by-one",
    "params[W1]",
    says="t counts from 0, so that the first correction divides by 1 − beta⁰, which is 0; the first step is number 1",
)
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state = _moments(params, grads, {"t": -1, **state}, beta1, beta2)
    t, m, v = state["t"], state["m"], state["v"]
    m = {name: m[name] / (1 - beta1**t) for name in params}
    v = {name: v[name] / (1 - beta2**t) for name in params}
    return {name: params[name] - lr * m[name] / (np.sqrt(v[name]) + eps) for name in params}, state


@mistake(
    "eps-misplaced",
    "params[W1]",
    says="eps stands under the root with v̂, where it weighs as much as its root; it is added behind the root",
)
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state = _moments(params, grads, state, beta1, beta2)
    m, v = _corrected(state, beta1, beta2)
    return {name: params[name] - lr * m[name] / np.sqrt(v[name] + eps) for name in params}, state


@mistake(
    "missing-term",
    "params[W1]",
    says="m̂ is divided by v̂ itself: sqrt is missing, so large gradients give tiny steps and small ones huge steps",
)
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state = _moments(params, grads, state, beta1, beta2)
    m, v = _corrected(state, beta1, beta2)
    return {name: params[name] - lr * m[name] / (v[name] + eps) for name in params}, state


@mistake(
    "state-not-carried",
    "params[W1]",
    says="t is not kept in the state: every step is corrected as if it were the first",
)
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state = _moments(params, grads, {**state, "t": 0}, beta1, beta2)
    m, v = _corrected(state, beta1, beta2)
    return {name: params[name] - lr * m[name] / (np.sqrt(v[name]) + eps) for name in params}, state


@mistake(
    "wrong-order",
    "params[W1]",
    says="beta1 and beta2 have changed places: the gradient gets the long memory and its square the short one",
)
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    return right.adam_step(params, grads, state, lr, beta2, beta1, eps)


@mistake(
    "wrong-operand",
    "params[W1]",
    says="the bare gradient is divided by the root: m̂, the mean of the gradients so far, belongs there",
)
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state = _moments(params, grads, state, beta1, beta2)
    _, v = _corrected(state, beta1, beta2)
    return {name: params[name] - lr * grads[name] / (np.sqrt(v[name]) + eps) for name in params}, state


@mistake("sign-flipped", "params[W1]", says="the step is added to the parameters: it climbs where it should descend")
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    return right.adam_step(params, grads, state, -lr, beta1, beta2, eps)


@mistake(
    "wrong-factor",
    "params[W1]",
    says="the correction is 1 − beta · t where a power belongs: 1 − beta^t",
)
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state = _moments(params, grads, state, beta1, beta2)
    t, m, v = state["t"], state["m"], state["v"]
    m = {name: m[name] / (1 - beta1 * t) for name in params}
    v = {name: v[name] / (1 - beta2 * t) for name in params}
    return {name: params[name] - lr * m[name] / (np.sqrt(abs(v[name])) + eps) for name in params}, state


@mistake(
    "mutates-input",
    says="m and v are updated in place with *= and +=, in the arrays of the state that was given",
)
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    if not state:
        return right.adam_step(params, grads, state, lr, beta1, beta2, eps)
    m, v = state["m"], state["v"]
    for name in params:
        m[name] *= beta1
        m[name] += (1 - beta1) * grads[name]
        v[name] *= beta2
        v[name] += (1 - beta2) * grads[name] ** 2
    state = {"t": state["t"] + 1, "m": m, "v": v}
    m, v = _corrected(state, beta1, beta2)
    return {name: params[name] - lr * m[name] / (np.sqrt(v[name]) + eps) for name in params}, state


@mistake(
    "dtype-drift",
    "params[W1]",
    says="np.sqrt of a plain number is a NumPy float64, and turns float32 parameters into float64; math.sqrt does not",
)
def adam_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state = _moments(params, grads, state, beta1, beta2)
    t, m, v = state["t"], state["m"], state["v"]
    roots = {name: np.sqrt(v[name]) / np.sqrt(1 - beta2**t) + eps for name in params}
    return {name: params[name] - lr / (1 - beta1**t) * m[name] / roots[name] for name in params}, state


# ---------------------------------------------------------------------- adamw


@mistake(
    "coupled-decay",
    "params[W1]",
    says="the decay is added to the gradient and so passes through m and v, where it is divided away again",
)
def adamw_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    grads = {name: grads[name] + weight_decay * params[name] for name in params}
    return right.adam_step(params, grads, state, lr, beta1, beta2, eps)


@mistake(
    "wrong-order",
    "params[W1]",
    says="the step is taken first and the new weights decay; the decay is a share of the weights before the step",
)
def adamw_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    params, state = right.adam_step(params, grads, state, lr, beta1, beta2, eps)
    return {name: params[name] - lr * weight_decay * params[name] for name in params}, state


@mistake(
    "missing-scale",
    "params[W1]",
    says="the decay is weight_decay · W: lr, which both parts of the step share, does not come in",
)
def adamw_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    decayed = {name: params[name] - weight_decay * params[name] for name in params}
    return right.adam_step(decayed, grads, state, lr, beta1, beta2, eps)


@mistake(
    "missing-term",
    "params[W1]",
    says="this is plain Adam: the decay, lr · weight_decay · W, is missing",
)
def adamw_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    return right.adam_step(params, grads, state, lr, beta1, beta2, eps)


@mistake("sign-flipped", "params[W1]", says="the decay is added, so the weights grow where they should shrink")
def adamw_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    return right.adamw_step(params, grads, state, lr, beta1, beta2, eps, -weight_decay)


@mistake(
    "bias-correction-missing",
    "params[W1]",
    says="m and v are used without the correction for their start at 0, 1 − beta^t",
)
def adamw_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    state = _moments(params, grads, state, beta1, beta2)
    m, v = state["m"], state["v"]
    decayed = {name: params[name] * (1 - lr * weight_decay) for name in params}
    return {name: decayed[name] - lr * m[name] / (np.sqrt(v[name]) + eps) for name in params}, state


@mistake(
    "eps-misplaced",
    "params[W1]",
    says="eps is added to √v before v is corrected, as if it had to be corrected too; it is added to √v̂",
)
def adamw_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    state = _moments(params, grads, state, beta1, beta2)
    t, m, v = state["t"], state["m"], state["v"]
    rate = lr * math.sqrt(1 - beta2**t) / (1 - beta1**t)
    decayed = {name: params[name] * (1 - lr * weight_decay) for name in params}
    return {name: decayed[name] - rate * m[name] / (np.sqrt(v[name]) + eps) for name in params}, state


@mistake(
    "off-by-one",
    "params[b1]",
    says="t grows inside the loop over the parameters: it counts arrays, where it should count steps",
)
def adamw_step(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    made, old = _moments(params, grads, state, beta1, beta2), state.get("t", 0)
    new = {}
    for t, name in enumerate(params, start=old + 1):
        m, v = made["m"][name] / (1 - beta1**t), made["v"][name] / (1 - beta2**t)
        new[name] = params[name] * (1 - lr * weight_decay) - lr * m / (np.sqrt(v) + eps)
    return new, {**made, "t": old + len(params)}


# ---------------------------------------------------------------------- the learning rate


@mistake(
    "argument-unused",
    says="warmup does not come in: the cosine starts at step 0, from the full learning rate",
)
def cosine_lr(step, total, base, warmup):
    return base / 2 * (1 + math.cos(math.pi * step / total))


@mistake(
    "off-by-one",
    says="the warm-up includes its own end: with a warm-up of 0, step 0 divides by 0",
)
def cosine_lr(step, total, base, warmup):
    if step <= warmup:
        return base * step / warmup
    return base / 2 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


@mistake(
    "missing-term",
    says=(
        "the steps behind the warm-up are divided by all steps: − warmup is missing below the line, and the cosine "
        "ends before 0"
    ),
)
def cosine_lr(step, total, base, warmup):
    if step < warmup:
        return base * step / warmup
    return base / 2 * (1 + math.cos(math.pi * (step - warmup) / total))


@mistake("wrong-factor", says="half of it is missing: 1 + cos runs from 2 to 0, so base has to be halved")
def cosine_lr(step, total, base, warmup):
    if step < warmup:
        return base * step / warmup
    return base * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


@mistake("sign-flipped", says="1 − cos climbs from 0 behind the warm-up; 1 + cos falls to 0")
def cosine_lr(step, total, base, warmup):
    if step < warmup:
        return base * step / warmup
    return base / 2 * (1 - math.cos(math.pi * (step - warmup) / (total - warmup)))


@mistake("wrong-nonlinearity", says="behind the warm-up the rate falls along a straight line, not along a cosine")
def cosine_lr(step, total, base, warmup):
    if step < warmup:
        return base * step / warmup
    return base * (total - step) / (total - warmup)
