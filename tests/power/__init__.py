"""How much the gate can detect: planted faults, beside gradcheck and PyTorch's own test cases, and false alarms."""
