"""The gate (``properties``), what it is run with (``gate``), and the suite's tests of itself (``suite``)."""
