"""Timing: contenders in blocks, side by side and alone, on threads that are the same for all of them."""
