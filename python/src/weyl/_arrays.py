"""What numpy arrays and torch tensors have in common."""
import math
import sys
from typing import Any

import numpy as np

F32, F64 = 0, 1  # weyl_dtype


def is_torch(x: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def empty(shape: tuple, dtype: Any) -> np.ndarray:
    """An array that begins at a multiple of 64 bytes: what libweyl writes fastest, and always in the same way."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


def numbers(x: Any, name: str) -> np.ndarray:
    """A dense array of float32 or float64; a copy only where x is none."""
    x = np.asarray(x)
    if x.dtype.kind in "iub" or x.dtype == np.float16:
        raise TypeError(f"{name} is of {x.dtype} numbers, must be float32 or float64")
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name} is of {x.dtype}, must be float32 or float64")
    return np.ascontiguousarray(x) if x.ndim else x
