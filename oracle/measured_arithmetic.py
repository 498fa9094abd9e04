"""Measures ``DeviceArithmetic``: what a target does is found out by asking it, in milliseconds, before it is judged.

A sum that keeps its partial sums in a 16-bit format loses whatever is below half a unit in the last place of what it
has so far. So 1 and then 63 numbers of a quarter ulp of it are summed: 1 comes out of such a sum, and 1 + 16 ulp out of
one that is accumulated in a wider format. Orders are unknown, so the 1 stands at either end.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import torch
from torch.nn import functional

from oracle.arithmetic import Accumulation, DeviceArithmetic
from oracle.number_format import NUMBER_FORMATS, NumberFormat
from oracle.target import Target

SUMMED = 64
"""Terms of the sums that are measured."""

Sum = Callable[[torch.Tensor], torch.Tensor]
"""Sums ``SUMMED`` numbers in some way of PyTorch's, here a forward or there a backward pass, once or several times."""


@cache
def device_arithmetic(target: Target, dtype: str) -> DeviceArithmetic:
    """Measure ``DeviceArithmetic``; this also warms the device."""
    with target.applied():
        return _measured(target.device, NUMBER_FORMATS[dtype])


def _measured(device: str, number_format: NumberFormat) -> DeviceArithmetic:
    dtype = getattr(torch, number_format.name)
    smallest = torch.tensor(number_format.smallest_normal, dtype=dtype, device=device)
    return DeviceArithmetic(
        powers_are_exact=_powers_are_exact(device, number_format),
        flushes_subnormals=(smallest / 2).item() == 0,
        kept_in_dtype=_kept_in_dtype(device, number_format),
        composite=_composite(device, number_format),
        product_roundoff=_product_roundoff(device, number_format),
        products_flush_subnormals=_products_flush_subnormals(device, number_format),
    )


def _powers_are_exact(device: str, number_format: NumberFormat) -> bool:
    exact = True
    for exponent in range(4, 17):
        fits = [quarters for quarters in range(-64, 65) if abs(quarters) ** exponent < 2**number_format.precision]
        bases = [quarters / 4 for quarters in fits if abs(quarters / 4) ** exponent <= number_format.largest]
        powers = torch.tensor(bases, dtype=getattr(torch, number_format.name), device=device) ** exponent
        # Exact in float64 too: at most 53 significant bits. Results below the format's range do not count.
        exact &= all(
            power == base**exponent
            for power, base in zip(powers.tolist(), bases, strict=True)
            if number_format.contains(np.array(base**exponent))
        )
    return exact


