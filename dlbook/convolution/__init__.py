"""Section 12: convolution of signals, layers of images, pooling, sizes.

Stride s, padding p (with zeros, on all sides) and dilation r are numbers or
pairs (rows, columns). Autograd passes through. Empty input, numbers out of
range and sizes that do not fit raise ValueError.
"""

from dlbook.convolution.counts import (
    count_conv,
    count_dense,
    count_local,
    output_size,
    receptive_field,
)
from dlbook.convolution.layers import conv2d, conv2d_backward, conv_transpose2d
from dlbook.convolution.pools import avg_pool, lse_pool, max_pool, softmax_pool
from dlbook.convolution.signals import (
    circulant,
    convolve,
    convolve_fft,
    correlate,
    rot180,
    toeplitz,
)

__all__ = [
    "avg_pool",
    "circulant",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "convolve",
    "convolve_fft",
    "correlate",
    "count_conv",
    "count_dense",
    "count_local",
    "lse_pool",
    "max_pool",
    "output_size",
    "receptive_field",
    "rot180",
    "softmax_pool",
    "toeplitz",
]
