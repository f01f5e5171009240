"""shapes: values by hand and by loops, and ValueError for every shape that is not what the function is for."""

import numpy as np


def refuses_all(kata, function, pairs):
    """`function` refuses each pair of shapes, and its message prints them."""
    for one, other in pairs:
        kata.refuses(function, np.ones(one), np.ones(other))


def test_inner_by_hand(kata):
    kata.assert_close(kata.inner(np.array([1.0, 2.0, 3.0]), np.array([4.0, -5.0, 6.0])), 12.0)


def test_inner_is_a_sum_of_products(kata):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 5))
    kata.assert_close(kata.inner(a, b), sum(a[d] * b[d] for d in range(5)))
    kata.assert_close(kata.inner(np.array([1e200, -2.0]), np.array([1e-200, 3.0])), -5.0)


def test_inner_takes_size_1_and_float32(kata):
    kata.assert_close(kata.inner(np.array([3.0], np.float32), np.array([-2.0], np.float32)), -6.0)


def test_inner_refuses_two_lengths(kata):
    refuses_all(kata, "inner", [((3,), (4,)), ((1,), (4,)), ((4,), (1,))])


def test_inner_refuses_what_is_not_a_vector(kata):
    refuses_all(kata, "inner", [((1, 3), (3, 1)), ((3, 1), (3, 1)), ((1, 3), (3,)), ((3,), (3, 1))])
    refuses_all(kata, "inner", [((4, 3), (3,)), ((3, 3), (3, 3)), ((), (3,)), ((), ())])


def test_hadamard_by_hand(kata):
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[10.0, 20.0], [30.0, 40.0]])
    kata.assert_close(kata.hadamard(a, b), [[10, 40], [90, 160]])


def test_hadamard_takes_any_shape(kata):
    rng = np.random.default_rng(1)
    for shape in [(3,), (4, 3), (2, 3, 4), (1, 1)]:
        a, b = rng.normal(size=(2, *shape))
        expected = np.array([one * other for one, other in zip(a.flat, b.flat, strict=True)]).reshape(shape)
        kata.assert_close(kata.hadamard(a, b), expected)


def test_hadamard_keeps_float32(kata):
    a, b = np.random.default_rng(2).normal(size=(2, 3, 4)).astype(np.float32)
    kata.assert_close(kata.hadamard(a, b), np.multiply(a, b))


def test_hadamard_refuses_to_stretch(kata):
    refuses_all(kata, "hadamard", [((4, 1), (4,)), ((4, 3), (3,)), ((4, 3), (4, 1)), ((1, 3), (4, 3))])
    refuses_all(kata, "hadamard", [((3, 3), (3,)), ((3,), (1,)), ((2, 4, 3), (4, 3)), ((3,), ())])


def test_hadamard_refuses_two_shapes_of_one_size(kata):
    refuses_all(kata, "hadamard", [((4, 3), (3, 4)), ((12,), (4, 3)), ((3, 4), (4, 3))])


def test_outer_by_hand(kata):
    kata.assert_close(kata.outer(np.array([1.0, 2.0]), np.array([3.0, 4.0])), [[3, 4], [6, 8]])


def test_outer_has_a_row_for_each_element_of_a(kata):
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=3), rng.normal(size=4)
    kata.assert_close(kata.outer(a, b), np.array([[a[d] * b[m] for m in range(4)] for d in range(3)]))


def test_outer_takes_size_1_and_float32(kata):
    a, b = np.array([1e4, 0.0, -1e4], np.float32), np.array([2.0], np.float32)
    kata.assert_close(kata.outer(a, b), [[2e4], [0], [-2e4]])


def test_outer_refuses_what_is_not_a_vector(kata):
    refuses_all(kata, "outer", [((3, 1), (4,)), ((3,), (1, 4)), ((3, 1), (1, 4)), ((2, 3), (4,)), ((), (4,))])


def test_matvec_by_hand(kata):
    kata.assert_close(kata.matvec(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0])), [12, 34])


def test_matvec_multiplies_each_row(kata):
    rng = np.random.default_rng(4)
    A, x = rng.normal(size=(4, 3)), rng.normal(size=3)
    kata.assert_close(kata.matvec(A, x), [sum(A[m, d] * x[d] for d in range(3)) for m in range(4)])


