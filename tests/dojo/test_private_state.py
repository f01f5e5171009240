"""A state that is its function's own business: of any form, never compared, never changed in place, carried on by replays."""

from collections import defaultdict
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from dojo.checking.calling import Caller
from dojo.checking.compare import Refused
from dojo.checking.guard import Guard
from dojo.checking.kata import Kata
from dojo.checking.reference import Reference
from dojo.checking.signatures import private, signatures
from dojo.checking.tracks import NumpyTrack
from dojo.diagnosis.evidence import Evidence, named_outputs
from dojo.diagnosis.other_arguments import with_argument
from dojo.diagnosis.predicting import nearby
from dojo.diagnosis.probes import probe

SOURCE = """
from collections import defaultdict
from typing import Any
import numpy as np

def follow(params: dict[str, np.ndarray], state: dict[str, Any], lr: float) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    state = {"sum": {key: value + state.get("sum", {}).get(key, 0.0) for key, value in params.items()}}
    params = {key: lr * value for key, value in state["sum"].items()}
    return params, state
"""
ANOTHER_FORM = """
def follow(params, state, lr):
    sums = defaultdict(float, state.get("kept", ()))
    for key in params:
        sums[key] = sums[key] + params[key]
    return {key: lr * sums[key] for key in params}, {"kept": sums, "steps": state.get("steps", 0) + 1}
"""
PARAMS = {"W": np.array([1.0, 2.0]), "b": np.array([3.0])}


@pytest.fixture
def reference() -> Reference:
    module = ModuleType("reference")
    exec(SOURCE, module.__dict__)
    own = signatures(module, SOURCE)
    return Reference(module, SOURCE, own, own)


@pytest.fixture(params=["numpy", "torch"])
def sample(request, reference):
    """`sample(source)`: a kata whose `follow` is that of `source`."""
    adapter = NumpyTrack()
    if request.param == "torch":
        pytest.importorskip("torch")
        from dojo.checking.torch_track import TorchTrack

        adapter = TorchTrack()

    def make(source: str = "") -> Kata:
        module = ModuleType("answer")
        exec(SOURCE + source, module.__dict__)
        tolerance = {"float64": 1e-9, "float32": 1e-5}
        return Kata("sample", Caller(adapter, module, reference, Guard(Kata)), tolerance)

    return make


def steps(kata: Kata, count: int, params=PARAMS):
    state = {}
    for _ in range(count):
        got, state = kata.follow(params, state, 0.5)
    return got, state


def test_a_dict_of_anything_is_private(reference):
    law = reference.signatures["follow"]
    assert private(law.annotations["state"]) and not private(law.annotations["params"])


@pytest.mark.parametrize("source", ["", ANOTHER_FORM])
def test_a_state_may_have_any_form(sample, source):
    kata = sample(source)
    got, _ = steps(kata, 3)
    kata.assert_close(got, {"W": np.array([1.5, 3.0]), "b": np.array([4.5])})


def test_a_state_keeps_its_kind_of_dict(sample):
    _, state = steps(sample(ANOTHER_FORM), 2)
    assert isinstance(state["kept"], defaultdict) and state["steps"] == 2


def test_a_state_must_be_a_dict(sample):
    kata = sample("def follow(params, state, lr):\n    return params, [1]\n")
    with pytest.raises(Refused, match="a list; a dict was expected") as raised:
        kata.follow(PARAMS, {}, 0.5)
    assert (raised.value.cause, raised.value.tensor) == ("wrong-type", "state")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("state['sum']['W'] += 1", r"changes its argument state\[sum\]\[W\]"),
        ("state['sum'].pop('W')", r"changes the keys of its argument state\[sum\]"),
        ("state['list'].append(1)", r"changes the length of its argument state\[list\]"),
        ("state['steps'] += 1", r"changes its argument state\[steps\]"),
        ("state['pair'][1][0] = 7", r"changes its argument state\[pair\]\[1\]"),
    ],
)
def test_a_state_that_is_changed_in_place_is_refused(sample, change, complaint):
    kata = sample(f"def follow(params, state, lr):\n    {change}\n    return params, state\n")
    state = {"sum": {"W": np.ones(2)}, "list": [], "steps": 1, "pair": (1, np.zeros(1))}
    with pytest.raises(Refused, match=complaint) as raised:
        kata.follow(PARAMS, state, 0.5)
    assert raised.value.cause == "mutates-input"


def test_a_state_of_another_float_hides_no_drift(sample):
    kata = sample()
    single = {key: value.astype(np.float32) for key, value in PARAMS.items()}
    with pytest.raises(Refused, match="is float64; its arguments are float32"):
        kata.follow(single, {"sum": {key: value.astype(float) for key, value in PARAMS.items()}}, 0.5)


def test_a_replay_carries_the_state_of_whoever_answers(sample, reference):
    kata = sample(ANOTHER_FORM)
    steps(kata, 3)
    law, last = reference.signatures["follow"], kata.calls[-1]
    found = named_outputs(law, reference.function("follow"), last)  # knows nothing of "kept"
    assert set(found) == {"params[W]", "params[b]"}
    np.testing.assert_allclose(found["params[W]"], [1.5, 3.0])
    again = kata.caller.again(last)
    np.testing.assert_allclose(again["params[W]"], [1.5, 3.0])


def test_a_replay_on_other_numbers_changes_the_steps_before_too(sample, reference):
    kata = sample(ANOTHER_FORM)
    steps(kata, 3)
    law, near = reference.signatures["follow"], nearby(kata.calls[-1], np.random.default_rng(0))
    first = near.carried.call.carried.call
    assert first.carried is None and not np.array_equal(first.args[0]["W"], PARAMS["W"])
    theirs, mine = named_outputs(law, reference.function("follow"), near), kata.caller.again(near)
    np.testing.assert_allclose(theirs["params[W]"], mine["params[W]"])


def test_a_replay_with_another_state_forgets_the_steps_before(sample, reference):
    kata = sample()
    steps(kata, 3)
    call = with_argument(kata.calls[-1], 1, lambda state: {})
    found = named_outputs(reference.signatures["follow"], reference.function("follow"), call)
    np.testing.assert_allclose(found["params[W]"], [0.5, 1.0])


# ---------------------------------------------------------------------- what the probes make of it

LATE = """
def follow(params, state, lr):
    old = state.get("old", {key: 0 * value for key, value in params.items()})
    return {key: lr * old[key] + 0 * params[key] for key in params}, {"old": params}
"""
DEAF = """
def follow(params, state, lr):
    sums = {key: value + state.get(key, 0.0) for key, value in params.items()}
    return {key: 0.5 * value for key, value in sums.items()}, sums
"""


def unused(kata: Kata, reference: Reference, lr: float) -> list[str]:
    """What the probes call unused when two steps have been taken."""
    state = {}
    for _ in range(2):
        _, state = kata.follow(PARAMS, state, lr)
    loaded = SimpleNamespace(reference=reference, spec=SimpleNamespace(tolerance={"float64": 1e-9, "float32": 1e-5}))
    result = SimpleNamespace(calls=kata.calls[:2], test="test_follow")
    evidence = Evidence(loaded, "follow", [result])
    return [match.says for match in probe(evidence, "params[W]", kata.caller.again) if match.cause == "argument-unused"]


def test_what_works_on_earlier_steps_only_is_not_unused(sample, reference):
    """At the first step there is nothing that lr could multiply, and at the second there is."""
    assert unused(sample(LATE), reference, 0.3) == []


def test_a_setting_that_no_step_listens_to_is_unused(sample, reference):
    assert unused(sample(DEAF), reference, 0.3) == ["lr makes no difference to the answer"]
