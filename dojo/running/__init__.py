"""Running a kata: the pytest plugin, the worker that survives the learner, and the verdict."""
