"""Every law is broken on purpose, and must say so; and it must hold where nothing is broken."""

from __future__ import annotations

import pytest
import torch

from oracle.laws import BOOKKEEPING, LINEARITY, TIES
from oracle.route import cotangents, leaves, torch_function
from tests.suite.examples import broadcast_product, reduction


class Broken(torch.autograd.Function):
    """x0·x1 whose backward goes through ``Broken.change(ctx, cotangent, x0, x1)``."""

    change = None

    @staticmethod
    def forward(ctx, x0, x1):
        ctx.save_for_backward(x0, x1)
        return x0 * x1

    @staticmethod
    def backward(ctx, g):
        return Broken.change(ctx, g, *ctx.saved_tensors)


def right(ctx, g, x0, x1):
    return g * x1, (g * x0).sum(0)


def overwriting_the_cotangent(ctx, g, x0, x1):
    answer = right(ctx, g, x0, x1)
    g.zero_()
    return answer


def overwriting_an_input(ctx, g, x0, x1):
    answer = right(ctx, g, x0, x1)
    x1.data[0] = 5
    return answer


def handing_out_the_cotangent(ctx, g, x0, x1):
    return g.view_as(g), (g * x0).sum(0)


def growing_with_each_pass(ctx, g, x0, x1):
    growing_with_each_pass.passes += 1
    return tuple(each * growing_with_each_pass.passes for each in right(ctx, g, x0, x1))


growing_with_each_pass.passes = 0


def dropping_the_sign(ctx, g, x0, x1):
    return right(ctx, g.abs(), x0, x1)


def adding_one(ctx, g, x0, x1):
    return right(ctx, g + 1, x0, x1)


def reading_the_cotangent_as_contiguous(ctx, g, x0, x1):
    return right(ctx, g.as_strided(g.shape, (3, 1), 0) if g.untyped_storage().nbytes() >= 48 else g, x0, x1)


def by_name(name):
    (law,) = (law for law in BOOKKEEPING + LINEARITY if law.__name__ == name)
    return law


def complaint(law, program, change=None):
    if change is not None:
        Broken.change = staticmethod(change)
    function = torch_function(program, "cpu") if change is None else lambda *x: [Broken.apply(*x)]
    return law(lambda: leaves(program, "cpu"), function, lambda: cotangents(program, "cpu"))


@pytest.mark.parametrize("law", BOOKKEEPING + LINEARITY, ids=lambda law: law.__name__)
def test_laws_hold_for_pytorch_and_for_a_right_function(law):
    assert complaint(law, broadcast_product()) is None
    assert complaint(law, broadcast_product(), right) is None


class Largest(torch.autograd.Function):
    """The largest element of x0, whose backward gives ``Largest.share`` of the cotangent to each that is."""

    share = 1.0

    @staticmethod
    def forward(ctx, x0):
        ctx.save_for_backward(x0)
        return x0.max()

    @staticmethod
    def backward(ctx, g):
        (x0,) = ctx.saved_tensors
        return g * (x0 == x0.max()) * Largest.share


@pytest.mark.parametrize(("share", "right"), [(1 / 3, True), (1.0, False), (0.0, False), (0.3, False)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_shares_of_a_tie_must_add_up(share, right, dtype):
    Largest.share = share
    x = [2.0, 1.0, 2.0, 2.0]
    (law,) = TIES
    complaint = law(
        lambda: [torch.tensor(x, dtype=dtype, requires_grad=True)],
        lambda x0: [Largest.apply(x0)],
        lambda: [torch.tensor(-2.0, dtype=dtype)],
    )
    assert (complaint is None) == right


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("nothing_is_overwritten", overwriting_the_cotangent),
        ("nothing_is_overwritten", overwriting_an_input),
        ("gradients_own_their_memory", handing_out_the_cotangent),
        ("two_backward_passes_accumulate", growing_with_each_pass),
        ("routes_agree", growing_with_each_pass),
        ("zero_cotangent_gives_zero", adding_one),
        ("vjp_is_linear", dropping_the_sign),
        ("vjp_is_linear", adding_one),
    ],
)
def test_broken_laws_are_noticed(name, change):
    assert complaint(by_name(name), broadcast_product(), change)


def test_a_backward_that_reads_its_cotangent_as_contiguous_is_noticed():
    from dataclasses import replace

    from oracle.tensor import Layout

    program = broadcast_product()
    transposed = replace(program.outputs[0].cotangent, layout=Layout((1, 0), (0, 0), (1, 1)))
    law = by_name("layout_of_the_cotangent_is_immaterial")
    assert complaint(law, program.with_cotangents(transposed), right) is None
    assert complaint(law, program.with_cotangents(transposed), reading_the_cotangent_as_contiguous)


def test_a_graph_that_is_never_freed_is_noticed():
    class Hoarding(torch.autograd.Function):
        """Saves tensors in a way that autograd knows, and works without them."""

        @staticmethod
        def forward(ctx, x0, x1):
            ctx.save_for_backward(x0)
            ctx.kept = x0, x1
            return x0 * x1

        @staticmethod
        def backward(ctx, g):
            x0, x1 = ctx.kept
            return g * x1, (g * x0).sum(0)

    program = broadcast_product()
    law = by_name("saved_tensors_are_freed")
    assert law(lambda: leaves(program, "cpu"), lambda *x: [Hoarding.apply(*x)], lambda: cotangents(program, "cpu"))


def test_a_gradient_of_a_wrong_kind_is_noticed():
    program = broadcast_product()
    law = by_name("gradients_fit_their_inputs")

    def swapping(*x):
        # A hook that autograd does not look behind: the gradient is replaced after the fact.
        output = x[0] * x[1]
        x[0].register_post_accumulate_grad_hook(lambda leaf: setattr(leaf, "grad", None))
        return [output]

    assert law(lambda: leaves(program, "cpu"), swapping, lambda: cotangents(program, "cpu"))


def test_no_law_asks_for_saved_tensors_where_there_are_none():
    assert complaint(by_name("saved_tensors_are_freed"), reduction("sum", (1.0, 2.0), (2,))) is None
