"""The fixture `kata`: each of its methods lets a right answer pass and refuses a wrong one, on both tracks."""

from types import ModuleType

import numpy as np
import pytest

from dojo.checking.calling import Caller
from dojo.checking.calls import Ended
from dojo.checking.compare import Refused
from dojo.checking.guard import Guard
from dojo.checking.kata import Kata
from dojo.checking.reference import Reference, gradients_of_forward_only
from dojo.checking.signatures import signatures
from dojo.checking.tracks import NumpyTrack

TOLERANCE = {"float64": 1e-9, "float32": 1e-5}
HEAD = """
from collections.abc import Iterator
import numpy as np
from jaxtyping import Float, Int
"""
REFERENCE = f"""{HEAD}
def scale(x: Float[np.ndarray, "N D"], w: Float[np.ndarray, " D"]) -> Float[np.ndarray, "N D"]:
    if x.shape[-1:] != w.shape:
        raise ValueError(f"{{x.shape}} and {{w.shape}}")
    return x * w

def scale_backward(dout: Float[np.ndarray, "N D"], x: Float[np.ndarray, "N D"], w: Float[np.ndarray, " D"]) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " D"]]:
    return dout * w, (dout * x).sum(axis=0)

def total(x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, ""]:
    return x.sum()

def total_backward(dout: Float[np.ndarray, ""], x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
    return np.full_like(x, dout)

def step(params: dict[str, np.ndarray], lr: float) -> dict[str, np.ndarray]:
    return {{key: value - lr for key, value in params.items()}}

def batches(x: Float[np.ndarray, "N D"], size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(x), size):
        yield x[start : start + size]

def shuffle(x: Float[np.ndarray, "N D"], rng: np.random.Generator) -> Float[np.ndarray, "N D"]:
    return x[rng.permutation(len(x))]

def names(count: int) -> list:
    return ["a"] * count

def of(f, x: Float[np.ndarray, "N D"]) -> float:
    return f(x)

def halves(x: Float[np.ndarray, "N D"], two: bool) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, "N D"] | None]:
    return x / 2, x / 2 if two else None
"""
X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
W = np.array([2.0, 3.0, 5.0])
DOUT = np.array([[0.3, -0.7, 1.1], [2.0, 0.1, -0.4]])


def load(source: str, name: str) -> ModuleType:
    module = ModuleType(name)
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)
    return module


@pytest.fixture(scope="module")
def reference() -> Reference:
    module = load(REFERENCE, "reference")
    own = signatures(module, REFERENCE)
    return Reference(module, REFERENCE, own, own | gradients_of_forward_only(own))


@pytest.fixture(params=["numpy", "torch"])
def both(request, reference):
    """`both(source)`: a kata on either track; `source` overrides functions of the right answer. `{t}` is the track's module."""
    return lambda source="": make(request.param, reference, source)


@pytest.fixture
def on_numpy(reference):
    """`on_numpy(source)`: the same on the numpy track."""
    return lambda source="": make("numpy", reference, source)


@pytest.fixture
def on_torch(reference):
    """`on_torch(source)`: the same on the torch track."""
    return lambda source="": make("torch", reference, source)


def make(track: str, reference: Reference, source: str) -> Kata:
    if track == "numpy":
        right, adapter = REFERENCE, NumpyTrack()
    else:
        pytest.importorskip("torch")
        from dojo.checking.torch_track import TorchTrack

        right = "import torch\n" + REFERENCE.replace("rng.permutation(len(x))", "torch.randperm(len(x), generator=rng)")
        right, adapter = right.replace("tuple(x.shape)", "x.shape"), TorchTrack()
        right = right.replace("{x.shape} and {w.shape}", "{tuple(x.shape)} and {tuple(w.shape)}")
    module = load(right, "answer")
    exec(source.replace("{t}", track), module.__dict__)
    return Kata("sample", Caller(adapter, module, reference, Guard(Kata)), TOLERANCE)


# ---------------------------------------------------------------------- assert_close


def test_close_values_pass(both):
    kata = both()
    kata.assert_close(kata.scale(X, W), X * W)
    kata.assert_close(kata.scale(X, W), (X * W + 1e-12).tolist())
    kata.assert_close(kata.total(X), X.sum())


