"""Harmonics, Wigner matrices and 3j symbols on numpy arrays: values, symmetry, bad input."""
import math

import numpy as np
import pytest

import weyl


def test_values_of_low_degrees():
    x = np.array([[0.6, 0.0, 0.8], [0.0, 1.0, 0.0]])
    y = weyl.spherical_harmonics([0, 1, 2], x, False, "component")
    s3, s5, s15 = math.sqrt(3), math.sqrt(5), math.sqrt(15)
    # degree 1 is sqrt(3) (x, y, z); degree 2 begins with sqrt(15) x z and has its pole along y
    assert np.allclose(y[0], [1, 0.6 * s3, 0, 0.8 * s3, s15 * 0.48, 0, -s5 / 2, 0, s15 / 2 * (0.64 - 0.36)], atol=1e-15)
    assert np.allclose(y[1], [1, 0, s3, 0, 0, 0, s5, 0, 0], atol=1e-15)
    assert np.allclose(weyl.spherical_harmonics(0, x, True), 1 / math.sqrt(4 * math.pi), rtol=1e-15)


@pytest.mark.parametrize("normalization, total", [("integral", lambda l: (2 * l + 1) / (4 * math.pi)),
                                                  ("component", lambda l: 2 * l + 1), ("norm", lambda l: 1)])
def test_sums_of_squares(rng, normalization, total):
    x = rng.standard_normal((20, 3))
    for l in (0, 1, 4, 11, 20):
        y = weyl.spherical_harmonics(l, x, True, normalization)
        assert np.allclose((y**2).sum(-1), total(l), rtol=1e-13)


def test_degrees_may_be_named_in_any_way(rng):
    x = rng.standard_normal((2, 5, 3)).astype(np.float32)
    whole = weyl.spherical_harmonics([0, 1, 2, 3], x, True)
    assert whole.shape == (2, 5, 16) and whole.dtype == np.float32
    assert np.array_equal(weyl.spherical_harmonics("0e+1o+2e+3o", x, True), whole)
    assert np.array_equal(weyl.spherical_harmonics([2, 0], x, True), np.concatenate([whole[..., 4:9], whole[..., :1]], -1))
    assert np.allclose(weyl.spherical_harmonics("2x1o", x, True)[..., 3:], whole[..., 1:4], rtol=1e-6)
    assert weyl.spherical_harmonics([], x, True).shape == (2, 5, 0)


def test_harmonics_turn_by_wigner_matrices(rng, rotations):
    x = rng.standard_normal((10, 3))
    irreps = weyl.Irreps.spherical_harmonics(8)
    for r in rotations:
        turned = weyl.spherical_harmonics(irreps, x @ r.T, False)
        assert np.allclose(turned, weyl.transform(irreps, r, weyl.spherical_harmonics(irreps, x, False)), rtol=1e-12, atol=1e-11)


def test_wigner_matrices(rng):
    a, b, c = rng.uniform(-3, 3, (3, 4))
    assert np.allclose(weyl.wigner_D(2, 0.0, 0.0, 0.0), np.eye(5), atol=1e-15)
    for l in range(7):
        d = weyl.wigner_D(l, a, b, c)
        assert d.shape == (4, 2 * l + 1, 2 * l + 1)
        assert np.allclose(d @ d.transpose(0, 2, 1), np.eye(2 * l + 1), atol=1e-13)
    # degree 1 is the rotation itself: Ry(alpha) Rx(beta) Ry(gamma)
    def ry(t):
        return np.array([[math.cos(t), 0, math.sin(t)], [0, 1, 0], [-math.sin(t), 0, math.cos(t)]])
    def rx(t):
        return np.array([[1, 0, 0], [0, math.cos(t), -math.sin(t)], [0, math.sin(t), math.cos(t)]])
    assert np.allclose(weyl.wigner_D(1, a, b, c)[1], ry(a[1]) @ rx(b[1]) @ ry(c[1]), atol=1e-14)
    assert weyl.wigner_D(1, np.float32(1), np.float32(2), np.float32(3)).dtype == np.float32


def test_3j_symbols():
    assert np.allclose(weyl.wigner_3j(0, 0, 0), 1)
    w = weyl.wigner_3j(1, 1, 1)
    levi = np.zeros((3, 3, 3))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        levi[i, j, k], levi[j, i, k] = 1, -1
    assert np.allclose(np.abs(w), np.abs(levi) / math.sqrt(6)) and np.allclose(w * levi, w[0, 1, 2] * levi**2)
    assert np.allclose(np.abs(weyl.wigner_3j(1, 1, 0))[..., 0], np.eye(3) / math.sqrt(3), atol=1e-15)
    assert not weyl.wigner_3j(1, 1, 4).any()
    d = [weyl.wigner_D(l, 0.3, 1.1, -0.7) for l in (2, 3, 4)]
    w = weyl.wigner_3j(2, 3, 4)
    assert np.isclose((w**2).sum(), 1) and np.allclose(np.einsum("ijk,ai,bj,ck->abc", w, *d), w, atol=1e-14)


def test_zero_vectors_nan_and_empty_batches():
    x = np.zeros((3, 3))
    x[1] = [np.nan, 0, 1]
    x[2] = [0, 0, 1e-300]
    y = weyl.spherical_harmonics([0, 1, 2], x, True)
    assert y[0, 0] > 0 and not y[0, 1:].any()
    assert np.isnan(y[1, 1:]).all()
    assert np.isclose((y[2, 1:4] ** 2).sum(), 3 / (4 * math.pi))
    assert weyl.spherical_harmonics(2, np.zeros((0, 3)), True).shape == (0, 5)
    assert weyl.spherical_harmonics(2, np.zeros((4, 0, 3)), True).shape == (4, 0, 5)


def test_arrays_that_are_not_dense_are_read_all_the_same(rng):
    x = rng.standard_normal((6, 8))[::2, 1:4]
    assert not x.flags.c_contiguous
    assert np.array_equal(weyl.spherical_harmonics(3, x, True), weyl.spherical_harmonics(3, x.copy(), True))
    x.flags.writeable = False
    weyl.spherical_harmonics(3, x, True)


@pytest.mark.parametrize("call, error, words", [
    (lambda x: weyl.spherical_harmonics(2, x[:, :2], True), ValueError, r"shape \[5, 2\], must be \[..., 3\]"),
    (lambda x: weyl.spherical_harmonics(2, x.astype(int), True), TypeError, "float32 or float64"),
    (lambda x: weyl.spherical_harmonics(2, x.astype(np.float16), True), TypeError, "float16"),
    (lambda x: weyl.spherical_harmonics(2, x.astype(complex), True), TypeError, "complex"),
    (lambda x: weyl.spherical_harmonics(-1, x, True), ValueError, "negative"),
    (lambda x: weyl.spherical_harmonics(65, x, True), ValueError, "must be 0 to 64"),
    (lambda x: weyl.spherical_harmonics(1, x, True, "unit"), ValueError, "'unit'"),
    (lambda x: weyl.spherical_harmonics("1o+2o", x, True), ValueError, "even degrees have even parity"),
    (lambda x: weyl.spherical_harmonics("1o+1e", x, True), ValueError, "both parities"),
    (lambda x: weyl.wigner_3j(1, 2, 65), ValueError, "must be 0 to 64"),
    (lambda x: weyl.transform("1o", 2 * np.eye(3), x), ValueError, "rotation|orthogonal|O\\(3\\)"),
    (lambda x: weyl.transform("2e", np.eye(3), x), ValueError, "5"),
])
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call(np.ones((5, 3)))
