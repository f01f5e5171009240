"""Whole training steps by built-ins: torch.nn with its optimizers, the same under torch.compile, and scikit-learn."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from dojo.bench.contenders import Contender, Task, answers, tensor_arguments
from dojo.bench.devices import clock, torch_or_reason

OPTIMIZERS = {"adam_step": "Adam", "adamw_step": "AdamW"}  # any other update is plain SGD
Built = tuple[Callable[[], Any], dict[str, tuple[Any, bool]]]


def _network(torch: Any, tensors: dict) -> Built:
    """The loss of linear layers with relu between them."""
    params, x, layers, where = tensors["params"], tensors["x"], [], {}
    for layer in range(1, len(params) // 2 + 1):
        linear = torch.nn.Linear(*params[f"W{layer}"].shape, device=x.device)
        where |= {f"W{layer}": (linear.weight, True), f"b{layer}": (linear.bias, False)}
        layers += [linear, torch.nn.ReLU()]
    module = torch.nn.Sequential(*layers[:-1])
    return lambda: torch.nn.functional.cross_entropy(module(x), tensors["labels"]), where


def _convnet(torch: Any, tensors: dict) -> Built:
    params, x, layers, where = tensors["params"], tensors["x"], [], {}
    for stage in "12":
        O, C, K, _ = params[f"w{stage}"].shape
        convolution = torch.nn.Conv2d(C, O, K, padding=K // 2, device=x.device)
        where |= {f"w{stage}": (convolution.weight, False), f"b{stage}": (convolution.bias, False)}
        layers += [convolution, torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    linear = torch.nn.Linear(*params["W3"].shape, device=x.device)
    where |= {"W3": (linear.weight, True), "b3": (linear.bias, False)}
    module = torch.nn.Sequential(*layers, torch.nn.Flatten(), linear)
    return lambda: torch.nn.functional.cross_entropy(module(x), tensors["labels"]), where


def _char_rnn(torch: Any, tensors: dict) -> Built:
    """The loss of a recurrent module that reads characters as one-hot rows, and a linear layer on its states."""
    params, ids, F = tensors["params"], tensors["ids"], torch.nn.functional
    (V, width), H = params["Wx"].shape, params["Wh"].shape[0]
    kind = {1: "RNN", 3: "GRU", 4: "LSTM"}[width // H]
    cell = getattr(torch.nn, kind)(V, H, batch_first=True, device=ids.device)
    head = torch.nn.Linear(H, V, device=ids.device)
    where = {"Wx": (cell.weight_ih_l0, True), "Wh": (cell.weight_hh_l0, True)}
    where |= {"Wy": (head.weight, True), "by": (head.bias, False)}
    if kind == "GRU":
        where |= {"bx": (cell.bias_ih_l0, False), "bh": (cell.bias_hh_l0, False)}
    else:  # two biases that are always added; the kata has one
        where |= {"b": (cell.bias_ih_l0, False)}
        torch.nn.init.zeros_(cell.bias_hh_l0).requires_grad_(False)

    def loss():
        hs, _ = cell(F.one_hot(ids, V).to(head.weight.dtype))
        return F.cross_entropy(head(hs).flatten(0, 1), tensors["targets"].flatten())

    return loss, where


MODELS: dict[str, Callable[[Any, dict], Built]] = {
    "backprop": _network,
    "network": _network,
    "convnet": _convnet,
    "char_rnn": _char_rnn,
}


def model(what: Task, device: str, compile: bool = False) -> Contender:
    """A torch.nn model of the kata's layers and numbers: loss, gradients and, for a model, the optimizer's step.

    With `compile`, under torch.compile, whose time stands in `seconds_before`; whatever the compiler raises goes through.
    """
    torch: Any = torch_or_reason()[0]
    tensors = tensor_arguments(what, device)
    loss_of, where = MODELS[what.kata](torch, tensors)
    with torch.no_grad():
        for name, (own, turned) in where.items():
            own.copy_(tensors["params"][name].T if turned else tensors["params"][name])
    own_parameters = [own for own, _ in where.values()]
    optimizer = getattr(torch.optim, OPTIMIZERS.get(what.work.update.partition(".")[2], "SGD"))(
        own_parameters, lr=what.extra.get("lr", 0.0)
    )
    started = clock()
    if compile:
        loss_of = torch.compile(loss_of)
        loss_of().backward()  # compiles both ways
    seconds = clock() - started if compile else 0.0

    def call():
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        if what.work.is_model:
            optimizer.step()
        return loss

    def in_our_order(loss):
        grads = {name: own.grad.T if turned else own.grad for name, (own, turned) in where.items()}
        stepped = {name: own.T if turned else own for name, (own, turned) in where.items()}
        return answers((loss, grads, stepped) if what.work.is_model else (loss, grads))

    name, kind = ("torch.nn, compiled", "compiled") if compile else ("torch.nn", "built-in")
    return Contender(name, kind, "torch", device, call, in_our_order, seconds)


def scikit_learn(what: Task) -> Contender:
    """MLPClassifier, with the kata's weights and its plain step on one batch; it does not show its gradients."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    x, labels, params = (what.arguments[name] for name in ("x", "labels", "params"))
    layers = range(1, len(params) // 2 + 1)
    settings: dict[str, Any] = {"solver": "sgd", "momentum": 0.0, "nesterovs_momentum": False, "alpha": 0.0}
    made = MLPClassifier(
        [params[f"b{layer}"].size for layer in layers[:-1]],
        **settings,
        shuffle=False,
        batch_size=len(x),
        learning_rate_init=what.extra["lr"],
        random_state=0,
    )
    classes = np.arange(params[f"b{layers[-1]}"].size)

    def call():
        made.partial_fit(x, labels, classes=classes)
        return made.loss_

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        call()  # it makes its arrays; the kata's numbers are written into them
    for layer, weights, biases in zip(layers, made.coefs_, made.intercepts_, strict=True):
        weights[...], biases[...] = params[f"W{layer}"], params[f"b{layer}"]

    def in_our_order(loss):
        found = {"0": np.asarray(loss)}
        for layer, weights, biases in zip(layers, made.coefs_, made.intercepts_, strict=True):
            found |= {f"2[W{layer}]": weights.copy(), f"2[b{layer}]": biases.copy()}
        return found

    return Contender("sklearn MLPClassifier", "built-in", "sklearn", "cpu", call, in_our_order)
