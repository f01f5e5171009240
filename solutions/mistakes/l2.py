"""Wrong answers to l2."""

import numpy as np

from solutions.mistakes import mistake


@mistake("bias-penalised", says="the biases are in the sum as well; a price on them only keeps units from shifting")
def l2_penalty(params, lam):
    return lam / 2 * sum((W**2).sum() for W in params.values())


@mistake("wrong-factor", says="the half is missing: this is λ times the sum of squares, twice what was asked for")
def l2_penalty(params, lam):
    return lam * sum((W**2).sum() for W in params.values() if W.ndim > 1)


@mistake("missing-scale", says="this is half of the sum of squares; λ, the price, does not come in")
def l2_penalty(params, lam):
    return sum((W**2).sum() for W in params.values() if W.ndim > 1) / 2


@mistake(
    "wrong-nonlinearity", says="the norms are added up as they are, with the root; the penalty is made of their squares"
)
def l2_penalty(params, lam):
    return lam / 2 * sum(np.sqrt((W**2).sum()) for W in params.values() if W.ndim > 1)


@mistake("wrong-argument", says="absolute values are added up, which is the L1 penalty; L2 adds up the squares")
def l2_penalty(params, lam):
    return lam / 2 * sum(np.abs(W).sum() for W in params.values() if W.ndim > 1)


@mistake(
    "wrong-operand",
    says="with ord=2, np.linalg.norm gives a matrix's largest singular value; the root of the sum of all squares "
    "is what it gives without ord",
)
def l2_penalty(params, lam):
    squares = [W.reshape(-1, W.shape[-1]) for W in params.values() if W.ndim > 1]
    return lam / 2 * sum(np.linalg.norm(W, 2) ** 2 for W in squares)


@mistake("extra-mean", says="each weight counts by the mean of its squares; a larger matrix has a larger price")
def l2_penalty(params, lam):
    return lam / 2 * sum((W**2).mean() for W in params.values() if W.ndim > 1)


@mistake("not-accumulated", says="the total is overwritten for each weight, so that only the last one has a price")
def l2_penalty(params, lam):
    total = 0.0
    for W in params.values():
        if W.ndim > 1:
            total = (W**2).sum()
    return lam / 2 * total


@mistake("missing-term", says="weights are known by the letter W, so those with another name go free")
def l2_penalty(params, lam):
    return lam / 2 * sum((W**2).sum() for name, W in params.items() if name.startswith("W"))


@mistake("mutates-input", says="`**=` squares the caller's weights where they lie; make new arrays of the squares")
def l2_penalty(params, lam):
    total = 0.0
    for W in params.values():
        if W.ndim > 1:
            W **= 2
            total += W.sum()
    return lam / 2 * total


@mistake("sign-flipped", says="the penalty is negative: it rewards large weights, as it is added to the loss")
def l2_penalty(params, lam):
    return -lam / 2 * sum((W**2).sum() for W in params.values() if W.ndim > 1)


@mistake(
    "graph-broken",
    says="`.item()` makes a plain number of the sum, which autograd knows nothing of: no weight is ever held down",
    track="torch",
)
def l2_penalty(params, lam):
    import torch

    return torch.tensor(lam / 2 * sum((W**2).sum().item() for W in params.values() if W.ndim > 1))


@mistake(
    "bias-penalised", "out[b1]", says="the biases get λ·b as if they were weights; they have no price, so no gradient"
)
def l2_grads(params, lam):
    return {name: lam * W for name, W in params.items()}


@mistake("wrong-factor", "out[W1]", says="the half is still there; the 2 that comes down from the square takes it away")
def l2_grads(params, lam):
    return {name: lam / 2 * W if W.ndim > 1 else np.zeros_like(W) for name, W in params.items()}


@mistake("missing-scale", "out[W1]", says="the weight itself is returned; its gradient is λ times that")
def l2_grads(params, lam):
    return {name: W.copy() if W.ndim > 1 else np.zeros_like(W) for name, W in params.items()}


@mistake("missing-term", "out[b1]", says="the biases are left out of the dict; zeros belong there, under the same keys")
def l2_grads(params, lam):
    return {name: lam * W for name, W in params.items() if W.ndim > 1}


@mistake("lost-axis", "out[b1]", says="a plain 0 stands for a bias; zeros in the shape of the bias belong there")
def l2_grads(params, lam):
    return {name: lam * W if W.ndim > 1 else 0.0 for name, W in params.items()}


@mistake(
    "wrong-nonlinearity",
    "out[W1]",
    says="this is λ times the sign, the gradient of absolute values; that of a square grows with the weight",
)
def l2_grads(params, lam):
    return {name: lam * np.sign(W) if W.ndim > 1 else np.zeros_like(W) for name, W in params.items()}


@mistake(
    "wrong-argument", "out[W1]", says="this is the penalty of each number, λ/2·W²; its derivative for W is asked for"
)
def l2_grads(params, lam):
    return {name: lam / 2 * W**2 if W.ndim > 1 else np.zeros_like(W) for name, W in params.items()}


