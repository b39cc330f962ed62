"""weyl: irreps of O(3), tensor products and audits of symmetry, computed by libweyl.

    weyl.Irreps("16x0e + 8x1o")                      lists of irreps
    weyl.spherical_harmonics(l, x, normalize)        numpy arrays or torch tensors, with derivatives of any order
    weyl.wigner_D, weyl.wigner_3j                    e3nn's conventions and signs
    weyl.TensorProduct, ...                          torch modules with e3nn's arguments and layouts of weights
    weyl.audit(fn, group="E(3)", ...)                how symmetric any Python function is

`weyl.o3` has the same under e3nn's names: `from weyl import o3` for `from e3nn import o3`.  torch is imported when one of
its modules is asked for; everything else works with numpy alone.  Numbers are read and written in place, on the CPU, in
float32 or float64; the interpreter lock is released while libweyl computes.
"""
import importlib
import os

from . import _native
from ._threads import get_num_threads, set_num_threads
from .audits import AuditResult, audit
from .harmonics import spherical_harmonics
from .irreps import Irrep, Irreps
from .wigner import transform, wigner_3j, wigner_D

__version__: str = _native.version()

_TORCH = ("TensorProduct", "FullyConnectedTensorProduct", "ElementwiseTensorProduct", "FullTensorProduct",
          "GauntTensorProduct", "Linear")
__all__ = ["AuditResult", "Irrep", "Irreps", "audit", "get_num_threads", "set_num_threads", "spherical_harmonics",
           "transform", "wigner_3j", "wigner_D", *_TORCH]

os.register_at_fork(after_in_child=_native.after_fork)


def __getattr__(name: str):
    if name == "o3" or name in _TORCH:
        o3 = importlib.import_module("weyl.o3")
        return o3 if name == "o3" else getattr(o3, name)
    raise AttributeError(f"module 'weyl' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_TORCH, "o3"])
