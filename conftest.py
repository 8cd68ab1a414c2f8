"""What holds for every run of pytest, a notebook alone among them."""

import os

import pytest
from nbval.plugin import IPyNbCell

OUTPUT_TIMEOUT = 300  # seconds; nbval's own 5 are too few on a busy machine

# Kernels inherit this: one thread, as in `make test`, and a timing that
# misses raises.
for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")
os.environ["DLBOOK_TIMINGS"] = "strict"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Be patient with cells."""
    for item in items:
        if isinstance(item, IPyNbCell):
            item.output_timeout = OUTPUT_TIMEOUT
