"""What is true: programs, definitions, and three oracles that say what a gradient must be.

Nothing here imports a strategy or a test. The definitions and the oracles take their meaning from NumPy, sympy and
128-bit arithmetic, never from the library that they judge: torch is called in ``route``, ``device``, ``target`` and
``laws`` only, and ``finite_difference`` differentiates its forward.
"""
