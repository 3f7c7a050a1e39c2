"""Times the stages of a script."""

import resource
import time


class Stopwatch:
    """Each call of `lap` says how the time since the last one is called."""

    def __init__(self):
        self.seconds = {}
        self._since = time.perf_counter()

    def lap(self, stage):
        now = time.perf_counter()
        self.seconds[stage] = now - self._since
        self._since = now


def peak_megabytes():
    """The most memory this process has held at a time, on Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
