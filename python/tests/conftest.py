"""What the tests share."""
import numpy as np
import pytest


try:
    import torch

    torch.set_num_threads(1)  # its threads wait by spinning: slow where something else runs
except ImportError:
    pass


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def rotation(rng, improper=False):
    """A random rotation, or one times the inversion."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    q = q * np.sign(np.linalg.det(q))
    return -q if improper else q


@pytest.fixture
def rotations(rng):
    return [rotation(rng, improper) for improper in (False, True)]


def pytest_terminal_summary(terminalreporter):
    """Peers that are not there are said aloud."""
    missing = {str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])}
    for reason in sorted(missing):
        terminalreporter.write_line(f"NOT TESTED: {reason}")
