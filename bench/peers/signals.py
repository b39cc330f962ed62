"""Fourier transforms by SciPy's pocketfft, normal numbers by NumPy, and intervals between zeros as one writes them with both."""
import numpy as np
import scipy.fft

TYPES = {"f32": (np.float32, np.complex64), "f64": (np.float64, np.complex128)}


def fft(n, batch, kind):
    rng = np.random.default_rng(1)
    real, imaginary = rng.standard_normal((2, batch, n))
    x = (real + 1j * imaginary).astype(TYPES[kind][1])
    return lambda: scipy.fft.fft(x, axis=-1)


def normals(n, kind):
    rng = np.random.default_rng(1)
    return lambda: rng.standard_normal(n, dtype=TYPES[kind][0])


def intervals(points):
    """Two paths of diffusion in two dimensions by circulant embedding, without slopes: the zeros by straight lines."""
    m, step = 2 * points, 2 * np.pi / 100
    t = step * np.minimum(np.arange(m), m - np.arange(m))
    share = np.sqrt(np.maximum(scipy.fft.fft(1 / np.cosh(t / 2)).real, 0) / m).astype(np.float32)
    rng = np.random.default_rng(1)

    def step_of():
        z = rng.standard_normal((m, 2), dtype=np.float32).view(np.complex64)[:, 0] * share
        z = scipy.fft.fft(z)[:points]
        found = []
        for x in (z.real, z.imag):
            i = np.flatnonzero((x[:-1] < 0) != (x[1:] < 0))
            found.append(np.diff(step * (i + x[i] / (x[i] - x[i + 1]))))
        return np.concatenate(found)

    return step_of


def case(words):
    """fft N BATCH f32|f64, normals N f32|f64, intervals POINTS"""
    makers = {"fft": lambda a: fft(int(a[0]), int(a[1]), a[2]), "normals": lambda a: normals(int(a[0]), a[1]),
              "intervals": lambda a: intervals(int(a[0]))}
    return makers[words[0]](words[1:]), {}