def _kept_in_dtype(device: str, number_format: NumberFormat) -> frozenset[Accumulation]:
    if number_format.accumulation == number_format.name:
        return frozenset()
    quarter = number_format.unit_roundoff / 2
    terms = torch.tensor([1.0] + [quarter] * (SUMMED - 1), dtype=getattr(torch, number_format.name), device=device)
    whole = 1 + (SUMMED // 4) * 2 * number_format.unit_roundoff

    def loses(summed: Sum) -> bool:
        return any(bool((summed(each) != whole).any()) for each in (terms, terms.flip(0)))

    return frozenset(kind for kind, sums in SUMS.items() if any(loses(summed) for summed in sums()))


def gradient(
    function: Callable[[torch.Tensor], torch.Tensor], at: torch.Tensor, cotangent: torch.Tensor
) -> torch.Tensor:
    """The VJP of ``function`` at ``at`` with ``cotangent``."""
    leaf = at.detach().requires_grad_()
    return torch.autograd.grad(function(leaf), leaf, cotangent)[0]


def _scattered() -> Iterator[Sum]:
    def index(terms: torch.Tensor) -> torch.Tensor:
        return torch.zeros(SUMMED, dtype=torch.int64, device=terms.device)

    yield lambda terms: terms.new_zeros(1).index_add(0, index(terms), terms)
    yield lambda terms: terms.new_zeros(1).scatter_add(0, index(terms), terms)
    yield lambda terms: terms.new_zeros(1).index_put((index(terms),), terms, accumulate=True)
    yield lambda terms: gradient(lambda x: x.index_select(0, index(terms)), terms.new_zeros(1), terms)
    yield lambda terms: gradient(lambda x: x.gather(0, index(terms)), terms.new_zeros(1), terms)
    yield lambda terms: gradient(lambda x: x[index(terms)], terms.new_zeros(1), terms)


def _uses() -> Iterator[Sum]:
    yield lambda terms: gradient(lambda x: torch.stack([x] * SUMMED), terms.new_zeros(()), terms)


def _convolutions(terms: torch.Tensor, dilation: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Gradients of weight and bias of small convolutions of ``SUMMED`` samples, in which both are sums of ``terms``."""
    for rank, channels, last in itertools.product((1, 2), (1, 4), (False, True)):
        if last and rank == 1:
            continue
        side = 1 + dilation
        convolve = functional.conv1d if rank == 1 else functional.conv2d
        weight = terms.new_ones(channels, channels, *(2,) * rank).requires_grad_()
        bias = terms.new_zeros(channels).requires_grad_()
        own = terms.reshape(SUMMED, *(1,) * (rank + 1))
        x = own.expand(SUMMED, channels, *(side,) * rank).contiguous()
        if last:
            x = x.to(memory_format=torch.channels_last)
        z = convolve(x, weight, bias, dilation=dilation)
        weights = torch.autograd.grad(z, weight, torch.ones_like(z), retain_graph=True)[0]
        biases = torch.autograd.grad(z, bias, own.expand_as(z).contiguous())[0]
        yield weights, biases


def _convolution_weights() -> Iterator[Sum]:
    for dilation in (1, 2):

        def summed(terms: torch.Tensor, dilation: int = dilation) -> torch.Tensor:
            return torch.cat([weights.flatten() for weights, _ in _convolutions(terms, dilation)])

        yield summed


def _dilated_biases() -> Iterator[Sum]:
    yield lambda terms: torch.cat([biases for _, biases in _convolutions(terms, 2)])


def _windows() -> Iterator[Sum]:
    for rank, dilation in itertools.product((1, 2), (1, 2)):

        def summed(terms: torch.Tensor, rank: int = rank, dilation: int = dilation) -> torch.Tensor:
            # Windows that begin at every ``dilation``-th place meet in the middle, the last element of the first one.
            width = SUMMED if rank == 1 else round(SUMMED**0.5)
            side = 2 * (width - 1) * dilation + 1
            convolve = functional.conv1d if rank == 1 else functional.conv2d
            weight = terms.new_ones(1, 1, *(width,) * rank)
            cotangent = terms.new_zeros(1, 1, *((width - 1) * dilation + 1,) * rank)
            begins = cotangent[..., ::dilation] if rank == 1 else cotangent[..., ::dilation, ::dilation]
            begins.copy_(terms.reshape((width,) * rank))
            x = terms.new_zeros(1, 1, *(side,) * rank)
            given = gradient(lambda x: convolve(x, weight, dilation=dilation), x, cotangent)
            return given.flatten()[given.numel() // 2]

        yield summed


def _products() -> Iterator[Sum]:
    def rows(terms: torch.Tensor, count: int) -> torch.Tensor:
        return terms.expand(count, SUMMED).contiguous()

    yield lambda terms: rows(terms, 1) @ terms.new_ones(SUMMED, 1)
    yield lambda terms: rows(terms, 64) @ terms.new_ones(SUMMED, 64)
    # Products with few rows and many terms are those that are split.
    yield lambda terms: functional.pad(rows(terms, 4), (0, 8192 - SUMMED)) @ terms.new_ones(8192, 4)
    yield lambda terms: torch.bmm(rows(terms, 2)[:, None], terms.new_ones(2, SUMMED, 1))


SUMS: dict[Accumulation, Callable[[], Iterator[Sum]]] = {
    Accumulation.SCATTERED: _scattered,
    Accumulation.USES: _uses,
    Accumulation.CONVOLUTION_WEIGHTS: _convolution_weights,
    Accumulation.DILATED_BIASES: _dilated_biases,
    Accumulation.WINDOWS: _windows,
    Accumulation.PRODUCTS: _products,
}
"""How each accumulation is measured."""

Composite = tuple[Callable[[torch.Tensor], torch.Tensor], float, float]

COMPOSITES: dict[str, dict[str, Composite]] = {
    "bfloat16": {
        "silu": (functional.silu, 6.34375, 1.00935669043),
        "mish": (functional.mish, 3.265625, 1.01426481178),
    },
    "float16": {
        "silu": (functional.silu, 8.6875, 1.00129627094),
        "mish": (functional.mish, 4.53125, 1.00180745474),
    },
}
"""For each dtype functions with a composite backward, and a point where its steps, rounded one by one, lead more than
one ulp away from the derivative, which is the last number."""


def _composite(device: str, number_format: NumberFormat) -> frozenset[str]:
    found = set()
    for name, (function, point, derivative) in COMPOSITES.get(number_format.name, {}).items():
        at = torch.tensor([point], dtype=getattr(torch, number_format.name), device=device)
        came = gradient(function, at, torch.ones_like(at)).item()
        # One kernel computes in float32 and rounds once: half an ulp, and next to nothing more.
        if abs(came - derivative) > float(number_format.spacing(np.array(derivative))):
            found.add(name)
    return frozenset(found)


def _product_roundoff(device: str, number_format: NumberFormat) -> float:
    """2^-p, where the factors 1 + 2^-k are kept up to k = p - 1; 0 if all numbers of the format are kept.

    Small products take other kernels than large ones, and convolutions others than matrices: the coarsest counts.
    Products of 16-bit numbers are numbers of the format that they are accumulated in.
    """
    if number_format.accumulation != number_format.name:
        return 0.0
    dtype = getattr(torch, number_format.name)
    kept = number_format.precision - 1
    for place in range(1, number_format.precision):
        factor = 1 + 2.0**-place
        # One factor in each row, all others 0: the sums round nothing.
        for size in (4, 256):
            ones = torch.ones(size, size, dtype=dtype, device=device)
            diagonal = torch.eye(size, dtype=dtype, device=device) * factor
            came = [diagonal @ ones, ones @ diagonal]
            came.append(functional.conv2d(ones[None, None], diagonal[:1, :1, None, None]))
            if any(bool((each != factor).any()) for each in came):
                kept = min(kept, place - 1)
        if kept < place:
            break
    return 0.0 if kept == number_format.precision - 1 else 2.0 ** -(kept + 1)


def _products_flush_subnormals(device: str, number_format: NumberFormat) -> bool:
    """Whether a subnormal factor is taken for 0, or a product that is subnormal where it is accumulated comes as 0.

    As the instruction VDPBF16PS does, whatever the processor is set to (Intel, *Instruction Set Extensions Programming
    Reference*): oneDNN multiplies bfloat16 numbers with it.
    """
    dtype = getattr(torch, number_format.name)
    wide = NUMBER_FORMATS[number_format.accumulation]
    factors = [(number_format.smallest_subnormal, 1 / number_format.smallest_normal)]
    root = 2.0 ** (wide.minimum_exponent // 2 - 1)
    if root >= number_format.smallest_normal:
        factors.append((root, root))
    for first, second in factors:
        # Small products of matrices take other kernels than large ones.
        for size in (4, 64):
            one = torch.full((size, size), first, dtype=dtype, device=device)
            other = torch.eye(size, dtype=dtype, device=device) * second
            image, kernel = one[:1, :1], torch.full((1, 1, 1), second, dtype=dtype, device=device)
            came = [one @ other, functional.conv1d(image[None], kernel)]
            if any(bool((each == 0).any()) for each in came):
                return True
    return False
