"""Lists of irreps."""
import pytest

import weyl
from weyl import Irrep, Irreps


def test_what_is_parsed():
    irreps = Irreps("16x0e + 8x1o+2e")
    assert [(mul, ir.l, ir.p) for mul, ir in irreps] == [(16, 0, 1), (8, 1, -1), (1, 2, 1)]
    assert str(irreps) == "16x0e+8x1o+1x2e" and Irreps(str(irreps)) == irreps
    assert irreps.dim == 16 + 24 + 5 and irreps.num_irreps == 25 and irreps.lmax == 2
    assert irreps.count("1o") == 8 and "1o" in irreps and "1e" not in irreps
    assert irreps.slices() == [slice(0, 16), slice(16, 40), slice(40, 45)]
    assert Irreps("") == () and Irreps("").dim == 0
    assert Irreps([(2, (1, -1)), "3x0e", Irrep(2, 1)]) == Irreps("2x1o+3x0e+2e")


def test_sorting_and_merging():
    irreps = Irreps("2e+3x1e+4x1o+0x0e+5x1o")
    assert str(irreps.simplify()) == "1x2e+3x1e+9x1o"
    order = irreps.sort()
    assert str(order.irreps) == "0x0e+4x1o+5x1o+3x1e+1x2e"
    assert all(order.irreps[order.p[i]] == irreps[i] and order.p[order.inv[i]] == i for i in range(5))
    assert Irrep.of("1o").product("2e") == [Irrep(1, -1), Irrep(2, -1), Irrep(3, -1)]
    assert Irreps("1o") + "2x0e" == Irreps("1o+2x0e") and Irreps("1o") * 2 == Irreps("1o+1o")


@pytest.mark.parametrize("text, words", [
    ("16x0e+8z1o", "7|8"), ("1", "2|end"), ("x1o", "1"), ("1o+", "4|end"), ("99999999999999x0e", "99999999999999"), ("65e", "64"),
    ("-1x0e", "1")])
def test_mistakes_are_named_with_their_place(text, words):
    with pytest.raises(ValueError, match=words):
        Irreps(text)


def test_mistakes_in_lists():
    for bad in ([(-1, (0, 1))], [(1, (0, 2))], [(1.5, (0, 1))]):
        with pytest.raises(ValueError):
            Irreps(bad)
    with pytest.raises(ValueError, match="not one irrep"):
        Irrep.of("2x1o")
    with pytest.raises(AttributeError):
        weyl.no_such_name
