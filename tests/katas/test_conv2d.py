"""conv2d: a kernel slides over every channel of an image; strides, padding, what is left over, and three gradients."""

import numpy as np


def normal(seed, *shapes):
    """One random array of float64 for each shape."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def places(x, w, stride, padding):
    """The padded image, and for every place of the kernel its row and column there and in the output."""
    padded = np.zeros((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding), x.dtype)
    padded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]] = x
    rows, columns = (range(0, side - w.shape[2] + 1, stride) for side in padded.shape[2:])
    return padded, [(h, v, top, left) for h, top in enumerate(rows) for v, left in enumerate(columns)]


def slid(x, w, b, stride, padding):
    """The convolution, one number after the other."""
    padded, where = places(x, w, stride, padding)
    K, (*_, (h, v, _, _)) = w.shape[2], where
    out = np.empty((len(x), len(w), h + 1, v + 1), x.dtype)
    for h, v, top, left in where:
        for n, o in np.ndindex(len(x), len(w)):
            out[n, o, h, v] = b[o] + (padded[n, :, top : top + K, left : left + K] * w[o]).sum()
    return out


def slid_back(dout, x, w, stride, padding):
    """The three gradients, one number of the output after the other."""
    padded, where = places(x, w, stride, padding)
    K, H, W = w.shape[2], *x.shape[2:]
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros_like(w[:, 0, 0, 0])
    for h, v, top, left in where:
        for n, o in np.ndindex(len(x), len(w)):
            window = (n, slice(None), slice(top, top + K), slice(left, left + K))
            dpadded[window] += dout[n, o, h, v] * w[o]
            dw[o] += dout[n, o, h, v] * padded[window]
            db[o] += dout[n, o, h, v]
    return dpadded[:, :, padding : padding + H, padding : padding + W], dw, db


def test_conv2d_by_hand(kata):
    x = np.array([[[[1.0, 2.0, 3.0, 0.0], [4.0, 5.0, 6.0, 0.0], [7.0, 8.0, 9.0, 1.0]]]])
    w = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    kata.assert_close(kata.conv2d(x, w, np.array([0.5]), 1, 0), [[[[5421.5, 6532.5, 603.5], [8754.5, 9865.5, 1906.5]]]])


def test_conv2d_with_a_kernel_of_one_pixel_mixes_channels(kata):
    x, w, b = normal(0, (2, 3, 4, 5), (4, 3, 1, 1), 4)
    expected = np.einsum("nchv,oc->nohv", x, w[:, :, 0, 0]) + b.reshape(4, 1, 1)
    kata.assert_close(kata.conv2d(x, w, b, 1, 0), expected)


def test_conv2d_is_a_sum_over_the_window_and_all_channels(kata):
    x, w, b = normal(1, (2, 3, 5, 7), (4, 3, 3, 3), 4)
    kata.assert_close(kata.conv2d(x, w, b, 1, 0), slid(x, w, b, 1, 0))


def test_conv2d_pads_with_zeros_on_all_four_sides(kata):
    x, w, b = normal(2, (2, 2, 4, 6), (3, 2, 3, 3), 3)
    kata.assert_close(kata.conv2d(x, w, b, 1, 1), slid(x, w, b, 1, 1))
    kata.assert_close(kata.conv2d(x, w, b, 1, 4)[:, :, 0], np.broadcast_to(b[:, None], (2, 3, 12)))


def test_conv2d_moves_by_the_stride(kata):
    x, w, b = normal(3, (2, 2, 7, 9), (3, 2, 3, 3), 3)
    kata.assert_close(kata.conv2d(x, w, b, 2, 0), slid(x, w, b, 2, 0))
    kata.assert_close(kata.conv2d(x, w, b, 4, 0), slid(x, w, b, 4, 0))


def test_conv2d_leaves_out_what_no_whole_window_reaches(kata):
    x, w, b = normal(4, (1, 2, 6, 8), (3, 2, 2, 2), 3)
    kata.assert_close(kata.conv2d(x, w, b, 3, 0), slid(x, w, b, 3, 0))
    kata.assert_close(kata.conv2d(x, w, b, 5, 1), slid(x, w, b, 5, 1))
    kata.assert_close(kata.conv2d(x, w, b, 9, 0), slid(x, w, b, 9, 0))


def test_conv2d_takes_stride_and_padding_together(kata):
    x, w, b = normal(5, (2, 3, 5, 8), (4, 3, 3, 3), 4)
    for stride, padding in [(2, 1), (3, 2), (2, 3)]:
        kata.assert_close(kata.conv2d(x, w, b, stride, padding), slid(x, w, b, stride, padding))


def test_conv2d_takes_size_1(kata):
    kata.assert_close(kata.conv2d(np.array([[[[3.0]]]]), np.array([[[[2.0]]]]), np.array([1.0]), 1, 0), [[[[7]]]])
    x, w, b = np.array([[[[3.0, 5.0]]]]), np.array([[[[2.0]]]]), np.array([1.0])
    kata.assert_close(kata.conv2d(x, w, b, 1, 1), [[[[1, 1, 1, 1], [1, 7, 11, 1], [1, 1, 1, 1]]]])


def test_conv2d_takes_a_kernel_as_large_as_the_padded_image(kata):
    x, w, b = normal(6, (2, 3, 4, 4), (5, 3, 4, 4), 5)
    kata.assert_close(kata.conv2d(x, w, b, 3, 0), (np.einsum("ncij,ocij->no", x, w) + b)[:, :, None, None])
    x, w, b = normal(7, (2, 3, 1, 1), (4, 3, 3, 3), 4)
    kata.assert_close(kata.conv2d(x, w, b, 2, 1), (x[:, :, 0, 0] @ w[:, :, 1, 1].T + b)[:, :, None, None])


def test_conv2d_survives_extreme_values(kata):
    x, w = np.array([[[[1e150, 1.0], [0.0, -1e150]]]]), np.array([[[[1e-150, 2.0], [1e150, 1e-150]]]])
    kata.assert_close(kata.conv2d(x, w, np.array([3.0]), 1, 0), [[[[5.0]]]])


def test_conv2d_keeps_float32(kata):
    x, w, b = (array.astype(np.float32) for array in normal(8, (2, 3, 5, 4), (2, 3, 3, 3), 2))
    kata.assert_close(kata.conv2d(x, w, b, 2, 1), slid(x, w, b, 2, 1))


def test_conv2d_refuses_channels_that_do_not_meet(kata):
    for x, w, b in [
        ((2, 3, 5, 6), (4, 2, 3, 3), 4),
        ((2, 1, 5, 6), (4, 3, 3, 3), 4),
        ((2, 3, 5, 6), (4, 1, 3, 3), 4),
        ((2, 3, 5, 6), (3, 4, 3, 3), 3),
    ]:
        kata.refuses("conv2d", np.ones(x), np.ones(w), np.ones(b), 1, 0)


def test_conv2d_refuses_a_bias_that_does_not_fit(kata):
    for b in [(3,), (1,), (), (4, 1), (1, 4), (4, 1, 1), (5,)]:
        kata.refuses("conv2d", np.ones((2, 3, 5, 6)), np.ones((4, 3, 2, 2)), np.ones(b), 1, 0)


def test_conv2d_refuses_a_kernel_that_is_not_square(kata):
    for w in [(4, 3, 2, 3), (4, 3, 3, 1), (4, 3, 1, 5)]:
        kata.refuses("conv2d", np.ones((2, 3, 5, 6)), np.ones(w), np.ones(4), 1, 0)


def test_conv2d_refuses_another_number_of_axes(kata):
    for x, w in [((3, 5, 6), (4, 3, 2, 2)), ((2, 3, 5, 6), (3, 2, 2)), ((2, 3, 5, 6), (1, 4, 3, 2, 2))]:
        kata.refuses("conv2d", np.ones(x), np.ones(w), np.ones(4), 1, 0)


def test_conv2d_refuses_a_kernel_larger_than_the_padded_image(kata):
    for x, K, stride, padding in [((2, 1, 4, 6), 5, 1, 0), ((2, 1, 6, 4), 5, 2, 0), ((2, 1, 2, 6), 5, 3, 1)]:
        kata.refuses("conv2d", np.ones(x), np.ones((3, 1, K, K)), np.ones(3), stride, padding)
    kata.assert_close(
        kata.conv2d(np.ones((2, 1, 3, 3)), np.ones((1, 1, 5, 5)), np.ones(1), 1, 1), np.full((2, 1, 1, 1), 10.0)
    )


def test_conv2d_backward_by_hand(kata):
    x, w = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]), np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    dx, dw, db = kata.grads("conv2d", np.array([[[[2.0, -1.0]]]]), x, w, np.zeros(1), 1, 0)
    kata.assert_close(dx, [[[[2, 19, -10], [200, 1900, -1000]]]])
    kata.assert_close(dw, [[[[0, 1], [3, 4]]]])
    kata.assert_close(db, [1])


def test_conv2d_backward_agrees_with_central_differences(kata):
    x, w, b, dout = normal(9, (2, 2, 5, 3), (3, 2, 2, 2), 3, (2, 3, 4, 2))
    kata.assert_gradients("conv2d", dout, x, w, b, 1, 0)


def test_conv2d_backward_agrees_with_loops(kata):
    for seed, (stride, padding, size) in enumerate([(1, 0, (5, 3)), (1, 2, (9, 7)), (2, 0, (3, 2)), (3, 2, (3, 3))]):
        x, w, b, dout = normal(seed, (2, 4, 7, 5), (3, 4, 3, 3), 3, (2, 3, *size))
        kata.assert_close(kata.grads("conv2d", dout, x, w, b, stride, padding), slid_back(dout, x, w, stride, padding))


def test_conv2d_backward_gives_nothing_to_pixels_that_no_window_reaches(kata):
    x, w, b, dout = normal(10, (2, 2, 5, 7), (3, 2, 2, 2), 3, (2, 3, 2, 2))
    dx, dw, db = kata.grads("conv2d", dout, x, w, b, 3, 0)
    kata.assert_close((dx, dw, db), slid_back(dout, x, w, 3, 0))
    x, w, b, dout = normal(11, (1, 2, 8, 6), (3, 2, 3, 3), 3, (1, 3, 2, 2))
    kata.assert_close(kata.grads("conv2d", dout, x, w, b, 5, 1), slid_back(dout, x, w, 5, 1))


def test_conv2d_backward_takes_more_padding_than_kernel(kata):
    x, w, b, dout = normal(12, (2, 1, 3, 2), (3, 1, 2, 2), 3, (2, 3, 8, 7))
    kata.assert_close(kata.grads("conv2d", dout, x, w, b, 1, 3), slid_back(dout, x, w, 1, 3))


def test_conv2d_backward_takes_size_1(kata):
    for N, C, O, side, K in [(1, 1, 1, 1, 1), (1, 2, 1, 3, 3), (3, 1, 2, 1, 1), (2, 1, 1, 2, 1)]:
        size = side - K + 1
        x, w, b, dout = normal(13, (N, C, side, side), (O, C, K, K), O, (N, O, size, size))
        kata.assert_close(kata.grads("conv2d", dout, x, w, b, 1, 0), slid_back(dout, x, w, 1, 0))


def test_conv2d_backward_survives_extreme_values(kata):
    dout, x, w = np.array([[[[1e150]], [[-1e150]]]]), np.array([[[[1e-150]]]]), np.array([[[[1e-150]]], [[[2e-150]]]])
    dx, dw, db = kata.grads("conv2d", dout, x, w, np.zeros(2), 1, 0)
    kata.assert_close(dx, [[[[-1]]]])
    kata.assert_close(dw, [[[[1]]], [[[-1]]]])
    kata.assert_close(db / 1e150, [1, -1])


def test_conv2d_backward_keeps_float32(kata):
    x, w, b, dout = (array.astype(np.float32) for array in normal(14, (2, 3, 5, 4), (2, 3, 3, 3), 2, (2, 2, 3, 2)))
    kata.assert_close(kata.grads("conv2d", dout, x, w, b, 2, 1), slid_back(dout, x, w, 2, 1))


def test_conv2d_backward_refuses_what_conv2d_refuses(kata):
    for x, w, b in [
        ((2, 2, 5, 6), (4, 3, 3, 3), 4),
        ((2, 3, 5, 6), (4, 1, 3, 3), 4),
        ((2, 3, 5, 6), (4, 3, 3, 2), 4),
        ((2, 3, 5, 6), (4, 3, 3, 3), (4, 1)),
        ((2, 3, 5, 6), (4, 3, 3, 3), 1),
        ((2, 3, 2, 6), (4, 3, 3, 3), 4),
        ((3, 5, 6), (4, 3, 3, 3), 4),
    ]:
        kata.refuses("conv2d_backward", np.ones((2, 4, 3, 4)), np.ones(x), np.ones(w), np.ones(b), 1, 0)


def test_conv2d_backward_refuses_a_dout_that_does_not_fit(kata):
    x, w, b = np.ones((2, 3, 5, 6)), np.ones((4, 3, 3, 3)), np.ones(4)
    for dout in [(2, 4, 4, 3), (2, 4, 5, 6), (2, 1, 3, 4), (1, 4, 3, 4), (4, 2, 3, 4), (2, 4, 1, 1), (4, 3, 4), ()]:
        kata.refuses("conv2d_backward", np.ones(dout), x, w, b, 1, 0)
    kata.refuses("conv2d_backward", np.ones((2, 4, 3, 4)), x, w, b, 2, 0)
    kata.refuses("conv2d_backward", np.ones((2, 4, 3, 4)), x, w, b, 1, 1)
    kata.assert_close(kata.grads("conv2d", np.ones((2, 4, 3, 4)), x, w, b, 1, 0)[2], np.full(4, 24.0))
