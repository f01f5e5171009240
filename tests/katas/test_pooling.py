"""pooling: the maximum and the mean of every window; overlaps, gaps, what is left over, ties, and both gradients."""

import numpy as np


def normal(seed, *shapes):
    """One random array of float64 for each shape."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def windows(x, size, stride):
    """For every complete window: where its number stands in the output, and where its pixels stand in `x`."""
    rows, columns = (range(0, side - size + 1, stride) for side in x.shape[2:])
    for n, c in np.ndindex(x.shape[:2]):
        for h, top in enumerate(rows):
            for v, left in enumerate(columns):
                yield (n, c, h, v), (n, c, slice(top, top + size), slice(left, left + size))


def pooled(reduce, x, size, stride):
    """One window after the other."""
    found = {place: reduce(x[pixels]) for place, pixels in windows(x, size, stride)}
    out = np.empty([1 + last for last in max(found)], x.dtype)
    for place, value in found.items():
        out[place] = value
    return out


def max_back(dout, x, size, stride):
    """The gradient of the maxima: the first pixel in row-major order that reaches each."""
    dx = np.zeros_like(x)
    for place, pixels in windows(x, size, stride):
        first = next(spot for spot in np.ndindex(size, size) if x[pixels][spot] == x[pixels].max())
        dx[pixels][first] += dout[place]
    return dx


def avg_back(dout, x, size, stride):
    """The gradient of the means: the same share for every pixel of a window."""
    dx = np.zeros_like(x)
    for place, pixels in windows(x, size, stride):
        dx[pixels] += dout[place] / (size * size)
    return dx


BY_HAND = np.array([[[[1.0, 2.0, 5.0, 3.0], [4.0, 0.0, 2.0, 6.0]]]])
GRID = [(2, 2), (2, 1), (3, 2), (1, 2), (2, 3), (4, 1)]  # side by side, overlapping, and with gaps


def test_max_pool2d_by_hand(kata):
    kata.assert_close(kata.max_pool2d(BY_HAND, 2, 2), [[[[4, 6]]]])
    kata.assert_close(kata.max_pool2d(BY_HAND, 2, 1), [[[[4, 5, 6]]]])


def test_max_pool2d_is_the_maximum_of_each_window(kata):
    (x,) = normal(0, (2, 3, 4, 6))
    for size, stride in GRID:
        kata.assert_close(kata.max_pool2d(x, size, stride), pooled(np.max, x, size, stride))


def test_max_pool2d_leaves_out_windows_that_would_reach_beyond_the_image(kata):
    (x,) = normal(1, (2, 3, 5, 8))
    x[:, :, 4:], x[:, :, :, 6:] = 99.0, 99.0
    for size, stride in [(2, 2), (3, 3), (4, 3)]:
        kata.assert_close(kata.max_pool2d(x, size, stride), pooled(np.max, x, size, stride))


def test_max_pool2d_of_negative_numbers_is_negative(kata):
    (x,) = normal(2, (2, 1, 5, 4))
    x = -5 - np.abs(x)
    kata.assert_close(kata.max_pool2d(x, 3, 2), pooled(np.max, x, 3, 2))


def test_max_pool2d_takes_size_1(kata):
    (x,) = normal(3, (1, 1, 3, 4))
    kata.assert_close(kata.max_pool2d(x, 1, 1), x)
    kata.assert_close(kata.max_pool2d(x[:, :, :1, :1], 1, 5), x[:, :, :1, :1])
    kata.assert_close(kata.max_pool2d(x[..., :3], 3, 1), [[[[x[..., :3].max()]]]])


def test_max_pool2d_survives_extreme_values(kata):
    x = np.array(
        [[[[-1e300, -2e300, 1e-300], [-1e300, -1e300, 0.0]]], [[[-np.inf, -3.0, -np.inf], [-4.0, -5.0, -1e300]]]]
    )
    kata.assert_close(kata.max_pool2d(x[:1], 2, 1) / 1e300, [[[[-1, 0]]]])
    kata.assert_close(kata.max_pool2d(x[1:], 2, 1), [[[[-3, -3]]]])


def test_max_pool2d_keeps_float32(kata):
    x = normal(4, (2, 3, 5, 4))[0].astype(np.float32)
    kata.assert_close(kata.max_pool2d(x, 2, 2), pooled(np.max, x, 2, 2))


def test_max_pool2d_backward_by_hand(kata):
    dx = kata.grads("max_pool2d", np.array([[[[10.0, 1.0]]]]), BY_HAND, 2, 2)
    kata.assert_close(dx, [[[[0, 0, 0, 0], [10, 0, 0, 1]]]])


def test_max_pool2d_backward_agrees_with_central_differences(kata):
    x, dout = normal(5, (2, 2, 4, 3), (2, 2, 2, 1))
    kata.assert_gradients("max_pool2d", dout, x, 2, 2)


def test_max_pool2d_backward_adds_up_where_windows_overlap(kata):
    x = np.array([[[[0.0, 9.0, 0.0, 1.0], [1.0, 2.0, 3.0, 4.0]]]])
    dx = kata.grads("max_pool2d", np.array([[[[10.0, 5.0, 2.0]]]]), x, 2, 1)
    kata.assert_close(dx, [[[[0, 15, 0, 0], [0, 0, 0, 2]]]])
    x, dout = normal(6, (2, 3, 4, 5), (2, 3, 2, 3))
    kata.assert_close(kata.grads("max_pool2d", dout, x, 3, 1), max_back(dout, x, 3, 1))


def test_max_pool2d_backward_gives_nothing_to_pixels_that_no_window_reaches(kata):
    for seed, (size, stride, out) in enumerate([(2, 2, (2, 3)), (2, 3, (2, 2)), (3, 3, (1, 2)), (1, 4, (2, 2))]):
        x, dout = normal(seed, (2, 3, 5, 7), (2, 3, *out))
        kata.assert_close(kata.grads("max_pool2d", dout, x, size, stride), max_back(dout, x, size, stride))


def test_max_pool2d_backward_gives_a_tie_to_the_first_in_row_major_order(kata):
    x = np.array([[[[0.0, 7.0, 3.0, 3.0], [7.0, 7.0, 3.0, 3.0], [1.0, 2.0, 0.0, 0.0], [2.0, 0.0, 5.0, 5.0]]]])
    dx = kata.grads("max_pool2d", np.array([[[[10.0, 20.0], [30.0, 40.0]]]]), x, 2, 2)
    kata.assert_close(dx, [[[[0, 10, 20, 0], [0, 0, 0, 0], [0, 30, 0, 0], [0, 0, 40, 0]]]])
    x, dout = np.random.default_rng(7).integers(0, 3, size=(2, 3, 6, 5)).astype(float), normal(7, (2, 3, 4, 3))[0]
    kata.assert_close(kata.grads("max_pool2d", dout, x, 3, 1), max_back(dout, x, 3, 1))


def test_max_pool2d_backward_takes_size_1(kata):
    x, dout = normal(8, (1, 1, 3, 4), (1, 1, 3, 4))
    kata.assert_close(kata.grads("max_pool2d", dout, x, 1, 1), dout)
    kata.assert_close(kata.grads("max_pool2d", dout[..., :1, :1], x[..., :1, :1], 1, 3), dout[..., :1, :1])


def test_max_pool2d_backward_survives_extreme_values(kata):
    x = np.array([[[[-1e300, -np.inf, 5.0], [-np.inf, -np.inf, 1e300]]]])
    kata.assert_close(kata.grads("max_pool2d", np.array([[[[2.0, -3.0]]]]), x, 2, 1), [[[[2, 0, 0], [0, 0, -3]]]])


def test_max_pool2d_backward_keeps_float32(kata):
    x, dout = (array.astype(np.float32) for array in normal(9, (2, 3, 5, 4), (2, 3, 2, 2)))
    kata.assert_close(kata.grads("max_pool2d", dout, x, 2, 2), max_back(dout, x, 2, 2))


def test_avg_pool2d_by_hand(kata):
    kata.assert_close(kata.avg_pool2d(BY_HAND, 2, 2), [[[[1.75, 4]]]])
    kata.assert_close(kata.avg_pool2d(BY_HAND, 2, 1), [[[[1.75, 2.25, 4]]]])


def test_avg_pool2d_is_the_mean_of_each_window(kata):
    (x,) = normal(10, (2, 3, 4, 6))
    for size, stride in GRID:
        kata.assert_close(kata.avg_pool2d(x, size, stride), pooled(np.mean, x, size, stride))


def test_avg_pool2d_leaves_out_windows_that_would_reach_beyond_the_image(kata):
    (x,) = normal(11, (2, 3, 5, 8))
    for size, stride in [(2, 2), (3, 3), (4, 3)]:
        kata.assert_close(kata.avg_pool2d(x, size, stride), pooled(np.mean, x, size, stride))


def test_avg_pool2d_takes_size_1(kata):
    (x,) = normal(12, (1, 1, 3, 4))
    kata.assert_close(kata.avg_pool2d(x, 1, 1), x)
    kata.assert_close(kata.avg_pool2d(x[..., :3], 3, 1), [[[[x[..., :3].mean()]]]])


def test_avg_pool2d_survives_extreme_values(kata):
    x = np.array([[[[1e300, -1e300, 0.0], [-1e-300, 1e-300, 4e300]]]])
    kata.assert_close(kata.avg_pool2d(x, 2, 1) / 1e300, [[[[0, 0.75]]]])


def test_avg_pool2d_keeps_float32(kata):
    x = normal(13, (2, 3, 5, 4))[0].astype(np.float32)
    kata.assert_close(kata.avg_pool2d(x, 3, 1), pooled(np.mean, x, 3, 1))


def test_avg_pool2d_backward_by_hand(kata):
    dx = kata.grads("avg_pool2d", np.array([[[[8.0, 4.0, -4.0]]]]), BY_HAND, 2, 1)
    kata.assert_close(dx, [[[[2, 3, 0, -1], [2, 3, 0, -1]]]])


def test_avg_pool2d_backward_agrees_with_central_differences(kata):
    x, dout = normal(14, (2, 2, 4, 3), (2, 2, 3, 2))
    kata.assert_gradients("avg_pool2d", dout, x, 2, 1)


def test_avg_pool2d_backward_agrees_with_loops(kata):
    for seed, (size, stride, out) in enumerate([(2, 2, (2, 3)), (3, 1, (3, 5)), (3, 2, (2, 3)), (1, 3, (2, 3))]):
        x, dout = normal(seed, (2, 3, 5, 7), (2, 3, *out))
        kata.assert_close(kata.grads("avg_pool2d", dout, x, size, stride), avg_back(dout, x, size, stride))


def test_avg_pool2d_backward_gives_nothing_to_pixels_that_no_window_reaches(kata):
    for seed, (size, stride, out) in enumerate([(2, 3, (2, 3)), (3, 3, (1, 2)), (2, 5, (1, 2))]):
        x, dout = normal(seed, (2, 3, 5, 8), (2, 3, *out))
        kata.assert_close(kata.grads("avg_pool2d", dout, x, size, stride), avg_back(dout, x, size, stride))


def test_avg_pool2d_backward_takes_size_1(kata):
    x, dout = normal(15, (1, 1, 3, 4), (1, 1, 3, 4))
    kata.assert_close(kata.grads("avg_pool2d", dout, x, 1, 1), dout)


def test_avg_pool2d_backward_survives_extreme_values(kata):
    x, dout = np.array([[[[1e300, -1e300], [0.0, 1.0]]]]), np.array([[[[4e300]]]])
    kata.assert_close(kata.grads("avg_pool2d", dout, x, 2, 2) / 1e300, np.ones((1, 1, 2, 2)))


def test_avg_pool2d_backward_keeps_float32(kata):
    x, dout = (array.astype(np.float32) for array in normal(16, (2, 3, 5, 4), (2, 3, 3, 2)))
    kata.assert_close(kata.grads("avg_pool2d", dout, x, 3, 1), avg_back(dout, x, 3, 1))
