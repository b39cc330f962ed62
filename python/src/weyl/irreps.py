"""Irreps of O(3) and lists of them, as in e3nn: "16x0e + 8x1o"."""
from __future__ import annotations

from typing import Any, Iterable, Iterator, NamedTuple, Union

from . import _native


class Irrep(NamedTuple):
    """One irrep: degree l, parity p = 1 (even, "e") or -1 (odd, "o")."""

    l: int
    p: int

    @property
    def dim(self) -> int:
        return 2 * self.l + 1

    @classmethod
    def of(cls, ir: Any) -> Irrep:
        """From "1o", (1, -1), or another library's irrep."""
        if isinstance(ir, cls):
            return ir
        if isinstance(ir, str):
            blocks = _native.irreps_parse(ir)
            if len(blocks) != 1 or blocks[0][0] != 1:
                raise ValueError(f"{ir!r} is not one irrep")
            return cls(*blocks[0][1:])
        l, p = ir
        if p not in (-1, 1) or int(l) != l or l < 0:
            raise ValueError(f"({l}, {p}) is no irrep: the degree must be 0 or more, the parity 1 or -1")
        return cls(int(l), int(p))

    def product(self, other: Any) -> list[Irrep]:
        """The irreps of the product with another one."""
        other = Irrep.of(other)
        return [Irrep(l, self.p * other.p) for l in range(abs(self.l - other.l), self.l + other.l + 1)]

    def __str__(self) -> str:
        return f"{self.l}{'e' if self.p == 1 else 'o'}"

    __repr__ = __str__


class Block(NamedTuple):
    """mul copies of an irrep."""

    mul: int
    ir: Irrep

    @property
    def dim(self) -> int:
        return self.mul * self.ir.dim

    def __str__(self) -> str:
        return f"{self.mul}x{self.ir}"

    __repr__ = __str__


class Sorted(NamedTuple):
    irreps: "Irreps"
    p: tuple  # block i of the list is block p[i] of the sorted one
    inv: tuple  # block i of the sorted list is block inv[i] of the list


def _blocks(irreps: Any) -> Iterator[Block]:
    for item in irreps:
        if isinstance(item, str):
            yield from Irreps(item)
        elif isinstance(item, Irrep):
            yield Block(1, item)
        else:
            first, second = item
            if isinstance(second, int):  # (l, p)
                yield Block(1, Irrep.of((first, second)))
            elif int(first) != first or first < 0:
                raise ValueError(f"{first} copies, must be 0 or more")
            else:
                yield Block(int(first), Irrep.of(second))


class Irreps(tuple):
    """A direct sum of irreps: blocks of copies.  Numbers stand block by block, in a block copy by copy, m = -l ... l.

    From a string (ValueError names the position of a mistake), an irrep, an iterable of (mul, irrep), or e3nn's Irreps.
    """

    def __new__(cls, irreps: Union[str, Irrep, "Irreps", Iterable[Any]] = "") -> Irreps:
        if isinstance(irreps, cls):
            return irreps
        if isinstance(irreps, str):
            return super().__new__(cls, (Block(mul, Irrep(l, p)) for mul, l, p in _native.irreps_parse(irreps)))
        return super().__new__(cls, _blocks([irreps] if isinstance(irreps, Irrep) else irreps))

    @staticmethod
    def spherical_harmonics(lmax: int, p: int = -1) -> Irreps:
        """Degrees 0 ... lmax of parity p^l."""
        return Irreps([(1, (l, p**l)) for l in range(lmax + 1)])

    @property
    def dim(self) -> int:
        return sum(block.dim for block in self)

    @property
    def num_irreps(self) -> int:
        return sum(block.mul for block in self)

    @property
    def ls(self) -> list[int]:
        return [block.ir.l for block in self for _ in range(block.mul)]

    @property
    def lmax(self) -> int:
        if not self.ls:
            raise ValueError("an empty list of irreps has no highest degree")
        return max(self.ls)

    def count(self, ir: Any) -> int:
        ir = Irrep.of(ir)
        return sum(block.mul for block in self if block.ir == ir)

    def slices(self) -> list[slice]:
        """Where the numbers of each block are."""
        out, at = [], 0
        for block in self:
            out.append(slice(at, at + block.dim))
            at += block.dim
        return out

    def simplify(self) -> Irreps:
        """Equal neighbours become one block, blocks without copies go: the numbers stay where they are."""
        out: list[Block] = []
        for mul, ir in self:
            if out and out[-1].ir == ir:
                out[-1] = Block(out[-1].mul + mul, ir)
            elif mul > 0:
                out.append(Block(mul, ir))
        return Irreps(out)

    def sort(self) -> Sorted:
        """By degree, odd before even, equal ones in their order."""
        inv = tuple(sorted(range(len(self)), key=lambda i: self[i].ir))
        p = [0] * len(inv)
        for new, old in enumerate(inv):
            p[old] = new
        return Sorted(Irreps([self[i] for i in inv]), tuple(p), inv)

    def regroup(self) -> Irreps:
        return self.sort().irreps.simplify()

    def __add__(self, other: Any) -> Irreps:
        return Irreps([*self, *Irreps(other)])

    def __mul__(self, n: Any) -> Irreps:
        return Irreps(tuple(self) * n)

    __rmul__ = __mul__

    def __getitem__(self, i: Any) -> Any:
        out = super().__getitem__(i)
        return Irreps(out) if isinstance(i, slice) else out

    def __contains__(self, ir: Any) -> bool:
        return self.count(ir) > 0

    def __str__(self) -> str:
        return "+".join(str(block) for block in self)

    __repr__ = __str__

    def randn(self, *size: int, **options: Any) -> Any:
        """A torch tensor of this shape, with normal entries; -1 stands for the dimension of the list."""
        import torch

        return torch.randn(*[self.dim if n == -1 else n for n in size], **options)
