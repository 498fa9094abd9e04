"""Where known issues of convolutions are: functions of arguments and operands that ``known_issues.toml`` names.

What is not known of an operand may be anything: then a region contains the application unless something else tells that
it does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle.known_operands import Arguments, Operands, Shape


@dataclass(frozen=True)
class _Convolution:
    """A convolution of images, as PyTorch makes one of a convolution in one dimension: of a single row each.

    Attributes:
        image, kernel: the shapes of operand and weight, both of rank 4.
        image_strides, kernel_strides: their strides, if they are known.
        strides, paddings, dilations: by spatial axis.
        groups: how many.
        bias: whether there is one.
    """

    image: Shape
    kernel: Shape
    image_strides: Shape | None
    kernel_strides: Shape | None
    strides: Shape
    paddings: Shape
    dilations: Shape
    groups: int
    bias: bool

    @classmethod
    def of(cls, arguments: Arguments, operands: Operands) -> _Convolution:
        image, kernel = operands[:2]
        image_strides = image.strides
        if len(image.shape) == 3 and image_strides is not None and not _is_contiguous(image.shape, image_strides):
            # torch copies it.
            image_strides = (math.prod(image.shape[1:]), image.shape[2], 1)
        groups = arguments.get("groups", 1)
        assert isinstance(groups, int)
        return cls(
            image=_of_rows(image.shape),
            kernel=_of_rows(kernel.shape),
            image_strides=_strides_of_rows(image.shape, image_strides),
            kernel_strides=_strides_of_rows(kernel.shape, kernel.strides),
            strides=_each(arguments.get("stride", 1), image.shape, 1),
            paddings=_each(arguments.get("padding", 0), image.shape, 0),
            dilations=_each(arguments.get("dilation", 1), image.shape, 1),
            groups=groups,
            bias=len(operands) > 2,
        )

    def windows(self, axis: int) -> list[list[bool]]:
        """For each window along a spatial axis, whether each place of the kernel meets an element there."""
        size, width = self.image[2 + axis], self.kernel[2 + axis]
        stride, padding, dilation = self.strides[axis], self.paddings[axis], self.dilations[axis]
        count = (size + 2 * padding - dilation * (width - 1) - 1) // stride + 1
        return [
            [0 <= window * stride - padding + place * dilation < size for place in range(width)]
            for window in range(count)
        ]

    @property
    def is_depthwise(self) -> bool:
        """Whether there are several groups, each of one channel on either side."""
        return self.groups > 1 and self.kernel[1] == 1 and self.kernel[0] == self.groups

    @property
    def is_channels_last(self) -> bool:
        """Whether torch may compute it with the channels of each place next to each other."""
        return _may_be_channels_last(self.image, self.image_strides) or _may_be_channels_last(
            self.kernel, self.kernel_strides
        )


def _each(argument: Any, shape: Shape, usual: int) -> Shape:
    """What an argument says of each spatial axis of an image: one number for all, or one for each."""
    given = tuple(int(each) for each in np.ravel(argument))
    given = given * (len(shape) - 2) if len(given) == 1 else given
    return (usual, *given) if len(shape) == 3 else given


def _of_rows(shape: Shape) -> Shape:
    return (*shape[:2], 1, shape[2]) if len(shape) == 3 else shape


def _strides_of_rows(shape: Shape, strides: Shape | None) -> Shape | None:
    if strides is None or len(shape) == 4:
        return strides
    return (*strides[:2], shape[2] * strides[2], strides[2])


def _is_contiguous(shape: Shape, strides: Shape) -> bool:
    """As ``Tensor.is_contiguous`` says: strides of axes of size 1 do not matter."""
    length = 1
    for size, stride in zip(shape[::-1], strides[::-1], strict=True):
        if size != 1 and stride != length:
            return False
        length *= size
    return True


def _is_channels_last(shape: Shape, strides: Shape) -> bool:
    """Whether torch takes an image for channels_last where it is only told strides: those of size 1 matter too.

    This is ``is_channels_last_strides_2d`` of its c10/core/MemoryFormat.h.
    """
    if strides[1] == 0:
        return False
    least = 0
    for axis in (1, 3, 2, 0):
        if shape[axis] == 0 or strides[axis] < least or (axis == 0 and least == strides[1]):
            return False
        least = strides[axis] * max(shape[axis], 1)
    return True


def _may_be_channels_last(shape: Shape, strides: Shape | None) -> bool:
    return strides is None or _is_channels_last(shape, strides)


def _may_look_channels_last(shape: Shape, strides: Shape | None) -> bool:
    """Whether the elements may lie as in channels_last, while an axis of size 1 has another stride than there."""
    if strides is None:
        return True
    order = (0, 2, 3, 1)
    last = _is_contiguous(tuple(shape[axis] for axis in order), tuple(strides[axis] for axis in order))
    return last and not _is_channels_last(shape, strides) and not _is_contiguous(shape, strides)


def no_window_meets_a_column(arguments: Arguments, operands: Operands) -> bool:
    """Whether along the last axis no window meets an element, of several that are dilated and apart from each other."""
    given = _Convolution.of(arguments, operands)
    windows = given.windows(1)
    return (
        given.strides[1] > 1
        and given.dilations[1] > 1
        and len(windows) > 1
        and not any(map(any, windows))
        and any(map(any, given.windows(0)))
        and not given.is_depthwise
        and given.is_channels_last
    )


def no_window_meets_a_column_beside_a_bias(arguments: Arguments, operands: Operands) -> bool:
    """The same, of convolutions with a bias that have several groups or samples."""
    given = _Convolution.of(arguments, operands)
    several = given.groups > 1 or given.image[0] > 1
    return given.bias and several and no_window_meets_a_column(arguments, operands)


def a_step_is_wider_than_the_image(arguments: Arguments, operands: Operands) -> bool:
    """Whether a kernel of several columns, not dilated, moves by more columns than there are.

    Then some columns of the kernel meet nothing but padding.
    """
    given = _Convolution.of(arguments, operands)
    return (
        given.image[3] < given.strides[1]
        and given.kernel[3] > 1
        and given.dilations[1] == 1
        and all(map(any, given.windows(0)))
        and (given.is_channels_last or given.kernel[1] >= 16)
    )


def a_column_of_one_channel_is_strided(arguments: Arguments, operands: Operands) -> bool:
    """Whether images of one channel and fewer columns than a step has are met by kernels of one column, not padded."""
    given = _Convolution.of(arguments, operands)
    return (
        given.image[1] == 1
        and given.image[3] < given.strides[1]
        and given.kernel[3] == 1
        and given.paddings[1] == 0
        and given.is_channels_last
    )


def one_channel_becomes_a_column(arguments: Arguments, operands: Operands) -> bool:
    """Whether images of one channel a group become single columns, though their windows are apart along the last axis.

    Windows of one column are left out, and those that are dilated, apart along the other axis, or in padding alone, and
    groups of one channel on either side.
    """
    given = _Convolution.of(arguments, operands)
    return (
        given.kernel[1] == 1
        and given.kernel[3] > 1
        and given.strides[1] > 1
        and given.strides[0] == 1
        and given.dilations[1] == 1
        and len(given.windows(1)) == 1
        and len(given.windows(0)) > 1
        and all(map(any, given.windows(0)))
        and not given.is_depthwise
        and given.is_channels_last
    )


def single_places_of_few_channels_are_strided(arguments: Arguments, operands: Operands) -> bool:
    """Whether images of fewer than eight channels are strided by a kernel of one place.

    Of several images, without padding, where the steps divide the sides.
    """
    given = _Convolution.of(arguments, operands)
    return (
        given.image[0] > 1
        and given.groups == 1
        and given.kernel[1] < 8
        and given.kernel[2:] == (1, 1)
        and given.paddings == (0, 0)
        and given.strides != (1, 1)
        and all(side % stride == 0 for side, stride in zip(given.image[2:], given.strides, strict=True))
        and given.is_channels_last
    )


def the_weight_looks_channels_last(arguments: Arguments, operands: Operands) -> bool:
    """Whether the weight's elements lie as in channels_last, though torch takes the operand alone for that."""
    given = _Convolution.of(arguments, operands)
    return _may_be_channels_last(given.image, given.image_strides) and _may_look_channels_last(
        given.kernel, given.kernel_strides
    )


def the_weight_of_groups_looks_channels_last(arguments: Arguments, operands: Operands) -> bool:
    """The same, of a convolution of several groups."""
    return arguments.get("groups", 1) != 1 and the_weight_looks_channels_last(arguments, operands)


def the_operand_of_groups_looks_channels_last(arguments: Arguments, operands: Operands) -> bool:
    """Whether the elements of the operand lie as in channels_last, though torch takes the weight alone for that.

    Only of convolutions of several groups of several channels, not dilated.
    """
    given = _Convolution.of(arguments, operands)
    return (
        given.groups > 1
        and given.kernel[1] > 1
        and max(given.dilations) == 1
        and _may_be_channels_last(given.kernel, given.kernel_strides)
        and _may_look_channels_last(given.image, given.image_strides)
    )


CONVOLUTIONS = (
    a_column_of_one_channel_is_strided,
    a_step_is_wider_than_the_image,
    no_window_meets_a_column,
    no_window_meets_a_column_beside_a_bias,
    one_channel_becomes_a_column,
    single_places_of_few_channels_are_strided,
    the_operand_of_groups_looks_channels_last,
    the_weight_looks_channels_last,
    the_weight_of_groups_looks_channels_last,
)
"""All of these regions."""
