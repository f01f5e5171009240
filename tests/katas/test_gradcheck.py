"""numerical_gradient, relative_error and gradient_check: exact differences, tiny and huge numbers, zeros and kinks."""

import numpy as np


def test_numerical_gradient_of_a_weighted_square(kata):
    c, x = np.array([1.0, -2.0, 0.5]), np.array([3.0, 1.0, -4.0])
    kata.assert_close(kata.numerical_gradient(lambda x: float(c @ x**2), x, 1e-3), [6, -4, -4], rtol=1e-7)


def test_numerical_gradient_divides_by_the_whole_distance(kata):
    # the straight line through x − 1 and x + 1 on a cube: 3x² + ε², exactly
    x = np.array([2.0, -1.0, 0.0])
    kata.assert_close(kata.numerical_gradient(lambda x: float((x**3).sum()), x, 1.0), [13, 4, 1])


def test_numerical_gradient_uses_eps(kata):
    x = np.array([1.0, -3.0])
    for eps in (0.5, 0.25):
        kata.assert_close(kata.numerical_gradient(lambda x: float((x**3).sum()), x, eps), 3 * x**2 + eps**2)


def test_numerical_gradient_moves_one_element_at_a_time(kata):
    rng = np.random.default_rng(0)
    A, x = rng.normal(size=(4, 4)), rng.normal(size=4)
    kata.assert_close(kata.numerical_gradient(lambda x: float(x @ A @ x), x, 1e-4), (A + A.T) @ x, rtol=1e-7)


def test_numerical_gradient_takes_any_shape(kata):
    rng = np.random.default_rng(1)
    for shape in [(1,), (3, 2), (2, 1, 3)]:
        w, x = rng.normal(size=shape), rng.normal(size=shape)
        expected = w * np.cos(x)
        kata.assert_close(
            kata.numerical_gradient(lambda x, w=w: float((w * np.sin(x)).sum()), x, 1e-5), expected, rtol=1e-7
        )


def test_numerical_gradient_of_a_constant_is_zero(kata):
    x = np.random.default_rng(5).normal(size=(3, 2))
    kata.assert_close(kata.numerical_gradient(lambda x: 7.0, x, 1e-5), np.zeros((3, 2)))


def test_numerical_gradient_of_large_and_small_elements(kata):
    x = np.array([1e4, -1e4, 1e-4, 0.0])
    kata.assert_close(kata.numerical_gradient(lambda x: float(3 * x.sum() + x[0]), x, 0.25), [4, 3, 3, 3])


def test_relative_error_of_known_values(kata):
    kata.assert_close(kata.relative_error(np.array([1.0, 2.0, -4.0]), np.array([1.0, 1.0, -5.0])), 0.5)


def test_relative_error_is_the_same_both_ways(kata):
    a, b = np.array([[3.0, 0.5]]), np.array([[4.0, 0.6]])
    kata.assert_close(kata.relative_error(a, b), 0.25)
    kata.assert_close(kata.relative_error(b, a), 0.25)


def test_relative_error_of_opposite_signs_is_two(kata):
    kata.assert_close(kata.relative_error(np.array([[-1.5]]), np.array([[1.5]])), 2)


def test_relative_error_of_zeros(kata):
    kata.assert_close(kata.relative_error(np.array([0.0, 2.0]), np.array([0.0, 1.5])), 0.25)
    kata.assert_close(kata.relative_error(np.zeros((2, 3)), np.zeros((2, 3))), 0)
    kata.assert_close(kata.relative_error(np.array([0.0, 2.0]), np.array([1e-9, 2.0])), 1)


def test_relative_error_judges_each_element_by_its_own_size(kata):
    b = np.array([[1e300, 4e-12], [5.0, 6.0]])
    kata.assert_close(kata.relative_error(np.array([[1e300, 3e-12], [5.0, 6.0]]), b), 0.25)
    kata.assert_close(kata.relative_error(np.array([[5e299, 4e-12], [5.0, 6.0]]), b), 0.5)


def test_relative_error_takes_float32(kata):
    kata.assert_close(kata.relative_error(np.array([1.0, 2.5], np.float32), np.array([1.0, 2.0], np.float32)), 0.2)


def test_gradient_check_accepts_a_right_gradient(kata):
    x = np.random.default_rng(2).normal(size=(2, 3))
    got = kata.gradient_check(lambda x: float(np.exp(x).sum()), lambda x: np.exp(x), x, 1e-5)
    kata.assert_close(got, 0, atol=1e-6)


def test_gradient_check_of_a_gradient_that_is_off_by_a_quarter(kata):
    x = np.array([[1.0, -2.0, 0.5], [3.0, -1.0, 0.25]])
    kata.assert_close(kata.gradient_check(lambda x: float((x**2).sum()), lambda x: 2.5 * x, x, 1e-4), 0.2, rtol=1e-6)


def test_gradient_check_reports_the_worst_element(kata):
    x = np.array([1.0, -2.0, 0.5, 4.0])
    wrong = np.array([1.0, 1.0, 0.5, 0.9])
    got = kata.gradient_check(lambda x: float((x**2).sum()), lambda x: 2 * x * wrong, x, 1e-4)
    kata.assert_close(got, 0.5, rtol=1e-6)


def test_gradient_check_uses_central_differences_and_eps(kata):
    x = np.array([1.0, 2.0])
    for eps in (1e-3, 1.5e-3):
        got = kata.gradient_check(lambda x: float((x**3).sum()), lambda x: 3 * x**2, x, eps)
        kata.assert_close(got, eps**2 / (3 + eps**2), rtol=1e-3, atol=1e-10)


def test_gradient_check_does_not_compare_noise_with_noise(kata):
    # neither x[1] nor x[2] counts; of x[1] a rounded last bit stays behind, a slope of 4e-11
    x = np.array([1.1, 3.1, 0.9])
    got = kata.gradient_check(
        lambda x: float(((x[0] + x[1]) - x[1]) + (x[2] - x[2])), lambda x: np.array([1.0, 0.0, 0.0]), x, 1e-5
    )
    kata.assert_close(got, 0, atol=1e-3)


def test_gradient_check_skips_kinks(kata):
    # |x| at 0, and at a distance from 0 that eps steps over
    x = np.array([0.0, 1e-6, -2.0, 3.0])
    got = kata.gradient_check(lambda x: float(np.abs(x).sum()), lambda x: np.where(x > 0, 1.0, -1.0), x, 1e-5)
    kata.assert_close(got, 0, atol=1e-6)


def test_gradient_check_still_sees_what_is_wrong_beside_a_kink(kata):
    x = np.array([[0.0, -2.0, 3.0]])
    got = kata.gradient_check(lambda x: float(np.maximum(x, 0).sum()), lambda x: np.where(x > 0, 1.25, 0.0), x, 1e-5)
    kata.assert_close(got, 0.2, rtol=1e-6)


def test_gradient_check_of_nothing_but_kinks_is_zero(kata):
    got = kata.gradient_check(
        lambda x: float(np.maximum(x, 0).sum()), lambda x: np.zeros_like(x), np.zeros((2, 1)), 1e-5
    )
    kata.assert_close(got, 0)


def test_gradient_check_sees_a_wrong_gradient_at_the_bottom_of_a_bowl(kata):
    # both slopes are almost 0 there: that is flat, not a kink, when the claimed gradient is 0.1
    x = np.array([0.0, 1.0])
    got = kata.gradient_check(lambda x: float((x**2).sum()), lambda x: 2 * x + np.array([0.1, 0.0]), x, 1e-5)
    kata.assert_close(got, 1, rtol=1e-6)