@mistake("sign-flipped", "out[W1]", says="the gradient has a minus; the step has one of its own, and two make a plus")
def l2_grads(params, lam):
    return {name: -lam * W if W.ndim > 1 else np.zeros_like(W) for name, W in params.items()}


@mistake("extra-mean", "out[W1]", says="the gradient is divided by how many numbers W has; the penalty is a plain sum")
def l2_grads(params, lam):
    return {name: lam * W / W.size if W.ndim > 1 else np.zeros_like(W) for name, W in params.items()}


@mistake("dtype-drift", "out[b1]", says="np.zeros makes float64, whatever the bias is; np.zeros_like asks the bias")
def l2_grads(params, lam):
    return {name: lam * W if W.ndim > 1 else np.zeros(W.shape) for name, W in params.items()}


@mistake(
    "wrong-type",
    "out[b1]",
    says="autograd answers None for a tensor that the penalty does not see; zeros belong there",
    track="torch",
)
def l2_grads(params, lam):
    import torch

    leaves = {name: param.detach().requires_grad_() for name, param in params.items()}
    penalty = lam / 2 * sum((W**2).sum() for W in leaves.values() if W.ndim > 1)
    found = torch.autograd.grad(penalty, list(leaves.values()), allow_unused=True)
    return dict(zip(leaves, found, strict=True))


@mistake(
    "mutates-input",
    says="requires_grad_() marks the caller's own tensors; differentiate for detached copies",
    track="torch",
)
def l2_grads(params, lam):
    import torch

    for param in params.values():
        param.requires_grad_()
    penalty = lam / 2 * sum((W**2).sum() for W in params.values() if W.ndim > 1)
    found = torch.autograd.grad(penalty, list(params.values()), allow_unused=True, materialize_grads=True)
    return dict(zip(params, found, strict=True))


@mistake("bias-penalised", "out[b1]", says="the biases decay, too; they take the plain step")
def weight_decay_step(params, grads, lr, lam):
    return {name: W - lr * grads[name] - lr * lam * W for name, W in params.items()}


@mistake(
    "wrong-order",
    "out[W1]",
    says="the step comes first and the decay is taken from the moved weight; both belong to the old one",
)
def weight_decay_step(params, grads, lr, lam):
    new = {}
    for name, W in params.items():
        W = W - lr * grads[name]
        if W.ndim > 1:
            W = W - lr * lam * W
        new[name] = W
    return new


@mistake("missing-scale", "out[W1]", says="the decay is λ·W without the learning rate, so it is far too strong")
def weight_decay_step(params, grads, lr, lam):
    return {name: W - lr * grads[name] - (lam * W if W.ndim > 1 else 0) for name, W in params.items()}


@mistake("missing-term", "out[W1]", says="this is the plain step; nothing shrinks the weights")
def weight_decay_step(params, grads, lr, lam):
    return {name: W - lr * grads[name] for name, W in params.items()}


@mistake("sign-flipped", "out[W1]", says="the decay is added: the weights grow by lr·λ·W at every step")
def weight_decay_step(params, grads, lr, lam):
    return {name: W - lr * grads[name] + (lr * lam * W if W.ndim > 1 else 0) for name, W in params.items()}


@mistake("wrong-factor", "out[W1]", says="the decay is 2·lr·λ·W, from λ·W² without its half")
def weight_decay_step(params, grads, lr, lam):
    return {name: W - lr * grads[name] - (2 * lr * lam * W if W.ndim > 1 else 0) for name, W in params.items()}


@mistake("wrong-operand", "out[W1]", says="λ multiplies the gradient; it is the weight that should shrink")
def weight_decay_step(params, grads, lr, lam):
    new = {}
    for name, W in params.items():
        decay = lr * lam * grads[name] if W.ndim > 1 else 0
        new[name] = W - lr * grads[name] - decay
    return new


@mistake("mutates-input", says="-= writes into the arrays that the caller handed over; build new ones instead")
def weight_decay_step(params, grads, lr, lam):
    for name, W in params.items():
        W -= lr * grads[name] + (lr * lam * W if W.ndim > 1 else 0)
    return params


@mistake(
    "wrong-type",
    says="the parameters are changed where they lie and nothing is returned; the new ones should come back in a dict",
)
def weight_decay_step(params, grads, lr, lam):
    for name, W in params.items():
        params[name] = W - lr * grads[name] - (lr * lam * W if W.ndim > 1 else 0)


@mistake("dtype-drift", "out[W1]", says="the rates are made float64 numbers of numpy, and float32 weights follow them")
def weight_decay_step(params, grads, lr, lam):
    lr, lam = np.float64(lr), np.float64(lam)
    return {name: W - lr * grads[name] - (lr * lam * W if W.ndim > 1 else 0) for name, W in params.items()}
