"""Sections 12.7 and 12.9: sizes of layers, and how many parameters."""

from collections.abc import Iterable, Sequence

from dlbook.shapes import Two, interval, pairs, whole

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
    """Return ⌊(n + 2p − r(k−1) − 1)/s⌋ + 1 for input n and kernel k.

    Parameters
    ----------
    n, k
        Sizes of the input and of the kernel along one axis, in entries.
    stride, padding, dilation
        s, p and r: entries between the windows, zeros on either side, and
        entries from one that the kernel looks at to the next.

    Raises
    ------
    ValueError
        If a number is too small, or the kernel does not fit.
    TypeError
        If one is not whole.
    """
    n, k = _counted(n=n, k=k)
    stride, dilation = _counted(stride=stride, dilation=dilation)
    padding = whole("padding", padding, "[0, inf)", "raise it")
    most, span = n + 2 * padding, dilation * (k - 1) + 1
    interval("k", span, f"[1, {most}]", "dilated it has to fit into n + 2p")
    return (most - span) // stride + 1


def receptive_field(layers: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Return how many inputs an output sees and how far outputs are apart.

    R_l = R_{l−1} + r (k−1) J_{l−1},    J_l = s J_{l−1},    R_0 = J_0 = 1

    Parameters
    ----------
    layers
        (k, s) or (k, s, r) of each layer along one axis, the first layer
        first: size of the kernel, stride, and dilation (1 if left out).

    Raises
    ------
    ValueError
        If a layer has other than two or three numbers, or one is below 1.
    TypeError
        If one is not whole.
    """
    R = J = 1
    for layer in layers:
        numbers = (*layer, 1) if isinstance(layer, Iterable) else ()
        if len(numbers) not in (3, 4):
            raise ValueError(
                f"layers: expected (k, s) or (k, s, r) of each, got {layer}"
            )
        k, s, r = (
            whole("layers", number, "[1, inf)", "raise it")
            for number in numbers[:3]
        )
        R, J = R + r * (k - 1) * J, s * J
    return R, J


def count_conv(
    channels: int, filters: int, size: Two, *, bias: bool = True
) -> int:
    """Count the parameters of a convolution: (kh kw C + 1) D.

    Parameters
    ----------
    channels, filters
        C and D: channels of the input and of the output.
    size
        (kh, kw) of a filter, or one number for both.
    bias
        Whether each filter has one: the 1 in the formula.

    Raises
    ------
    ValueError
        If a number is below 1.
    TypeError
        If one is not whole.
    """
    return count_local(channels, filters, size, 1, bias=bias)


def count_dense(inputs: int, outputs: int, *, bias: bool = True) -> int:
    """Count the parameters of a dense layer: (inputs + 1) outputs.

    Parameters
    ----------
    inputs, outputs
        How many numbers go in and come out.
    bias
        Whether each output has one: the 1 in the formula.

    Raises
    ------
    ValueError
        If a number is below 1.
    TypeError
        If one is not whole.
    """
    inputs, outputs = _counted(inputs=inputs, outputs=outputs)
    return (inputs + bias) * outputs


def count_local(
    channels: int, filters: int, size: Two, outputs: Two, *, bias: bool = True
) -> int:
    """Count them if every position (u, v) has its own: (kh kw C + 1) U V D.

    Parameters
    ----------
    channels, filters, size, bias
        C, D, (kh, kw) and the 1, as for `count_conv`.
    outputs
        (U, V), rows and columns of the output, or one number for both.

    Raises
    ------
    ValueError
        If a number is below 1.
    TypeError
        If one is not whole.
    """
    (kh, kw), (U, V) = pairs(1, size=size, outputs=outputs)
    channels, filters = _counted(channels=channels, filters=filters)
    return (kh * kw * channels + bias) * U * V * filters


def _counted(**numbers: int) -> list[int]:
    """Return whole numbers from 1 on."""
    return [
        whole(name, n, "[1, inf)", "raise it") for name, n in numbers.items()
    ]
