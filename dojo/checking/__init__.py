"""Judging an answer: calling it, comparing arrays, checking gradients. No guess about causes is made here."""
