"""Sections 12.7 and 12.9: sizes of layers, and how many parameters."""

from collections.abc import Sequence

from dlbook.shapes import Two, interval, pairs

__all__ = [
    "count_conv",
    "count_dense",
    "count_local",
    "output_size",
    "receptive_field",
]


def output_size(
    n: int, k: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return ⌊(n + 2p − r(k−1) − 1)/s⌋ + 1 for input n and kernel k."""
    pairs(1, n=n, k=k, stride=stride, dilation=dilation)
    pairs(0, padding=padding)
    most, span = n + 2 * padding, dilation * (k - 1) + 1
    interval("k", span, f"[1, {most}]", "dilated it has to fit into n + 2p")
    return (most - span) // stride + 1


def receptive_field(layers: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Return how many inputs an output sees and how far outputs are apart.

    R_l = R_{l−1} + r (k−1) J_{l−1},    J_l = s J_{l−1},    R_0 = J_0 = 1

    layers: (k, s) or (k, s, r) of each, the first layer first.
    """
    R = J = 1
    for layer in layers:
        k, s, r = (*layer, 1)[:3]
        pairs(1, k=k, s=s, r=r)
        R, J = R + r * (k - 1) * J, s * J
    return R, J


def count_conv(
    channels: int, filters: int, size: Two, *, bias: bool = True
) -> int:
    """Count the parameters of a convolution: (kh kw C + 1) D."""
    return count_local(channels, filters, size, 1, bias=bias)


def count_dense(inputs: int, outputs: int, *, bias: bool = True) -> int:
    """Count the parameters of a dense layer: (inputs + 1) outputs."""
    pairs(1, inputs=inputs, outputs=outputs)
    return (inputs + bias) * outputs


def count_local(
    channels: int, filters: int, size: Two, outputs: Two, *, bias: bool = True
) -> int:
    """Count them if every position (u, v) has its own: (kh kw C + 1) U V D."""
    (kh, kw), (U, V) = pairs(1, size=size, outputs=outputs)
    pairs(1, channels=channels, filters=filters)
    return (kh * kw * channels + bias) * U * V * filters
