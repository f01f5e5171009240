"""Naming the mistake: from a test that failed to the function, the tensor, the facts and the likely cause."""
