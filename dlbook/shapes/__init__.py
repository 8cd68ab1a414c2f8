"""Shared room: what is wrong is refused at the door, with a way out."""

from dlbook.shapes.arrays import array, door, number
from dlbook.shapes.expected import (
    Two,
    edge_index,
    expect,
    filled,
    fine,
    function,
    interval,
    pairs,
    same_shape,
    whole,
)

__all__ = [
    "Two",
    "array",
    "door",
    "edge_index",
    "expect",
    "filled",
    "fine",
    "function",
    "interval",
    "number",
    "pairs",
    "same_shape",
    "whole",
]