def test_matvec_takes_size_1_and_float32(kata):
    kata.assert_close(kata.matvec(np.array([[1e4], [-1e4]], np.float32), np.array([3.0], np.float32)), [3e4, -3e4])
    kata.assert_close(kata.matvec(np.array([[2.0, 3.0]], np.float32), np.array([4.0, 5.0], np.float32)), [23])


def test_matvec_refuses_a_column(kata):
    refuses_all(kata, "matvec", [((4, 3), (3, 1)), ((3, 3), (3, 1)), ((4, 3), (1, 3))])


def test_matvec_refuses_what_does_not_fit(kata):
    refuses_all(kata, "matvec", [((4, 3), (4,)), ((4, 3), (1,)), ((4, 1), (3,)), ((3,), (3,)), ((2, 4, 3), (3,))])
    refuses_all(kata, "matvec", [((4, 3), (3, 2)), ((4, 3), ())])


def test_matmul_by_hand(kata):
    A, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[10.0, 20.0], [1.0, 2.0]])
    kata.assert_close(kata.matmul(A, B), [[12, 24], [34, 68]])


def test_matmul_multiplies_rows_by_columns(kata):
    rng = np.random.default_rng(5)
    A, B = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    expected = [[sum(A[n, d] * B[d, m] for d in range(3)) for m in range(2)] for n in range(4)]
    kata.assert_close(kata.matmul(A, B), np.array(expected))


def test_matmul_takes_size_1_and_float32(kata):
    A, B = np.array([[1e4], [-1e4]], np.float32), np.array([[1.0, 2.0, 3.0]], np.float32)
    kata.assert_close(kata.matmul(A, B), [[1e4, 2e4, 3e4], [-1e4, -2e4, -3e4]])


def test_matmul_refuses_what_is_not_a_matrix(kata):
    refuses_all(kata, "matmul", [((4, 3), (3,)), ((3,), (3, 2)), ((3,), (3,)), ((2, 4, 3), (3, 5)), ((4, 3), ())])


def test_matmul_refuses_inner_sizes_that_differ(kata):
    refuses_all(kata, "matmul", [((4, 3), (2, 3)), ((4, 3), (4, 3)), ((4, 3), (1, 2)), ((4, 1), (3, 2))])


def test_batched_matmul_by_hand(kata):
    A = np.array([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]])
    B = np.array([[[10.0, 20.0], [1.0, 2.0]], [[5.0, 6.0], [7.0, 8.0]]])
    kata.assert_close(kata.batched_matmul(A, B), [[[12, 24], [34, 68]], [[7, 8], [5, 6]]])


def test_batched_matmul_keeps_each_matrix_with_its_partner(kata):
    rng = np.random.default_rng(6)
    A, B = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 3, 5))
    expected = np.zeros((2, 4, 5))
    for b, n, m in np.ndindex(expected.shape):
        expected[b, n, m] = sum(A[b, n, d] * B[b, d, m] for d in range(3))
    kata.assert_close(kata.batched_matmul(A, B), expected)


def test_batched_matmul_takes_size_1_and_float32(kata):
    rng = np.random.default_rng(7)
    A, B = rng.normal(size=(1, 2, 3)).astype(np.float32), rng.normal(size=(1, 3, 4)).astype(np.float32)
    kata.assert_close(kata.batched_matmul(A, B), np.dot(A[0], B[0])[None])


def test_batched_matmul_refuses_two_numbers_of_matrices(kata):
    refuses_all(kata, "batched_matmul", [((1, 4, 3), (2, 3, 5)), ((2, 4, 3), (1, 3, 5)), ((2, 4, 3), (5, 3, 4))])


def test_batched_matmul_refuses_what_does_not_fit(kata):
    refuses_all(kata, "batched_matmul", [((4, 3), (3, 5)), ((2, 4, 3), (3, 5)), ((4, 3), (2, 3, 5)), ((2, 4, 3), (3,))])
    refuses_all(kata, "batched_matmul", [((2, 4, 3), (2, 5, 3)), ((2, 4, 3), (2, 1, 5)), ((5, 2, 4, 3), (5, 2, 3, 4))])


