"""Shared room: data that ships with what is installed; nothing downloads.

Real data wherever there is some. Tensors have torch's default dtype.
"""

from dlbook.data.made import SURFACES, Clouds, shapes3d
from dlbook.data.shipped import (
    Digits,
    Graph,
    Series,
    digits,
    karate,
    series,
    text,
)

__all__ = [
    "SURFACES",
    "Clouds",
    "Digits",
    "Graph",
    "Series",
    "digits",
    "karate",
    "series",
    "shapes3d",
    "text",
]