def test_values_off_by_more_than_the_tolerance_are_refused(both):
    kata = both("def scale(x, w):\n    return x * w + 1e-6\n")
    with pytest.raises(Refused, match=r"is \(N=2, D=3\) as it should be; 6 of 6 values differ") as raised:
        kata.assert_close(kata.scale(X, W), X * W)
    assert raised.value.function == "scale"
    assert raised.value.tensor is None


def test_a_wider_tolerance_can_be_asked_for(both):
    kata = both("def scale(x, w):\n    return x * w + 1e-6\n")
    kata.assert_close(kata.scale(X, W), X * W, rtol=1e-5)
    kata.assert_close(kata.scale(X, W), X * W, atol=1e-5)


def test_float32_has_its_own_tolerance(both):
    kata = both()
    x, w = X.astype(np.float32), W.astype(np.float32)
    kata.assert_close(kata.scale(x, w), X * W * (1 + 2e-6))
    with pytest.raises(Refused):
        kata.assert_close(kata.scale(X, W), X * W * (1 + 2e-6))


def test_a_tolerance_of_zero_is_taken_at_its_word(on_numpy):
    kata = on_numpy("def scale(x, w):\n    return x * w + 1e-13\n")
    with pytest.raises(Refused):
        kata.assert_close(kata.scale(X, W), X * W, rtol=0, atol=0)


def test_another_shape_is_refused_even_if_it_would_broadcast(both):
    kata = both("def scale(x, w):\n    return (x * w)[:1]\n")
    with pytest.raises(Refused, match=r"has shape \(1, 3\); \(N=2, D=3\) was expected"):
        kata.assert_close(kata.scale(X, W), np.broadcast_to(X[:1] * W, (2, 3)))


def test_one_wrong_value_is_placed(both):
    kata = both("def scale(x, w):\n    out = x * w\n    out[1, 2] = 7\n    return out\n")
    with pytest.raises(Refused, match=r"1 of 6 values differ.*at \[1, 2\] it is 7, expected -5"):
        kata.assert_close(kata.scale(X, W), X * W)


def test_nan_and_infinities_must_stand_where_they_are_expected(both):
    x = np.array([[np.inf, -np.inf, np.nan], [1.0, 1.0, 1.0]])
    kata = both()
    kata.assert_close(kata.scale(x, W), x * W)
    for wrong in (-x, np.where(np.isnan(x), 0, x), np.where(np.isinf(x), 1e300, x), np.full_like(x, np.nan)):
        with pytest.raises(Refused):
            kata.assert_close(kata.scale(x, W), wrong * W)


def test_nan_among_the_values_is_counted(both):
    kata = both("def scale(x, w):\n    return x * w * float('nan')\n")
    with pytest.raises(Refused, match="6 of them nan"):
        kata.assert_close(kata.scale(X, W), X * W)


def test_tuples_are_compared_part_by_part(both):
    kata = both()
    got = kata.grads("scale", DOUT, X, W)
    kata.assert_close(got, (DOUT * W, (DOUT * X).sum(axis=0)))
    with pytest.raises(Refused) as raised:
        kata.assert_close(got, (DOUT * W, (DOUT * X).mean(axis=0)))
    assert raised.value.tensor == "dw"


def test_tuples_of_another_length_are_refused(both):
    kata = both()
    with pytest.raises(Refused, match="has 2 parts; 3 were expected"):
        kata.assert_close(kata.grads("scale", DOUT, X, W), (X, W, W))


def test_dicts_are_compared_key_by_key(both):
    kata = both()
    params = {"W": X, "b": W}
    kata.assert_close(kata.step(params, 0.5), {"b": W - 0.5, "W": X - 0.5})
    with pytest.raises(Refused) as raised:
        kata.assert_close(kata.step(params, 0.5), {"W": X - 0.5, "b": W + 0.5})
    assert raised.value.tensor == "out[b]"


@pytest.mark.parametrize("change", ["out.pop('b')", "out['extra'] = out['b']"])
def test_dicts_with_other_keys_are_refused(both, change):
    kata = both(
        f"def step(params, lr):\n    out = {{k: v - lr for k, v in params.items()}}\n    {change}\n    return out\n"
    )
    with pytest.raises(Refused, match="the keys W, b were expected"):
        kata.assert_close(kata.step({"W": X, "b": W}, 0.5), {"W": X - 0.5, "b": W - 0.5})


