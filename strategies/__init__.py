"""What may be drawn: Hypothesis strategies for shapes, layouts, values, polynomials, reductions, cotangents, programs.

Conventions: a strategy is a plural noun; options are keyword-only and checked when it draws; everything drawn is valid
by construction, and what follows from a draw (a result shape, say) is drawn along with it. Draws are few: the numbers
of a tensor come from one, and so do the small choices of a strategy; what is under ``reused`` is looked into once.
"""