def test_pairwise_sq_dists_by_hand(kata):
    A, B = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[3.0, 4.0], [1.0, 0.0]])
    kata.assert_close(kata.pairwise_sq_dists(A, B), [[25, 1], [13, 1]])


def test_pairwise_sq_dists_of_all_pairs(kata):
    rng = np.random.default_rng(8)
    A, B = rng.normal(size=(4, 3)), rng.normal(size=(2, 3))
    expected = [[sum((A[n, d] - B[m, d]) ** 2 for d in range(3)) for m in range(2)] for n in range(4)]
    kata.assert_close(kata.pairwise_sq_dists(A, B), np.array(expected))


def test_pairwise_sq_dists_takes_size_1_and_float32(kata):
    A, B = np.array([[2.0], [-3.0]], np.float32), np.array([[5.0]], np.float32)
    kata.assert_close(kata.pairwise_sq_dists(A, B), [[9], [64]])


def test_pairwise_sq_dists_survives_large_coordinates(kata):
    A, B = np.array([[1e4, 1e4], [-1e4, 0.0]]), np.array([[1e4, 10001.0], [1e4, 0.0], [-1e4, 0.0]])
    kata.assert_close(kata.pairwise_sq_dists(A, B), [[1, 1e8, 5e8], [4e8 + 10001.0**2, 4e8, 0]])


def test_pairwise_sq_dists_is_never_negative(kata):
    rng = np.random.default_rng(9)
    A = rng.normal(size=5) + 100 + 1e-7 * rng.normal(size=(12, 5))  # twelve points, all but in one place
    got = kata.pairwise_sq_dists(A, A)
    lowest = got.min()
    kata.law(
        lowest >= 0,
        f"the smallest squared distance is {lowest:.4g}, and a square is never negative",
        function="pairwise_sq_dists",
        cause="unstable" if lowest > -1e-6 else None,
        says="‖a‖² − 2 a·b + ‖b‖² of two points that nearly coincide is a small number left over from large ones, and "
        "rounding can leave it below 0",
    )
    kata.assert_close(got, np.zeros((12, 12)), atol=1e-7)


def test_pairwise_sq_dists_refuses_rows_of_two_lengths(kata):
    refuses_all(kata, "pairwise_sq_dists", [((4, 3), (2, 1)), ((4, 1), (2, 3)), ((4, 3), (2, 5)), ((4, 3), (3, 4))])


def test_pairwise_sq_dists_refuses_what_is_not_a_matrix(kata):
    refuses_all(kata, "pairwise_sq_dists", [((3,), (2, 3)), ((4, 3), (3,)), ((3,), (3,)), ((5, 4, 3), (2, 3))])


def test_add_bias_by_hand(kata):
    x, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0])
    kata.assert_close(kata.add_bias(x, b), [[11, 22], [13, 24]])


def test_add_bias_adds_to_every_row(kata):
    rng = np.random.default_rng(10)
    x, b = rng.normal(size=(4, 3)), rng.normal(size=3)
    kata.assert_close(kata.add_bias(x, b), np.array([[x[n, m] + b[m] for m in range(3)] for n in range(4)]))


def test_add_bias_takes_size_1_and_float32(kata):
    x, b = np.array([[1e4], [-1e4]], np.float32), np.array([1.0], np.float32)
    kata.assert_close(kata.add_bias(x, b), [[10001], [-9999]])


def test_add_bias_refuses_to_stretch_the_bias(kata):
    refuses_all(kata, "add_bias", [((4, 3), (1,)), ((4, 3), ()), ((4, 3), (4, 1)), ((3, 3), (3, 1)), ((4, 3), (1, 3))])
    refuses_all(kata, "add_bias", [((4, 3), (4, 3)), ((4, 3), (4,))])


def test_add_bias_refuses_to_stretch_the_matrix(kata):
    refuses_all(kata, "add_bias", [((4, 1), (3,)), ((4, 1), (4,)), ((3,), (3,)), ((2, 4, 3), (3,))])
