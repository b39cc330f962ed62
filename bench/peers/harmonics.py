"""Spherical harmonics by sphericart's C interface and by e3nn, in arrays that stay."""
import ctypes

import numpy as np
import torch

TYPES = {"f32": (np.float32, ctypes.c_float, "_f"), "f64": (np.float64, ctypes.c_double, "")}


def versions():
    import e3nn
    from importlib.metadata import version

    return f"sphericart {version('sphericart')}, e3nn {e3nn.__version__}"


def sphericart(l_max, n, gradients, kind):
    from sphericart._c_lib import _get_library

    library = _get_library()
    real, number, suffix = TYPES[kind]
    width = (l_max + 1) ** 2
    xyz = np.random.default_rng(1).standard_normal((n, 3)).astype(real)
    y, dy = np.zeros((n, width), real), np.zeros((n, 3, width), real)
    new = getattr(library, f"sphericart_spherical_harmonics_new{suffix}")
    new.restype = ctypes.c_void_p
    calculator = ctypes.c_void_p(new(ctypes.c_size_t(l_max)))
    name = "sphericart_spherical_harmonics_compute_array" + ("_with_gradients" if gradients else "") + suffix
    function = getattr(library, name)
    function.argtypes = None
    arguments = [calculator]
    for array in (xyz, y, dy) if gradients else (xyz, y):
        arguments += [array.ctypes.data_as(ctypes.POINTER(number)), ctypes.c_size_t(array.size)]
    return lambda: function(*arguments)


def e3nn(l_max, n, gradients, kind):
    from e3nn import o3

    assert not gradients
    xyz = torch.randn(n, 3, dtype=torch.float32 if kind == "f32" else torch.float64)
    degrees = list(range(l_max + 1))

    def step():
        with torch.no_grad():
            o3.spherical_harmonics(degrees, xyz, normalize=True, normalization="integral")

    return step


def case(words):
    """sphericart|e3nn L POINTS values|gradients f32|f64"""
    who = {"sphericart": sphericart, "e3nn": e3nn}[words[0]]
    return who(int(words[1]), int(words[2]), words[3] == "gradients", words[4]), {"points": int(words[2])}
