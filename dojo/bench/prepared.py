"""Built-ins that hold weights of their own or change them in place: torch's modules and optimizers.

Each is made ready once, with the kata's numbers in its weights, and then called without arguments. Their answers are put
in the order and layout of the kata's only when they are compared, never while they are timed.
"""

from collections.abc import Callable
from typing import Any

from dojo.bench.contenders import Contender, Task, answers, tensor_arguments
from dojo.bench.devices import clock, torch_or_reason
from dojo.bench.models import MODELS, model

RECURRENT = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}


def compiled(what: Task, device: str) -> Contender:
    """The built-in of a kata under torch.compile. Whatever the compiler raises goes through."""
    return model(what, device, compile=True) if what.work.is_model else encoder_layer(what, device, compile=True)


def prepared(what: Task, device: str) -> Contender | None:
    """The built-in of a kata that keeps weights of its own; None where the kata has none."""
    function = what.work.function
    if what.kata in RECURRENT and function == what.kata:
        return _recurrent(what, device)
    if function == "loss_and_grads" and what.kata in MODELS:
        return model(what, device)
    make = OTHERS.get(f"{what.kata}.{function}")
    return make(what, device) if make else None


# ---------------------------------------------------------------------- sequences


def _recurrent(what: Task, device: str) -> Contender:
    torch: Any = torch_or_reason()[0]
    kind, tensors = RECURRENT[what.kata], tensor_arguments(what, device)
    xs, states = tensors["xs"], [tensors[name] for name in ("h0", "c0") if name in tensors]
    module = getattr(torch.nn, kind)(xs.shape[2], states[0].shape[1], batch_first=True, device=device)
    bx = tensors.get("bx", tensors.get("b"))
    bh = tensors.get("bh", torch.zeros_like(bx))
    weights = _filled(
        torch, module, weight_ih_l0=tensors["Wx"].T, weight_hh_l0=tensors["Wh"].T, bias_ih_l0=bx, bias_hh_l0=bh
    )
    mine = weights if "bx" in tensors else weights[:3]
    inputs = [xs, *states]
    for tensor in inputs:
        tensor.requires_grad_()
    upstream = [torch.as_tensor(dout, device=device) for dout in what.upstream]

    def call():
        first = tuple(state[None] for state in states)
        hs, last = module(xs, first if kind == "LSTM" else first[0])
        out = (hs, last[1][0]) if kind == "LSTM" else (hs,)
        return out, torch.autograd.grad(out, [*inputs, *mine], upstream)

    def in_our_order(found):
        out, grads = found
        turned = [grad.T if n in (len(inputs), len(inputs) + 1) else grad for n, grad in enumerate(grads)]
        return answers((*out, *turned))

    return Contender(f"torch.nn.{kind}", "built-in", "torch", device, call, in_our_order)


def _filled(torch: Any, module: Any, **values) -> list:
    """The parameters of a module, with these values."""
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).copy_(torch.as_tensor(value))
    return [getattr(module, name) for name in values]


# ---------------------------------------------------------------------- steps of optimizers, and clipping


def _stepper(name: str, **settings) -> Callable[[Task, str], Contender]:
    """torch.optim's class `name` on the kata's parameters and gradients."""

    def make(what: Task, device: str) -> Contender:
        torch: Any = torch_or_reason()[0]
        tensors = tensor_arguments(what, device)
        params = tensors["params"]
        own = {key: torch.nn.Parameter(value) for key, value in params.items()}
        decay = what.arguments.get("lam", 0.0)
        groups = [
            {"params": [one for one in own.values() if one.ndim > 1], "weight_decay": decay},
            {"params": [one for one in own.values() if one.ndim == 1]},
        ]
        optimizer = getattr(torch.optim, name)(groups, lr=what.arguments["lr"], **settings)
        for key, one in own.items():
            one.grad = tensors["grads"][key]
        if "state" in what.arguments:  # all others have taken a first step too, from the same parameters
            optimizer.step()
            with torch.no_grad():
                for key, value in tensor_arguments(what, device)["params"].items():
                    own[key].copy_(value)

        def call():
            optimizer.step()
            return own

        def in_our_order(stepped):
            found = answers(stepped)
            return {f"0{key}": value.copy() for key, value in found.items()} if "state" in what.arguments else found

        return Contender(f"torch.optim.{name}", "built-in", "torch", device, call, in_our_order)

    return make


