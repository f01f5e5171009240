"""saliency, occlusion_map, max_unpool2d and deconv2d: known values, places, loops, and the adjoint law."""

import numpy as np

# ---------------------------------------------------------------------- saliency


def slope_of_squares(x, label):
    """∂logit/∂x of a network whose logit for class c is Σ (x − c)³, one class for each image."""
    return 3 * (x - label[:, None, None, None]) ** 2 * np.sign(np.sin(40 * x))


def test_saliency_of_known_gradients(kata):
    x = np.array([[[[1.0, -5.0, 2.0]], [[-3.0, 4.0, 0.0]]]])  # N=1, C=2, H=1, W=3; the gradient is 2x
    kata.assert_close(kata.saliency(lambda x, label: 2 * x, x, np.array([0])), [[[6, 10, 4]]])


def test_saliency_asks_about_the_images_and_labels_it_is_given(kata):
    x, label = np.random.default_rng(0).normal(size=(3, 2, 4, 5)), np.array([2, 0, 1])
    expected = np.zeros((3, 4, 5))
    for n, h, w in np.ndindex(3, 4, 5):
        expected[n, h, w] = max(3 * (value - label[n]) ** 2 for value in x[n, :, h, w])
    kata.assert_close(kata.saliency(slope_of_squares, x, label), expected)


def test_saliency_of_one_channel_is_the_size_of_its_gradient(kata):
    x = np.random.default_rng(1).normal(size=(2, 1, 3, 4))
    kata.assert_close(kata.saliency(lambda x, label: 1 - x, x, np.array([1, 0])), np.abs(1 - x[:, 0]))


def test_saliency_is_zero_where_nothing_matters(kata):
    x = np.random.default_rng(2).normal(size=(1, 3, 2, 2))
    kata.assert_close(kata.saliency(lambda x, label: np.zeros_like(x), x, np.array([4])), np.zeros((1, 2, 2)))


def test_saliency_of_large_and_small_gradients(kata):
    x = np.random.default_rng(3).normal(size=(2, 3, 1, 4)) * np.array([1e4, 1.0, 1e-4]).reshape(1, 3, 1, 1)
    kata.assert_close(kata.saliency(lambda x, label: -x, x, np.array([0, 1])), np.abs(x).max(axis=1))


def test_saliency_keeps_float32(kata):
    x, label = np.random.default_rng(4).normal(size=(2, 3, 4, 5)).astype(np.float32), np.array([1, 0])
    expected = np.abs(slope_of_squares(x, label)).max(axis=1)
    kata.assert_close(kata.saliency(lambda x, label: slope_of_squares(x, label).astype(np.float32), x, label), expected)


# ---------------------------------------------------------------------- occlusion_map


def classifier(H, W, C, seed):
    """Class probabilities of a batch of images: softmax of a random affine layer."""
    weights = np.random.default_rng(seed).normal(size=(H * W, C)) / 2

    def predict_proba(images):
        if np.ndim(images) != 3 or np.shape(images)[1:] != (H, W):
            raise ValueError(f"predict_proba takes images of (N, {H}, {W}) and was given {np.shape(images)}")
        scores = np.exp(images.reshape(-1, H * W) @ weights.astype(images.dtype))
        return scores / scores.sum(axis=1, keepdims=True)

    return predict_proba


