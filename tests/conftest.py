"""Float64 and a seeded generator: tolerances are about the maths."""

import matplotlib as mpl
import pytest
import torch
from nbval.plugin import IPyNbCell

mpl.use("Agg")

OUTPUT_TIMEOUT = 300  # seconds; nbval's own 5 are too few on a busy machine


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Skip what cannot or should not run here; be patient with kernels."""
    skip = {}
    if not torch.cuda.is_available():
        skip["gpu"] = pytest.mark.skip(reason="no CUDA device")
    if "bench" not in config.getoption("markexpr"):
        skip["bench"] = pytest.mark.skip(reason="run by make bench")
    for item in items:
        if isinstance(item, IPyNbCell):
            item.output_timeout = OUTPUT_TIMEOUT
        for name, mark in skip.items():
            if item.get_closest_marker(name):
                item.add_marker(mark)


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)
