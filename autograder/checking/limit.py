"""A limit in seconds for a function that may never end, in a notebook and on every system.

Signals would do it on some systems, and only as long as nobody else uses them. Here a second thread waits, and then
raises `StillRunning` in the thread that called. Python looks for it between two steps, so that a loop is stopped, and a
single call of NumPy is not. An interrupt by the learner passes through. Grading has no need of it: its kernels have
limits of their own.

The seconds are the processor's. On a busy machine a right answer may take ten times as long by the clock. Only a
function that waits for something else is stopped by the clock.
"""

import ctypes
import threading
import time

PAUSE = 1.0  # seconds until a function that caught the exception gets it again
BY_THE_CLOCK = 12  # times as long as by the processor


class StillRunning(BaseException):
    """A function has not ended in time. It is no `Exception`, so that `except Exception` in a function lets it pass."""


def within(seconds, function):
    """Call a function without arguments, and return its value. Raises StillRunning where it computes for longer."""
    watch = _Watch(threading.get_ident())
    try:
        threading.Thread(target=watch.wait, args=(seconds,), daemon=True).start()
        return function()
    finally:
        while not watch.over:
            try:
                watch.end()
            except StillRunning:  # it came on the way to the end, or in it: the value is there, so it does not count
                pass
        watch.ended.set()


class _Watch:
    """What two threads know of one call: whether it is over."""

    def __init__(self, watched):
        self._watched = ctypes.c_ulong(watched)
        self._lock = threading.Lock()
        self.ended = threading.Event()
        self.over = False

    def wait(self, seconds):
        """Raise StillRunning in the watched thread after so many seconds, and again after each pause."""
        by_processor, by_clock = time.process_time() + seconds, time.monotonic() + BY_THE_CLOCK * seconds
        while not self.ended.wait(seconds):
            seconds = min(by_processor - time.process_time(), by_clock - time.monotonic())
            if seconds > 0:
                continue
            with self._lock:
                if self.over:
                    return
                ctypes.pythonapi.PyThreadState_SetAsyncExc(self._watched, ctypes.py_object(StillRunning))
            seconds = PAUSE

    def end(self):
        """Let nothing be raised from here on: neither later, nor what is on its way.

        What is on its way is let in. To take it back, by raising NULL, would do harm for ever after: Python 3.11 then
        goes on believing that something waits to be raised, and a profiler or debugger waits for it without end.
        """
        with self._lock:
            self.over = True
        for _ in range(2):  # Python looks for what is to be raised where a loop jumps back
            pass