def covered_one_by_one(predict_proba, image, label, size, stride, fill):
    H, W = image.shape
    expected = np.zeros(((H - size) // stride + 1, (W - size) // stride + 1))
    for i, j in np.ndindex(*expected.shape):
        copy = image.copy()
        copy[i * stride : i * stride + size, j * stride : j * stride + size] = fill
        expected[i, j] = predict_proba(copy[None])[0, label]
    return expected


def one_pixel(row, column):
    """A network that looks at a single pixel: its value is the probability of class 1."""
    return lambda images: np.stack([1 - images[:, row, column], images[:, row, column]], axis=1)


def test_occlusion_map_shows_where_the_network_looks(kata):
    image = np.full((4, 6), 0.5)
    image[2, 3] = 0.9
    expected = np.full((3, 5), 0.9)
    expected[1:3, 2:4] = 0.25  # the patches of 2×2 that lie over the pixel
    kata.assert_close(kata.occlusion_map(one_pixel(2, 3), image, 1, 2, 1, 0.25), expected)


def test_occlusion_map_of_a_patch_of_one_pixel(kata):
    image = np.full((3, 2), 0.75)
    expected = np.full((3, 2), 0.25)
    expected[0, 1] = 1.0
    kata.assert_close(kata.occlusion_map(one_pixel(0, 1), image, 0, 1, 1, 0.0), expected)


def test_occlusion_map_of_a_patch_over_everything_is_one_number(kata):
    kata.assert_close(kata.occlusion_map(one_pixel(0, 0), np.full((3, 3), 0.5), 1, 3, 2, 0.125), [[0.125]])


def test_occlusion_map_agrees_with_one_image_at_a_time(kata):
    image, predict_proba = np.random.default_rng(5).normal(size=(5, 7)), classifier(5, 7, 3, seed=6)
    for label, size, stride, fill in [(0, 2, 1, 0.5), (2, 3, 2, -1.0)]:
        expected = covered_one_by_one(predict_proba, image, label, size, stride, fill)
        kata.assert_close(kata.occlusion_map(predict_proba, image, label, size, stride, fill), expected)


def test_occlusion_map_leaves_out_places_where_the_patch_does_not_fit(kata):
    image, predict_proba = np.random.default_rng(7).normal(size=(8, 6)), classifier(8, 6, 4, seed=8)
    for size, stride in [(2, 4), (3, 2), (2, 3)]:
        expected = covered_one_by_one(predict_proba, image, 1, size, stride, 2.0)
        kata.assert_close(kata.occlusion_map(predict_proba, image, 1, size, stride, 2.0), expected)


def test_occlusion_map_of_large_and_small_numbers(kata):
    image = np.array([[1e4, -1e4, 1e-4], [1e4, 1e-4, -1e4]])
    expected = covered_one_by_one(lambda images: images[:, 0] / 1e4, image, 1, 1, 1, 5e3)
    kata.assert_close(kata.occlusion_map(lambda images: images[:, 0] / 1e4, image, 1, 1, 1, 5e3), expected)


def test_occlusion_map_keeps_float32(kata):
    image = np.random.default_rng(9).normal(size=(4, 5)).astype(np.float32)
    predict_proba = classifier(4, 5, 3, seed=10)
    expected = covered_one_by_one(predict_proba, image, 2, 2, 1, 0.5)
    kata.assert_close(kata.occlusion_map(predict_proba, image, 2, 2, 1, 0.5), expected)


# ---------------------------------------------------------------------- max_unpool2d


def random_switches(rng, N, C, h, w, pixels):
    """Different places for the maxima of each image and channel."""
    return np.array([rng.permutation(pixels)[: h * w] for _ in range(N * C)]).reshape(N, C, h, w)


def put_back(y, switches, shape):
    out = np.zeros(shape)
    for n, c, h, w in np.ndindex(*y.shape):
        row, column = divmod(int(switches[n, c, h, w]), shape[3])
        out[n, c, row, column] = y[n, c, h, w]
    return out


def test_max_unpool2d_puts_each_number_where_its_switch_says(kata):
    expected = np.zeros((1, 1, 2, 5))
    expected[0, 0, 0, 3], expected[0, 0, 1, 0] = 7, -8
    kata.assert_close(kata.max_unpool2d(np.array([[[[7.0, -8.0]]]]), np.array([[[[3, 5]]]]), (1, 1, 2, 5)), expected)


def test_max_unpool2d_of_a_single_pixel(kata):
    kata.assert_close(kata.max_unpool2d(np.array([[[[4.0]]]]), np.array([[[[0]]]]), (1, 1, 1, 1)), [[[[4]]]])


def test_max_unpool2d_counts_within_each_image_and_channel(kata):
    rng = np.random.default_rng(11)
    for shape, h, w in [((2, 3, 5, 4), 2, 2), ((3, 2, 4, 7), 2, 3)]:
        y = rng.normal(size=(*shape[:2], h, w))
        switches = random_switches(rng, *y.shape, shape[2] * shape[3])
        kata.assert_close(kata.max_unpool2d(y, switches, shape), put_back(y, switches, shape))


def test_max_unpool2d_puts_a_maximum_that_two_windows_share_there_once(kata):
    y, switches = np.array([[[[9.0, 9.0], [2.0, 3.0]]]]), np.array([[[[1, 1], [7, 8]]]])
    kata.assert_close(kata.max_unpool2d(y, switches, (1, 1, 3, 3)), [[[[0, 9, 0], [0, 0, 0], [0, 2, 3]]]])


def test_max_unpool2d_of_large_and_small_numbers(kata):
    rng = np.random.default_rng(12)
    y, switches = rng.choice([1e4, -1e4, 1e-4], size=(1, 2, 2, 3)), random_switches(rng, 1, 2, 2, 3, 20)
    kata.assert_close(kata.max_unpool2d(y, switches, (1, 2, 4, 5)), put_back(y, switches, (1, 2, 4, 5)))


def test_max_unpool2d_keeps_float32(kata):
    rng = np.random.default_rng(13)
    y, switches = rng.normal(size=(2, 1, 3, 2)).astype(np.float32), random_switches(rng, 2, 1, 3, 2, 20)
    kata.assert_close(kata.max_unpool2d(y, switches, (2, 1, 5, 4)), put_back(y, switches, (2, 1, 5, 4)))


def test_autograd_finds_its_way_through_max_unpool2d(kata):
    if kata.track == "torch":
        rng = np.random.default_rng(14)
        y, switches = rng.normal(size=(2, 3, 1, 2)), random_switches(rng, 2, 3, 1, 2, 20)
        kata.assert_gradients("max_unpool2d", rng.normal(size=(2, 3, 4, 5)), y, switches, (2, 3, 4, 5))


# ---------------------------------------------------------------------- deconv2d


def laid_down(y, w, stride, padding):
    """Every number of y, every tap of its kernels, one by one."""
    (N, O, h, v), (_, C, K, _) = y.shape, w.shape
    out = np.zeros((N, C, (h - 1) * stride + K - 2 * padding, (v - 1) * stride + K - 2 * padding))
    for n, o, c, p, q, i, j in np.ndindex(N, O, C, h, v, K, K):
        row, column = p * stride + i - padding, q * stride + j - padding
        if 0 <= row < out.shape[2] and 0 <= column < out.shape[3]:
            out[n, c, row, column] += y[n, o, p, q] * w[o, c, i, j]
    return out


def convolved(x, w, stride, padding):
    """conv2d without bias, tap by tap."""
    (N, C, H, W), (O, _, K, _) = x.shape, w.shape
    out = np.zeros((N, O, (H + 2 * padding - K) // stride + 1, (W + 2 * padding - K) // stride + 1))
    for n, o, p, q, c, i, j in np.ndindex(*out.shape, C, K, K):
        row, column = p * stride + i - padding, q * stride + j - padding
        if 0 <= row < H and 0 <= column < W:
            out[n, o, p, q] += w[o, c, i, j] * x[n, c, row, column]
    return out


def test_deconv2d_of_one_number_is_its_kernel(kata):
    w = np.random.default_rng(15).normal(size=(1, 2, 3, 3))
    kata.assert_close(kata.deconv2d(np.array([[[[-2.0]]]]), w, 1, 0), -2 * w)


def test_deconv2d_of_a_kernel_of_one_pixel_mixes_channels(kata):
    rng = np.random.default_rng(16)
    y, w = rng.normal(size=(2, 3, 4, 2)), rng.normal(size=(3, 5, 1, 1))
    kata.assert_close(kata.deconv2d(y, w, 1, 0), laid_down(y, w, 1, 0))


def test_deconv2d_adds_up_where_kernels_overlap(kata):
    y, w = np.array([[[[1.0, 10.0]]]]), np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
    expected = [[[[1, 12, 23, 30], [4, 45, 56, 60], [7, 78, 89, 90]]]]
    kata.assert_close(kata.deconv2d(y, w, 1, 0), expected)


def test_deconv2d_leaves_a_gap_where_the_stride_is_longer_than_the_kernel(kata):
    y, w = np.array([[[[1.0, 10.0]]]]), np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    kata.assert_close(kata.deconv2d(y, w, 3, 0), [[[[1, 2, 0, 10, 20], [3, 4, 0, 30, 40]]]])


def test_deconv2d_agrees_with_loops(kata):
    rng = np.random.default_rng(17)
    y, w = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(3, 2, 3, 3))
    for stride, padding in [(1, 0), (2, 1)]:
        kata.assert_close(kata.deconv2d(y, w, stride, padding), laid_down(y, w, stride, padding))


def test_deconv2d_drops_what_falls_on_the_padding(kata):
    rng = np.random.default_rng(18)
    y, w = rng.normal(size=(1, 2, 3, 4)), rng.normal(size=(2, 3, 4, 4))
    for stride, padding in [(1, 1), (3, 2), (2, 3)]:
        kata.assert_close(kata.deconv2d(y, w, stride, padding), laid_down(y, w, stride, padding))


def test_deconv2d_is_the_adjoint_of_the_convolution(kata):
    rng = np.random.default_rng(19)
    for stride, padding, H, W in [(1, 1, 4, 5), (2, 0, 5, 3), (2, 1, 3, 5)]:
        x, w = rng.normal(size=(2, 3, H, W)), rng.normal(size=(4, 3, 3, 3))
        there = convolved(x, w, stride, padding)
        y = rng.normal(size=there.shape)
        back = kata.deconv2d(y, w, stride, padding)
        kata.law(
            back.shape == x.shape,
            f"has shape {back.shape}; {x.shape}, that of the image, was expected",
            function="deconv2d",
        )
        one, other = np.sum(there * y), np.sum(x * back)
        kata.law(
            abs(one - other) < 1e-9 * np.sum(np.abs(x * back)),
            f"breaks the law Σ conv2d(x)·y = Σ x·deconv2d(y): {one:.6g} on the left, {other:.6g} on the right",
            function="deconv2d",
        )


def test_deconv2d_of_large_and_small_numbers(kata):
    rng = np.random.default_rng(20)
    y, w = rng.choice([1e4, -1e4, 1e-4], size=(1, 2, 2, 3)), rng.normal(size=(2, 1, 3, 3))
    kata.assert_close(kata.deconv2d(y, w, 2, 1), laid_down(y, w, 2, 1))


def test_deconv2d_keeps_float32(kata):
    rng = np.random.default_rng(21)
    y, w = rng.normal(size=(2, 3, 2, 4)).astype(np.float32), rng.normal(size=(3, 2, 3, 3)).astype(np.float32)
    kata.assert_close(kata.deconv2d(y, w, 2, 1), laid_down(y, w, 2, 1))


def test_autograd_finds_its_way_through_deconv2d(kata):
    if kata.track == "torch":
        rng = np.random.default_rng(22)
        y, w, dout = (rng.normal(size=shape) for shape in [(2, 3, 2, 2), (3, 1, 3, 3), (2, 1, 3, 3)])
        kata.assert_gradients("deconv2d", dout, y, w, 2, 1)
