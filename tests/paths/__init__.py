"""The same programs on every code path that this machine's CPU has: drawn once, judged on each."""
