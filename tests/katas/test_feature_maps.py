"""edge_kernels, feature_maps and the two parameter counts: known values, sizes, the border, and what a kernel answers."""

import numpy as np

SOBEL_X = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
SOBEL_Y = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
LAPLACIAN = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]


def slid(images, kernels):
    """Every pixel, every tap of the kernel, one by one; what lies outside of the image counts as 0."""
    (N, H, W), (O, _, K, _) = images.shape, kernels.shape
    out = np.zeros((N, O, H, W))
    for n, o, h, w, i, j in np.ndindex(N, O, H, W, K, K):
        row, column = h + i - K // 2, w + j - K // 2
        if 0 <= row < H and 0 <= column < W:
            out[n, o, h, w] += kernels[o, 0, i, j] * images[n, row, column]
    return out


# ---------------------------------------------------------------------- edge_kernels


def test_edge_kernels_are_sobel_x_sobel_y_and_the_laplacian(kata):
    kata.assert_close(kata.edge_kernels(), np.array([[SOBEL_X], [SOBEL_Y], [LAPLACIAN]], float))


def test_edge_kernels_hold_floats(kata):
    kernels = kata.edge_kernels()
    wanted = {"numpy": "float64", "torch": "float32"}[kata.track]
    kata.law(
        str(kernels.dtype) == wanted,
        f"is {kernels.dtype}; {wanted} was expected",
        function="edge_kernels",
        cause="dtype-drift",
    )


# ---------------------------------------------------------------------- feature_maps


def test_a_kernel_with_a_single_one_in_its_middle_gives_the_image(kata):
    images = np.random.default_rng(0).normal(size=(2, 4, 5))
    kernel = np.zeros((1, 1, 3, 3))
    kernel[0, 0, 1, 1] = 1
    kata.assert_close(kata.feature_maps(images, kernel), images[:, None])


def test_a_kernel_of_one_pixel_scales_the_image(kata):
    images = np.random.default_rng(1).normal(size=(3, 4, 2))
    expected = np.stack([-2 * images, 0.5 * images], axis=1)
    kata.assert_close(kata.feature_maps(images, np.array([-2.0, 0.5]).reshape(2, 1, 1, 1)), expected)


def test_a_dot_of_light_turns_the_kernel_round_in_the_map(kata):
    # the pixel below the dot sees the dot above itself: it answers with the kernel's upper middle
    images, kernel = np.zeros((1, 5, 7)), np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    images[0, 2, 4] = 1
    expected = np.zeros((1, 1, 5, 7))
    expected[0, 0, 1:4, 3:6] = [[9, 8, 7], [6, 5, 4], [3, 2, 1]]
    kata.assert_close(kata.feature_maps(images, kernel), expected)


def test_edges_of_a_bright_square(kata):
    images = np.zeros((1, 6, 7))
    images[0, 2:4, 2:5] = 1
    maps = kata.feature_maps(images, np.array([[SOBEL_X], [SOBEL_Y], [LAPLACIAN]], float))
    expected = np.zeros((1, 3, 6, 7))
    expected[0, 0, 1:5, 1:6] = np.outer([1, 3, 3, 1], [1, 1, 0, -1, -1])
    expected[0, 1, 1:5, 1:6] = np.outer([1, 1, -1, -1], [1, 3, 4, 3, 1])
    expected[0, 2, 1:5, 1:6] = [[0, 1, 1, 1, 0], [1, -2, -1, -2, 1], [1, -2, -1, -2, 1], [0, 1, 1, 1, 0]]
    kata.assert_close(maps, expected)


def test_feature_maps_agree_with_loops(kata):
    rng = np.random.default_rng(2)
    images, kernels = rng.normal(size=(2, 5, 6)), rng.normal(size=(4, 1, 3, 3))
    kata.assert_close(kata.feature_maps(images, kernels), slid(images, kernels))


def test_the_border_of_zeros_grows_with_the_kernel(kata):
    rng = np.random.default_rng(3)
    images, kernels = rng.normal(size=(3, 6, 4)), rng.normal(size=(2, 1, 5, 5))
    kata.assert_close(kata.feature_maps(images, kernels), slid(images, kernels))


def test_a_kernel_may_be_larger_than_the_image(kata):
    rng = np.random.default_rng(4)
    images, kernels = rng.normal(size=(2, 3, 1)), rng.normal(size=(3, 1, 7, 7))
    kata.assert_close(kata.feature_maps(images, kernels), slid(images, kernels))


def test_a_single_pixel_meets_the_middle_of_the_kernel(kata):
    kernel = np.random.default_rng(5).normal(size=(1, 1, 3, 3))
    kata.assert_close(kata.feature_maps(np.array([[[2.0]]]), kernel), 2 * kernel[:, :, 1:2, 1:2])


def test_feature_maps_of_large_and_small_numbers(kata):
    rng = np.random.default_rng(6)
    images, kernels = rng.choice([1e4, -1e4, 1e-4], size=(1, 4, 3)), rng.normal(size=(2, 1, 3, 3))
    kata.assert_close(kata.feature_maps(images, kernels), slid(images, kernels))


def test_feature_maps_keep_float32(kata):
    rng = np.random.default_rng(7)
    images, kernels = rng.normal(size=(2, 4, 3)).astype(np.float32), rng.normal(size=(3, 1, 3, 3)).astype(np.float32)
    kata.assert_close(kata.feature_maps(images, kernels), slid(images, kernels))


def test_autograd_finds_its_way_from_the_maps_to_images_and_kernels(kata):
    if kata.track == "torch":
        rng = np.random.default_rng(8)
        images, kernels, dout = (rng.normal(size=shape) for shape in [(2, 3, 4), (3, 1, 3, 3), (2, 3, 3, 4)])
        kata.assert_gradients("feature_maps", dout, images, kernels)


# ---------------------------------------------------------------------- how many parameters


def test_shared_parameter_count_of_known_layers(kata):
    # a single weight; the first layers of LeNet-5 and of torchvision's AlexNet; the last convolution of VGG
    layers = [(1, 1, 1), (1, 6, 5), (3, 64, 11), (512, 512, 3)]
    counts = [kata.shared_parameter_count(*layer) for layer in layers]
    for got, expected in zip(counts, [2, 156, 23296, 2359808], strict=True):
        kata.assert_close(got, expected)


def test_dense_parameter_count_of_known_layers(kata):
    layers = [(1, 1, 1, 1), (2, 3, 5, 4), (1, 28, 28, 6), (3, 2, 7, 1)]
    counts = [kata.dense_parameter_count(*layer) for layer in layers]
    for got, expected in zip(counts, [2, 1860, 3692640, 602], strict=True):
        kata.assert_close(got, expected)
