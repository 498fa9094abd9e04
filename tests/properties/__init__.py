"""The gate: what PyTorch must satisfy, on every chosen device, in every chosen dtype."""
