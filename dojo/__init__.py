"""The library behind `grader.py`: it runs a learner's kata, judges it, and names the mistake."""
