"""The reference with another argument in place of one: what stands for which mistake, by kind and name of the argument."""

from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from jaxtyping import Float

from dojo.checking.signatures import signature
from dojo.diagnosis.mutants import mutants
from dojo.diagnosis.other_arguments import FIXED, changes_of

NOTHING = SimpleNamespace(reference=SimpleNamespace(module=ModuleType("reference")))
K = np.arange(18.0).reshape(1, 2, 3, 3)


def f(x: Float[np.ndarray, "N C H W"], w: Float[np.ndarray, "O C K K"], stride: int, padding: int, eps: float):
    """A signature like that of a convolution."""


def changed(name: str, value) -> dict:
    """The value that stands for each cause in place of an argument; the last where there are several."""
    law = signature(f)
    changes = changes_of(name, law.parameters.index(name), law, NOTHING)
    return {cause: change(value) for cause, _, change in changes}


def test_a_kernel_may_be_turned_round_or_lie_on_its_side():
    values = changed("w", K)
    assert np.array_equal(values["kernel-flipped"], np.flip(K, (2, 3)))
    assert np.array_equal(values["transposed"], K.transpose(0, 1, 3, 2))


def test_an_image_is_no_kernel():
    assert "kernel-flipped" not in changed("x", np.ones((1, 2, 3, 4)))


@pytest.mark.parametrize(
    ("name", "cause", "value"), [("stride", "stride-ignored", 1), ("padding", "padding-ignored", 0)]
)
def test_a_step_or_border_may_be_ignored(name, cause, value):
    assert changed(name, 3) == {cause: value}


def test_an_eps_may_be_written_out():
    law = signature(f)
    causes = [(cause, change(0.5)) for cause, _, change in changes_of("eps", 4, law, NOTHING)]
    assert [value for cause, value in causes if cause == "argument-unused"] == list(FIXED)


def test_the_image_without_its_border_is_padding_that_is_ignored():
    world: dict = {"np": np}
    source = "def f(x):\n    padded = np.pad(x, 1)\n    return padded.sum() + padded.size\n"
    exec(source, world)
    made = [mutant for mutant in mutants(source, "f", world) if np.array_equal(mutant.function(np.ones((2, 3))), 12)]
    assert "padding-ignored" in {mutant.cause for mutant in made}
