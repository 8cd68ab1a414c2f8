"""Section 13.1: recurrent networks and linear recurrences.

Sequences x are batches (sequences, steps, features), of one step or more.
States run from z^0, given or zero, to z^T; what is returned begins at z^1.
Autograd passes through. Empty input, states of another size, numbers out of
range and a mix of real and complex arrays raise ValueError or TypeError.
"""

from dlbook.recurrent.elman import RNN, Slope, bptt
from dlbook.recurrent.linear import (
    Eigen,
    diagonalize,
    linear_fft,
    linear_recurrence,
    linear_scan,
)
from dlbook.recurrent.lru import LRU, ring

__all__ = [
    "LRU",
    "RNN",
    "Eigen",
    "Slope",
    "bptt",
    "diagonalize",
    "linear_fft",
    "linear_recurrence",
    "linear_scan",
    "ring",
]