def test_what_a_test_computed_itself_is_put_down_to_the_latest_call(both):
    kata = both()
    out = kata.scale(X, W)
    with pytest.raises(Refused) as raised:
        kata.assert_close(out.sum(), 0.0)
    assert raised.value.function == "scale"


def test_text_and_lists_are_compared_by_equality(on_numpy):
    kata = on_numpy()
    kata.assert_close(kata.names(2), ["a", "a"])
    with pytest.raises(Refused, match="is 'a'; 'b' was expected"):
        kata.assert_close(kata.names(2), ["a", "b"])


def test_a_number_where_text_is_expected_is_refused(both):
    kata = both()
    with pytest.raises(Refused, match=r"is 5.5; 'five' was expected"):
        kata.assert_close(kata.total(X), "five")


def test_parts_of_different_shapes_are_no_array(both):
    kata = both()
    with pytest.raises(Refused, match="has parts of different shapes; an array of float64 was expected"):
        kata.assert_close(kata.batches(np.ones((3, 2)), 2), np.ones((3, 2)))


# ---------------------------------------------------------------------- gradients


def test_right_gradients_agree_with_central_differences(both):
    kata = both()
    kata.assert_gradients("scale", DOUT, X, W)
    kata.assert_gradients("total", np.array(1.7), X)


def test_a_wrong_backward_is_refused_by_tensor(on_numpy):
    kata = on_numpy("def scale_backward(dout, x, w):\n    return dout * w, (dout * x).mean(axis=0)\n")
    with pytest.raises(Refused) as raised:
        kata.assert_gradients("scale", DOUT, X, W)
    assert raised.value.function == "scale_backward"
    assert raised.value.tensor == "dw"


def test_a_detached_factor_is_refused_by_tensor(on_torch):
    kata = on_torch("def scale(x, w):\n    return x * w.detach()\n")
    with pytest.raises(Refused) as raised:
        kata.assert_gradients("scale", DOUT, X, W)
    assert raised.value.function == "scale"
    assert raised.value.tensor == "dw"


def test_a_cut_graph_is_named(on_torch):
    kata = on_torch("def scale(x, w):\n    return (x * w).detach()\n")
    with pytest.raises(Refused, match="the graph is cut") as raised:
        kata.grads("scale", DOUT, X, W)
    assert raised.value.cause == "graph-broken"


def test_central_differences_are_those_of_the_formula_not_of_the_answer(on_numpy):
    kata = on_numpy("def scale(x, w):\n    return 2 * x * w\n")
    kata.assert_gradients("scale", DOUT, X, W)


def test_grads_is_a_bare_array_when_there_is_one(both):
    got = both().grads("total", np.array(2.0), X)
    assert isinstance(got, np.ndarray)
    np.testing.assert_array_equal(got, np.full((2, 3), 2.0))


def test_a_forward_without_backward_gets_its_gradient_from_autograd_only(on_torch):
    kata = on_torch("def shuffle(x, rng):\n    return x.flip(0)\n")
    np.testing.assert_array_equal(kata.grads("shuffle", DOUT, X, kata.rng(0)), DOUT[::-1])


# ---------------------------------------------------------------------- refuses


def test_a_refusal_that_names_the_shapes_passes(both):
    both().refuses("scale", X, np.ones(2))


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("return x[:, :1] * w[:1]", r"lets shapes \(2, 3\), \(2,\) through; a ValueError was expected"),
        ("raise ValueError('no')", r'but its message, "no", does not contain \(2, 3\) and \(2,\)'),
        ("raise ValueError(str(tuple(x.shape)))", r"does not contain \(2,\)"),
        ("raise TypeError('no')", "with TypeError; a ValueError of its own was expected"),
        ("return None", "lets shapes"),
    ],
)
def test_a_refusal_that_is_none_is_refused(both, answer, complaint):
    kata = both(f"def scale(x, w):\n    {answer}\n")
    with pytest.raises(Refused, match=complaint) as raised:
        kata.refuses("scale", X, np.ones(2))
    assert raised.value.cause == "shape-not-checked"
    assert raised.value.function == "scale"


