"""The Euler operator and prolongation as one does them with SymPy. Its cache is emptied before each turn."""
import itertools

import sympy as sp
from sympy.calculus.euler import euler_equations
from sympy.core.cache import clear_cache

t, x, y = sp.symbols("t x y")


def functions(names, *at):
    return [sp.Function(name)(*at) for name in names.split()]


def kepler_3d():
    m, k = sp.symbols("m k", positive=True)
    q = functions("x y z", t)
    return m * sum(f.diff(t) ** 2 for f in q) / 2 + k / sp.sqrt(sum(f**2 for f in q)), q, [t]


def kdv_potential():
    (w,) = functions("w", t, x)
    return w.diff(t) * w.diff(x) / 2 + w.diff(x) ** 3 - w.diff(x, 2) ** 2 / 2, [w], [t, x]


def nls():
    u, v = functions("u v", t, x)
    return ((u * v.diff(t) - v * u.diff(t)) / 2 + (u.diff(x) ** 2 + v.diff(x) ** 2) / 2 - (u**2 + v**2) ** 2 / 2, [u, v],
            [t, x])


def double_pendulum():
    l, g = sp.symbols("l g", positive=True)
    a, b = functions("a b", t)
    return (l**2 * (a.diff(t) ** 2 + b.diff(t) ** 2 / 2 + a.diff(t) * b.diff(t) * sp.cos(a - b))
            + g * l * (2 * sp.cos(a) + sp.cos(b)), [a, b], [t])


def minimal_surface():
    (u,) = functions("u", x, y)
    return sp.sqrt(1 + u.diff(x) ** 2 + u.diff(y) ** 2), [u], [x, y]


LAGRANGIANS = {"kepler-3d": kepler_3d, "kdv-potential": kdv_potential, "nls": nls, "double-pendulum": double_pendulum,
               "minimal-surface": minimal_surface}


def euler(name):
    lagrangian, fields, at = LAGRANGIANS[name]()

    def step():
        clear_cache()
        return [sp.expand(e.lhs) for e in euler_equations(lagrangian, fields, at)]

    return step


def kdv_generators(which):
    (u,) = functions("u", t, x)
    equation = [u.diff(t) + 6 * u * u.diff(x) + u.diff(x, 3)]
    if which == "scaling":
        return [u], equation, [3 * t, x], [-2 * u]
    return [u], equation, [x**2 * u, t * u**2], [u**2 * x]


def nls_galilei(_):
    u, v = functions("u v", t, x)
    equation = [-u.diff(x, 2) + v.diff(t) - 2 * u * (u**2 + v**2), -v.diff(x, 2) - u.diff(t) - 2 * v * (u**2 + v**2)]
    return [u, v], equation, [0, 2 * t], [-x * v, x * u]


def prolong(name, which):
    """pr v of the equations: phi^J = D_J Q + xi^i u_(J+i); fields are functions, so that diff is the total derivative."""
    fields, equations, xi, phi = {"kdv": kdv_generators, "nls": nls_galilei}[name](which)
    at = [t, x]

    def step():
        clear_cache()
        q = [p - sum(a * f.diff(z) for a, z in zip(xi, at)) for p, f in zip(phi, fields)]
        out = []
        for e in equations:
            jets = {}
            for k, f in enumerate(fields):
                for n, m in itertools.product(range(4), repeat=2):
                    d = f.diff(*([t] * n + [x] * m)) if n + m else f
                    if e.has(d):
                        jets[d] = (k, [t] * n + [x] * m)
            flat = {d: sp.Dummy() for d in sorted(jets, key=lambda d: -len(jets[d][1]))}
            plain = e.subs(flat)
            total = 0
            for d, (k, by) in jets.items():
                moved = q[k].diff(*by) if by else q[k]
                moved += sum(a * d.diff(z) for a, z in zip(xi, at))
                total += plain.diff(flat[d]).subs({s: f for f, s in flat.items()}) * moved
            out.append(sp.expand(total))
        return out

    return step


def case(words):
    """euler LAGRANGIAN, prolong EQUATION GENERATOR"""
    return {"euler": euler, "prolong": prolong}[words[0]](*words[1:]), {}
