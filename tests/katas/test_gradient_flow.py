"""Gradient norms by layer against a derivative by complex numbers, also where they vanish and explode; both clippings."""

import numpy as np

BOTH = {  # each function on numbers with an imaginary part
    "tanh": np.tanh,
    "relu": lambda z: np.where(z.real > 0, z, 0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}


def output(weights, x, activation):
    for W in weights:
        x = BOTH[activation](x @ W)
    return x


def norms(weights, x, dout, activation, layers=None, h=1e-30):
    """f(W + ih) = f(W) + ih·f'(W) + …: the imaginary part over h is the derivative, and nothing cancels."""
    found = []
    for l in layers or range(len(weights)):
        W, squares = weights[l], 0.0
        for index in np.ndindex(W.shape):
            moved = W.astype(complex)
            moved[index] += h * 1j
            out = output([*weights[:l], moved, *weights[l + 1 :]], x, activation)
            squares += (np.sum(dout * out.imag) / h) ** 2
        found.append(np.sqrt(squares))
    return np.array(found)


def make(seed, N, *sizes, gain=1.0):
    rng = np.random.default_rng(seed)
    weights = [gain * rng.normal(size=(D, M)) / np.sqrt(D) for D, M in zip(sizes[:-1], sizes[1:], strict=True)]
    return weights, rng.normal(size=(N, sizes[0])), rng.normal(size=(N, sizes[-1]))


def test_layer_gradient_norms_of_three_single_units(kata):
    weights = [np.array([[2.0]]), np.array([[3.0]]), np.array([[5.0]])]
    got = kata.layer_gradient_norms(weights, np.array([[1.0]]), np.array([[-1.0]]), "relu")
    kata.assert_close(got, [15.0, 10.0, 6.0])  # each time the product of the other two


def test_layer_gradient_norms_of_one_layer(kata):
    weights, x, dout = make(0, 4, 3, 2)
    expected = np.sqrt(((x.T @ (dout * (1 - np.tanh(x @ weights[0]) ** 2))) ** 2).sum())
    kata.assert_close(kata.layer_gradient_norms(weights, x, dout, "tanh"), [expected])


def test_layer_gradient_norms_of_three_layers_of_tanh(kata):
    weights, x, dout = make(1, 6, 4, 3, 5, 2)
    kata.assert_close(kata.layer_gradient_norms(weights, x, dout, "tanh"), norms(weights, x, dout, "tanh"))


def test_layer_gradient_norms_of_relu_and_of_sigmoid(kata):
    for activation in ("relu", "sigmoid"):
        weights, x, dout = make(2, 5, 2, 4, 3, gain=2.0)
        got = kata.layer_gradient_norms(weights, x, dout, activation)
        kata.assert_close(got, norms(weights, x, dout, activation))


def test_layer_gradient_norms_of_square_weights(kata):
    weights, x, dout = make(3, 4, 3, 3, 3, 3)
    kata.assert_close(kata.layer_gradient_norms(weights, x, dout, "tanh"), norms(weights, x, dout, "tanh"))


def test_layer_gradient_norms_are_zero_below_units_that_are_off(kata):
    weights = [np.array([[1.0, 2.0]]), np.array([[-1.0], [-3.0]])]
    got = kata.layer_gradient_norms(weights, np.array([[2.0], [1.0], [0.5]]), np.ones((3, 1)), "relu")
    kata.assert_close(got, [0.0, 0.0])


def test_layer_gradient_norms_survive_saturation(kata):
    weights, x, dout = [np.array([[1.0, -1.0]]), np.eye(2)], np.array([[1e4], [-1e4]]), np.ones((2, 2))
    for activation in ("tanh", "sigmoid"):
        first = kata.layer_gradient_norms(weights, x, dout, activation)[0]
        kata.assert_close(first, 0.0)


def test_layer_gradient_norms_see_a_gradient_vanish(kata):
    weights, x, dout = make(4, 3, *[2] * 31)
    got = kata.layer_gradient_norms(weights, x, dout, "sigmoid")
    kata.assert_close(got[[0, 14, 29]], norms(weights, x, dout, "sigmoid", [0, 14, 29]), rtol=1e-7, atol=0)
    kata.law(got[0] < 1e-15 * got[-1], f"runs from {got[0]:.1e} to {got[-1]:.1e}", function="layer_gradient_norms")


def test_layer_gradient_norms_see_a_gradient_explode(kata):
    rng = np.random.default_rng(5)
    weights, x, dout = [4 * rng.uniform(size=(2, 2)) for _ in range(30)], np.ones((3, 2)), np.ones((3, 2))
    got = kata.layer_gradient_norms(weights, x, dout, "relu")
    kata.assert_close(got[[0, 14, 29]], norms(weights, x, dout, "relu", [0, 14, 29]), rtol=1e-7, atol=0)
    kata.law(got.min() > 1e15, f"is {got.min():.1e} at least", function="layer_gradient_norms")


def test_layer_gradient_norms_keep_float32(kata):
    weights, x, dout = make(6, 5, 4, 3, 2)
    single = [W.astype(np.float32) for W in weights]
    got = kata.layer_gradient_norms(single, x.astype(np.float32), dout.astype(np.float32), "tanh")
    kata.assert_close(got, norms(weights, x, dout, "tanh"))


def some_grads(seed, scale=1.0):
    rng = np.random.default_rng(seed)
    shapes = {"W1": (3, 4), "b1": (4,), "kernel": (2, 3, 2, 1), "scale": ()}
    return {name: np.asarray(scale * rng.normal(size=shape)) for name, shape in shapes.items()}


def length(grads):
    return np.sqrt(sum(number**2 for grad in grads.values() for number in grad.ravel()))


def test_clip_by_value_cuts_off_both_ends(kata):
    grads = {"W1": np.array([[0.5, -3.0, 1e4], [2.0, -2.0, 0.0]]), "b1": np.array([-1e4, 1.5])}
    expected = {"W1": np.array([[0.5, -2.0, 2.0], [2.0, -2.0, 0.0]]), "b1": np.array([-2.0, 1.5])}
    kata.assert_close(kata.clip_by_value(grads, 2.0), expected)


def test_clip_by_value_takes_any_names_shapes_and_limits(kata):
    grads = some_grads(7)
    for limit in (0.3, 1.2):
        expected = {}
        for name, grad in grads.items():
            numbers = [max(-limit, min(limit, number)) for number in grad.ravel()]
            expected[name] = np.array(numbers).reshape(grad.shape)
        kata.assert_close(kata.clip_by_value(grads, limit), expected)


def test_clip_by_value_leaves_small_gradients_alone(kata):
    grads = some_grads(8)
    kata.assert_close(kata.clip_by_value(grads, 100.0), grads)


def test_clip_by_value_keeps_float32(kata):
    grads = {name: grad.astype(np.float32) for name, grad in some_grads(9).items()}
    kata.assert_close(kata.clip_by_value(grads, 0.5), {name: np.clip(grad, -0.5, 0.5) for name, grad in grads.items()})


def test_clip_by_global_norm_of_a_triangle(kata):
    got, norm = kata.clip_by_global_norm({"W1": np.array([[3.0, 0.0]]), "b1": np.array([-4.0])}, 2.0)
    kata.assert_close(got, {"W1": np.array([[1.2, 0.0]]), "b1": np.array([-1.6])}, rtol=1e-5)
    kata.assert_close(norm, 5.0)


def test_clip_by_global_norm_measures_all_gradients_together(kata):
    grads = some_grads(10, scale=3.0)
    got, norm = kata.clip_by_global_norm(grads, 5.0)
    kata.assert_close(got, {name: grad * (5.0 / length(grads)) for name, grad in grads.items()}, rtol=1e-5)
    kata.assert_close(norm, length(grads))


def test_clip_by_global_norm_leaves_shorter_gradients_alone(kata):
    grads = some_grads(11)
    got, norm = kata.clip_by_global_norm(grads, 1.5 * length(grads))
    kata.assert_close(got, grads)
    kata.assert_close(norm, length(grads))


def test_clip_by_global_norm_leaves_gradients_at_the_bound_alone(kata):
    grads = {"W1": np.array([[3.0, 0.0]]), "b1": np.array([-4.0])}
    got, norm = kata.clip_by_global_norm(grads, 5.0)
    kata.assert_close(got, grads, rtol=1e-5)
    kata.assert_close(norm, 5.0)


def test_clip_by_global_norm_of_nothing_but_zeros(kata):
    grads = {"W1": np.zeros((2, 3)), "b1": np.zeros(3)}
    got, norm = kata.clip_by_global_norm(grads, 1.0)
    kata.assert_close(got, grads)
    kata.assert_close(norm, 0.0)


def test_clip_by_global_norm_of_a_single_large_number(kata):
    got, norm = kata.clip_by_global_norm({"W1": np.array([[-1e4]])}, 0.5)
    kata.assert_close(got, {"W1": np.array([[-0.5]])}, rtol=1e-5)
    kata.assert_close(norm, 1e4)


def test_clip_by_global_norm_keeps_float32(kata):
    grads = {name: grad.astype(np.float32) for name, grad in some_grads(12, scale=3.0).items()}
    for bound in (5.0, 100.0):
        got, norm = kata.clip_by_global_norm(grads, bound)
        scale = np.float32(min(1.0, bound / length(grads)))
        kata.assert_close(got, {name: np.asarray(scale * grad) for name, grad in grads.items()})
        kata.assert_close(norm, length(grads))