def test_a_refusal_can_be_asked_to_name_a_value(on_numpy):
    kata = on_numpy("def names(count):\n    raise ValueError(f'{count} is below 0')\n")
    kata.refuses("names", -7, naming="-7")
    with pytest.raises(Refused, match="does not contain -8") as raised:
        kata.refuses("names", -7, naming="-8")
    assert raised.value.cause == "range-not-checked"


def test_a_function_that_is_not_written_refuses_nothing(both):
    kata = both("def scale(x, w):\n    raise NotImplementedError('scale')\n")
    with pytest.raises(NotImplementedError):
        kata.refuses("scale", X, np.ones(2))


def test_leaving_the_process_is_no_refusal(both):
    kata = both("def scale(x, w):\n    raise SystemExit(0)\n")
    with pytest.raises(Ended, match="sys.exit"):
        kata.refuses("scale", X, np.ones(2))


def test_a_backward_is_not_asked_to_refuse_on_the_torch_track(on_torch, on_numpy):
    on_torch().refuses("scale_backward", DOUT, X, np.ones(2))
    with pytest.raises(Refused):
        on_numpy("def scale_backward(dout, x, w):\n    return x, x[0]\n").refuses("scale_backward", DOUT, X, np.ones(2))


# ---------------------------------------------------------------------- law, memory, generators


def test_a_law_that_holds_passes(both):
    both().law(np.bool_(True), "never seen", function="scale")


def test_a_law_that_does_not_hold_carries_what_was_seen(both):
    with pytest.raises(Refused, match="the rows add up to 2") as raised:
        both().law(False, "the rows add up to 2", function="scale", tensor="w", cause="not-normalised", says="why")
    refused = raised.value
    assert (refused.function, refused.tensor, refused.cause, refused.says) == ("scale", "w", "not-normalised", "why")


def test_a_law_about_a_backward_is_about_the_forward_on_torch(on_torch):
    with pytest.raises(Refused) as raised:
        on_torch().law(False, "too much", function="scale_backward")
    assert raised.value.function == "scale"


def test_memory_counts_what_the_gradient_makes(both):
    small = both().peak_memory("total", np.array(1.0), np.ones((2, 500)))
    source = "def total(x):\n    return (x[:, :, None] * x[:, None, :]).sum()\n"
    source += "def total_backward(dout, x):\n    return (x[:, :, None] * x[:, None, :]).sum(axis=2) * dout\n"
    large = both(source).peak_memory("total", np.array(1.0), np.ones((2, 500)))
    assert small < 100_000 < 3_900_000 < large


def test_random_generators_are_the_tracks_own_and_repeatable(both):
    kata = both()
    one, other = kata.shuffle(X, kata.rng(3)), kata.shuffle(X, kata.rng(3))
    np.testing.assert_array_equal(one, other)
    assert sorted(map(tuple, one)) == sorted(map(tuple, X))


def test_draws_are_many_results_of_one_recorded_call(both):
    kata = both()
    orders = kata.draws("shuffle", 20, X, kata.rng(0))
    assert len(orders) == 20 and len(kata.calls) == 1 and len({str(order) for order in orders}) == 2
    assert all(sorted(order.tolist()) == sorted(X.tolist()) for order in orders)


def test_a_kata_without_the_function_says_what_it_has(both):
    with pytest.raises(AttributeError, match="no function 'scael'; it has scale, scale_backward, total"):
        both().scael(X)


def test_an_answer_without_the_function_is_refused(both):
    with pytest.raises(Refused, match=r"the file has no function scale\(x, w\)"):
        both("del scale\n").scale(X, W)


# ---------------------------------------------------------------------- what an answer may not do


