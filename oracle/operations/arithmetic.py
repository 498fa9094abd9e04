"""Elementwise arithmetic with broadcasting: what polynomials are made of."""

from oracle.operations.operation import Operation

ARITHMETIC = (
    Operation("add", ("{0} + {1}", "torch.add({0}, {1})", "{0}.add({1})"), lambda a, b: a + b, "{0} + {1}", 0),
    Operation("sub", ("{0} - {1}", "torch.sub({0}, {1})", "{0}.sub({1})"), lambda a, b: a - b, "{0} - {1}", 0),
    Operation("mul", ("{0} * {1}", "torch.mul({0}, {1})", "{0}.mul({1})"), lambda a, b: a * b, "{0}·{1}", 1),
    Operation("neg", ("-{0}", "torch.neg({0})", "{0}.neg()"), lambda a: -a, "-{0}", 2),
    Operation(
        "pow",
        ("{0} ** {exponent}", "torch.pow({0}, {exponent})", "{0}.pow({exponent})"),
        lambda a, exponent: a**exponent,
        "{0}^{exponent}",
        3,
    ),
)
"""Each entry reads: name, spellings, definition, notation, precedence."""