def _clip(what: Task, device: str) -> Contender:
    torch: Any = torch_or_reason()[0]
    tensors = tensor_arguments(what, device)
    own = {key: torch.nn.Parameter(torch.empty_like(value)) for key, value in tensors["grads"].items()}
    for key, one in own.items():
        one.grad = tensors["grads"][key]

    def call():
        return torch.nn.utils.clip_grad_norm_(own.values(), what.arguments["max_norm"])

    def in_our_order(norm):
        return answers(({key: one.grad for key, one in own.items()}, norm))

    return Contender("torch.nn.utils.clip_grad_norm_", "built-in", "torch", device, call, in_our_order)


def _multi_head(what: Task, device: str) -> Contender:
    torch: Any = torch_or_reason()[0]
    tensors = tensor_arguments(what, device)
    inputs = [tensors["x_q"].requires_grad_(), tensors["x_kv"].requires_grad_()]
    module = torch.nn.MultiheadAttention(inputs[0].shape[-1], tensors["G"], bias=False, batch_first=True, device=device)
    stacked = torch.cat([tensors[name].T for name in ("Wq", "Wk", "Wv")])
    _filled(torch, module, in_proj_weight=stacked)
    _filled(torch, module.out_proj, weight=tensors["Wo"].T)
    upstream = torch.as_tensor(what.upstream[0], device=device)
    wanted = [*inputs, module.in_proj_weight, module.out_proj.weight]

    def call():
        out, _ = module(inputs[0], inputs[1], inputs[1], need_weights=False)
        return out, torch.autograd.grad(out, wanted, upstream)

    def in_our_order(found):
        out, (dx_q, dx_kv, stacked, dWo) = found
        return answers((out, dx_q, dx_kv, *(part.T for part in stacked.chunk(3)), dWo.T))

    return Contender("torch.nn.MultiheadAttention", "built-in", "torch", device, call, in_our_order)


def encoder_layer(what: Task, device: str, compile: bool = False) -> Contender:
    """torch.nn's block with the norms first; with `compile`, under torch.compile, its time in `seconds_before`."""
    torch: Any = torch_or_reason()[0]
    tensors = tensor_arguments(what, device)
    x, params = tensors["x"].requires_grad_(), tensors["params"]
    (E, F), G = params["W1"].shape, tensors["G"]
    layer = torch.nn.TransformerEncoderLayer(E, G, F, 0.0, batch_first=True, norm_first=True, device=device)
    attention = layer.self_attn
    stacked = torch.cat([params[name].T for name in ("Wq", "Wk", "Wv")])
    where = _filled(torch, attention, in_proj_weight=stacked) + _filled(
        torch, attention.out_proj, weight=params["Wo"].T
    )
    _filled(torch, attention, in_proj_bias=0.0)  # the kata has no biases here
    _filled(torch, attention.out_proj, bias=0.0)
    for n, (norm, linear) in enumerate(((layer.norm1, layer.linear1), (layer.norm2, layer.linear2)), start=1):
        where += _filled(torch, norm, weight=params[f"gamma{n}"], bias=params[f"beta{n}"])
        where += _filled(torch, linear, weight=params[f"W{n}"].T, bias=params[f"b{n}"])
    upstream = torch.as_tensor(what.upstream[0], device=device)
    run = torch.compile(layer) if compile else layer

    def call():
        out = run(x)
        return out, torch.autograd.grad(out, [x, *where], upstream)

    def in_our_order(found):
        out, (dx, stacked, dWo, *rest) = found
        grads = dict(zip(("Wq", "Wk", "Wv"), (part.T for part in stacked.chunk(3)), strict=True)) | {"Wo": dWo.T}
        for n in (1, 2):
            named = zip((f"gamma{n}", f"beta{n}", f"W{n}", f"b{n}"), rest[4 * n - 4 : 4 * n], strict=True)
            grads |= {name: grad.T if name[0] == "W" else grad for name, grad in named}
        return answers((out, dx, grads))

    started = clock()
    if compile:
        call()
    kind = (
        ("torch.nn.TransformerEncoderLayer, compiled", "compiled")
        if compile
        else ("torch.nn.TransformerEncoderLayer", "built-in")
    )
    return Contender(*kind, "torch", device, call, in_our_order, clock() - started if compile else 0.0)


OTHERS: dict[str, Callable[[Task, str], Contender]] = {
    "sgd.sgd_step": _stepper("SGD"),
    "l2.weight_decay_step": _stepper("SGD"),
    "optimizers.momentum_step": _stepper("SGD", momentum=0.9),
    "optimizers.adam_step": _stepper("Adam"),
    "gradient_flow.clip_by_global_norm": _clip,
    "multi_head.multi_head_attention": _multi_head,
    "transformer_block.block": encoder_layer,
}