@pytest.mark.parametrize("change", ["x *= 2", "w[0] = 0", "x[0, 0] = float('nan')"])
def test_an_argument_that_changes_is_refused_by_name(both, change):
    kata = both(f"def scale(x, w):\n    out = x * w\n    {change}\n    return out\n")
    with pytest.raises(Refused, match=f"changes its argument {change[0]}") as raised:
        kata.scale(X, W)
    assert raised.value.cause == "mutates-input"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("params['W'] -= lr", r"changes its argument params\[W\]"),
        ("params['W'] = params['W'] - lr", r"changes its argument params\[W\]"),
        ("params.pop('W')", "changes the keys of its argument params"),
        ("params['new'] = 1", "changes the keys of its argument params"),
    ],
)
def test_a_dict_that_changes_is_refused(both, change, complaint):
    kata = both(f"def step(params, lr):\n    out = dict(params)\n    {change}\n    return out\n")
    with pytest.raises(Refused, match=complaint) as raised:
        kata.step({"W": X, "b": W}, 0.5)
    assert raised.value.cause == "mutates-input"


def test_the_tests_own_arrays_never_change(both):
    kata = both("def scale(x, w):\n    x *= 2\n    return x\n")
    x = X.copy()
    with pytest.raises(Refused):
        kata.scale(x, W)
    np.testing.assert_array_equal(x, X)


def test_an_answer_in_another_float_is_refused(both):
    kata = both("def scale(x, w):\n    return (x * w).astype('float64') if '{t}' == 'numpy' else (x * w).double()\n")
    with pytest.raises(Refused, match="is float64; its arguments are float32") as raised:
        kata.scale(X.astype(np.float32), W.astype(np.float32))
    assert raised.value.cause == "dtype-drift"
    kata.scale(X, W)


def test_a_dict_with_another_float_is_refused_by_key(on_numpy):
    kata = on_numpy("def step(params, lr):\n    return {key: value.astype(float) for key, value in params.items()}\n")
    with pytest.raises(Refused) as raised:
        kata.step({"b": W.astype(np.float32)}, 0.5)
    assert raised.value.cause == "dtype-drift"
    assert raised.value.tensor == "out[b]"


def test_a_scalar_may_have_any_float(on_numpy):
    kata = on_numpy("def total(x):\n    return float(x.sum())\n")
    kata.assert_close(kata.total(X.astype(np.float32)), X.sum())


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        ("None", "is None; np.ndarray was expected"),
        ("x.tolist()", "is a list; np.ndarray was expected"),
        ("'text'", "is a str; np.ndarray was expected"),
        ("(x * w, None)", "is a tuple; np.ndarray was expected"),
        ("np.array([None])", "is an array of objects; np.ndarray was expected"),
        ("(x * w).astype(complex)", "is an array of complex128; np.ndarray was expected"),
    ],
)
def test_an_answer_of_another_type_is_refused(on_numpy, result, complaint):
    with pytest.raises(Refused, match=complaint) as raised:
        on_numpy(f"def scale(x, w):\n    return {result}\n").scale(X, W)
    assert raised.value.cause == "wrong-type"


def test_a_tensor_on_the_numpy_track_is_refused(on_numpy):
    pytest.importorskip("torch")
    with pytest.raises(Refused, match="is a torch tensor; np.ndarray was expected"):
        on_numpy("def scale(x, w):\n    import torch\n    return torch.tensor(x)\n").scale(X, W)


def test_an_array_on_the_torch_track_is_refused(on_torch):
    with pytest.raises(Refused, match="is an array of float64; torch.Tensor was expected") as raised:
        on_torch("def scale(x, w):\n    return (x * w).numpy()\n").scale(X, W)
    assert raised.value.cause == "wrong-type"


def test_a_list_where_a_dict_belongs_is_refused(both):
    with pytest.raises(Refused, match="returns a list; a dict was expected") as raised:
        both("def step(params, lr):\n    return list(params)\n").step({"W": X}, 0.5)
    assert raised.value.cause == "wrong-type"


def test_none_is_an_answer_where_the_annotation_allows_it_and_nowhere_else(both):
    kata = both()
    kata.assert_close(kata.halves(X, True), (X / 2, X / 2))
    kata.assert_close(kata.halves(X, False), (X / 2, None))
    with pytest.raises(Refused, match="was expected"):
        kata.assert_close(kata.halves(X, True), (X / 2, None))
    with pytest.raises(Refused, match="is None"):
        both("def halves(x, two):\n    return None, x\n").halves(X, True)


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        ("dout * w", r"returns an array of float64; 2 were expected: \(dx, dw\)"),
        ("None", r"returns None; 2 were expected: \(dx, dw\)"),
        ("(dout * w,)", r"returns 1 values; 2 were expected: \(dx, dw\)"),
        ("(dout * w, w, w)", r"returns 3 values; 2 were expected: \(dx, dw\)"),
    ],
)
def test_another_number_of_gradients_is_refused_with_their_names(on_numpy, result, complaint):
    with pytest.raises(Refused, match=complaint) as raised:
        on_numpy(f"def scale_backward(dout, x, w):\n    return {result}\n").grads("scale", DOUT, X, W)
    assert raised.value.cause == "wrong-type"


