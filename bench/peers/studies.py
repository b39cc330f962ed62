"""Steps of matrix sensing and a search over subsets of features as one writes them with NumPy and SciPy, in double."""
import itertools

import numpy as np
import scipy.sparse


def factors(rng, n, k):
    return 0.1 * rng.standard_normal((2, n, k))


def gaussian(n, m, k):
    rng = np.random.default_rng(1)
    a, y, (f, g) = rng.standard_normal((m, n * n)), rng.standard_normal(m), factors(rng, n, k)
    scale = 1 / np.sqrt(m)

    def step():
        e = scale * (a @ (f @ g.T).ravel()) - y
        s = scale * (e @ a).reshape(n, n)
        return f - 1e-3 * s @ g, g - 1e-3 * s.T @ f

    return step


def rank_one(n, m, k):
    rng = np.random.default_rng(1)
    (a, b), y, (f, g) = rng.standard_normal((2, m, n)), rng.standard_normal(m), factors(rng, n, k)
    scale = 1 / np.sqrt(m)

    def step():
        af, bg = a @ f, b @ g
        e = scale * (scale * np.einsum("ij,ij->i", af, bg) - y)[:, None]
        return f - 1e-3 * a.T @ (e * bg), g - 1e-3 * b.T @ (e * af)

    return step


def entries(n, m, k):
    rng = np.random.default_rng(1)
    row, column = np.sort(rng.integers(n, size=m)).astype(np.int32), rng.integers(n, size=m).astype(np.int32)
    y, (f, g) = rng.standard_normal(m), factors(rng, n, k)
    scale = n / np.sqrt(m)
    start = np.searchsorted(row, np.arange(n + 1)).astype(np.int32)

    def step():
        e = scale * (scale * np.einsum("ij,ij->i", f[row], g[column]) - y)
        s = scipy.sparse.csr_matrix((e, column, start), shape=(n, n))
        return f - 1e-3 * (s @ g), g - 1e-3 * (s.T @ f)

    return step


def subsets(d, environments, most):
    """Pooled least squares of every subset, and the largest gradient over the environments."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((environments, d, 2 * d))
    sigma, c = x @ x.transpose(0, 2, 1) / (2 * d), rng.standard_normal((environments, d))
    pooled, target = sigma.mean(0), c.mean(0)
    groups = [np.array(list(itertools.combinations(range(d), k))) for k in range(1, most + 1)]

    def step():
        worst = []
        for group in groups:  # all subsets of a size at once
            w = np.linalg.solve(pooled[group[:, :, None], group[:, None, :]], target[group][:, :, None])
            g = sigma[:, group[:, :, None], group[:, None, :]] @ w - c[:, group][..., None]
            worst.append(np.sqrt((g**2).sum((2, 3))).max(0))
        return worst

    return step


def case(words):
    """gaussian N M K, rank-one N M K, entries N M K, subsets FEATURES ENVIRONMENTS MOST"""
    makers = {"gaussian": gaussian, "rank-one": rank_one, "entries": entries, "subsets": subsets}
    return makers[words[0]](*map(int, words[1:])), {}
