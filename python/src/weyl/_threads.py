"""How many threads one call uses."""
import os
import sys
from typing import Optional

_chosen: Optional[int] = None


def set_num_threads(n: Optional[int]) -> None:
    """Threads of each call from now on; None: those of torch where torch is loaded, else one for each core. The numbers
    that come out do not depend on it."""
    global _chosen
    if n is not None and not 1 <= n <= 4096:
        raise ValueError(f"threads is {n}, must be 1 to 4096")
    _chosen = n


def get_num_threads() -> int:
    if _chosen is not None:
        return _chosen
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_num_threads"):
        return torch.get_num_threads()
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