def test_a_list_of_gradients_is_as_good_as_a_tuple(on_numpy):
    kata = on_numpy("def scale_backward(dout, x, w):\n    return [dout * w, (dout * x).sum(axis=0)]\n")
    kata.assert_gradients("scale", DOUT, X, W)


# ---------------------------------------------------------------------- iterators, callbacks, prints, ends


def test_an_iterator_comes_as_a_list_of_its_items(both):
    found = both().batches(X, 1)
    assert isinstance(found, list)
    np.testing.assert_array_equal(found, [X[:1], X[1:]])


def test_an_endless_iterator_is_refused(both):
    with pytest.raises(Refused, match="yields more than 100,000 items"):
        both("def batches(x, size):\n    while True:\n        yield x\n").batches(X, 1)


def test_a_list_where_an_iterator_belongs_is_refused(both):
    with pytest.raises(Refused, match="returns a list; an iterator was expected"):
        both("def batches(x, size):\n    return [x]\n").batches(X, 1)


def test_what_an_iterator_raises_comes_out_of_the_call(both):
    kata = both("def batches(x, size):\n    yield x\n    raise KeyError('late')\n")
    with pytest.raises(KeyError):
        kata.batches(X, 1)
    assert isinstance(kata.calls[-1].error, KeyError)


def test_a_callback_of_the_test_sees_numpy(both):
    seen = []

    def f(x):
        seen.append(type(x))
        return float(np.sum(x))

    assert float(both().of(f, X)) == X.sum()
    assert seen == [np.ndarray]


def test_what_an_answer_prints_is_kept_and_not_shown(both, capsys):
    kata = both("def scale(x, w):\n    print('here', len(x))\n    return x * w\n")
    kata.scale(X, W)
    assert kata.calls[-1].printed == "here 2\n"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("end", "complaint"),
    [
        ("raise SystemExit(0)", "ends the process with sys.exit"),
        ("import pytest; pytest.skip('done')", "calls pytest.skip$"),
        ("import pytest; pytest.exit('done')", "calls pytest.exit$"),
        ("raise GeneratorExit", "raises GeneratorExit"),
    ],
)
def test_an_answer_cannot_end_the_run(both, end, complaint):
    kata = both(f"def scale(x, w):\n    {end}\n")
    with pytest.raises(Ended, match=complaint):
        kata.scale(X, W)


def test_an_exception_of_the_answer_goes_through_and_is_recorded(both):
    kata = both("def scale(x, w):\n    raise KeyError('b')\n")
    with pytest.raises(KeyError):
        kata.scale(X, W)
    (call,) = kata.calls
    assert isinstance(call.error, KeyError)
    assert call.traceback is not None


def test_replacing_what_the_judge_needs_is_undone_and_noted(on_numpy):
    before = np.testing.assert_allclose
    kata = on_numpy("def scale(x, w):\n    np.testing.assert_allclose = lambda *_, **__: None\n    return x * w\n")
    kata.scale(X, W)
    assert np.testing.assert_allclose is before
    assert "numpy.testing.assert_allclose" in kata.caller.notes["scale"]


def test_global_randomness_is_noted(on_numpy):
    kata = on_numpy("def scale(x, w):\n    np.random.normal()\n    return x * w\n")
    kata.scale(X, W)
    assert "global random state" in kata.caller.notes["scale"]


def test_every_call_is_recorded_before_it_runs_with_copies_of_its_arguments(both):
    kata = both()
    heard = []
    kata.caller.on_call = heard.append
    x = X.copy()
    kata.scale(x, W)
    x[:] = 0
    assert heard == ["scale"]
    np.testing.assert_array_equal(kata.calls[0].args[0], X)
    np.testing.assert_array_equal(kata.calls[0].outputs[None], X * W)
