"""Copies of irreps mixed by a matrix: [n, copies, 2 l + 1] to [n, others, 2 l + 1]."""
import torch


def mix(z: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """sum over k of w[k, c] z[n, k, m], or w[n, k, c]: [n, c * m], copy by copy."""
    n, k, m = z.shape
    c = w.shape[-1]
    if w.ndim == 3:
        return torch.bmm(w.transpose(1, 2), z).reshape(n, c * m)
    if m == 1:
        return z.reshape(n, k) @ w
    # one large product rather than n small ones; its two transpositions cost less
    return (z.transpose(1, 2).reshape(n * m, k) @ w).view(n, m, c).transpose(1, 2).reshape(n, c * m)
