"""Who does the jobs: this process, processes beside it, or a Dask cluster. All give the same results.

`run` takes pairs of a tag and a job, and gives pairs of the tag and what `work.examined` gave, as they are done. It
asks for no more pairs than the workers can soon take, so that a class of any size fits.
"""

import os
import signal
import threading
import time
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from autograder.grading import work
from autograder.grading.sandbox import tiers

AHEAD = 2  # jobs that wait for each worker
SECONDS = 20  # for a scheduler and its workers to answer
DIED = "the process that examined it died twice"


class SchedulerFault(RuntimeError):
    """The cluster cannot be used; the message says why, in one sentence."""


def cores():
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Here:
    """This process does the jobs itself, one after the other."""

    isolation = ""  # as this machine has it

    @property
    def local(self):
        """Who does what rests on the files of this machine."""
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def run(self, tasks, function=work.examined):
        for tag, job in tasks:
            yield tag, None if job is None else function(job)


class Beside:
    """`jobs` processes beside this one."""

    isolation = ""

    def __init__(self, jobs):
        self._jobs = jobs
        self._pool = None

    @property
    def local(self):
        return self

    def __enter__(self):
        self._pool = self._new_pool(self._jobs)
        return self

    def __exit__(self, kind, *error):
        if kind:  # what still runs is of no use
            for process in list((self._pool._processes or {}).values()):
                process.terminate()
        self._pool.shutdown(cancel_futures=True)

    def run(self, tasks, function=work.examined):
        waiting = {}
        for tag, job in tasks:
            if job is None:
                yield tag, None
                continue
            waiting[self._submitted(function, job)] = tag, job
            if len(waiting) >= AHEAD * self._jobs:
                yield from self._finished(waiting, function)
        while waiting:
            yield from self._finished(waiting, function)

    def _submitted(self, function, job):
        try:
            return self._pool.submit(function, job)
        except BrokenProcessPool:  # told by the futures that wait
            self._pool = self._new_pool(self._jobs)
            return self._pool.submit(function, job)

    def _finished(self, waiting, function):
        done, _ = futures.wait(waiting, return_when=futures.FIRST_COMPLETED)
        broken = []
        for future in done:
            tag, job = waiting.pop(future)
            try:
                yield tag, future.result()
            except BrokenProcessPool:
                broken.append((tag, job))
        if broken:  # some process died, and nobody says which: each that was under way is done by itself
            for future in futures.wait(waiting).done:
                tag, job = waiting.pop(future)
                if future.exception():
                    broken.append((tag, job))
                else:
                    yield tag, future.result()
            self._pool.shutdown()
            yield from self._one_by_one(broken, function)
            self._pool = self._new_pool(self._jobs)

    def _one_by_one(self, tasks, function):
        """Do jobs each while no other is under way; one that kills its process twice is given up."""
        pool = self._new_pool(1)
        for tag, job in tasks:
            found = {"fault": DIED}
            for _ in range(2):
                try:
                    found = pool.submit(function, job).result()
                    break
                except BrokenProcessPool:
                    pool.shutdown()
                    pool = self._new_pool(1)
            yield tag, found
        pool.shutdown()

    @staticmethod
    def _new_pool(jobs):
        return futures.ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (os.getpid(),))


def _begin(parent):
    """Begin as a worker: Ctrl-C is the parent's, and where the parent is gone there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)  # its kernels end with it

    threading.Thread(target=watch, daemon=True).start()


class Cluster:
    """The workers of a Dask cluster, by the address of its scheduler.

    Each worker has the same course, the same versions of Python and packages, the same isolation, and one thread, since
    a grader watches what its own process uses.

    labs : names of the labs that will be examined
    jobs : processes beside this one, for what rests on the files of this machine
    walls : whether they wall the students' code off; a worker that cannot is refused
    """

    def __init__(self, address, labs, jobs, walls=True):
        self._address, self._labs, self._walls = address, list(labs), walls
        self.local = Beside(jobs)
        self._waiting = {}
        self.isolation = ""  # what all workers have, once connected

    def __enter__(self):
        """Connect. Raises SchedulerFault."""
        try:
            from distributed import Client
        except ImportError:
            raise SchedulerFault(
                "--scheduler needs the package distributed: python -m pip install distributed"
            ) from None
        try:
            self._client = Client(self._address, timeout=SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as fault:
            words = " ".join(str(fault).split())[:200]
            raise SchedulerFault(f"no Dask scheduler answers at {self._address} ({words})") from None
        try:
            self._require_workers()
        except BaseException:
            self._client.close()
            raise
        self.local.__enter__()
        return self

    def __exit__(self, *error):
        self.local.__exit__(*error)
        self._client.cancel(list(self._waiting), force=True)  # where it was stopped in the middle
        self._client.close()

    def run(self, tasks, function=work.examined):
        for tag, job in tasks:
            if job is None:
                yield tag, None
                continue
            self._waiting[self._client.submit(function, job, pure=False)] = tag
            if len(self._waiting) >= AHEAD * max(1, len(self._workers())):
                yield from self._finished()
        while self._waiting:
            yield from self._finished()

    def _finished(self):
        from distributed import wait

        with self._client.as_current():
            done = wait(list(self._waiting), return_when="FIRST_COMPLETED").done
        for future in done:
            tag, fault = self._waiting.pop(future), future.exception()
            # Dask gives a job to another worker where one died, and gives up where it dies again and again.
            yield tag, {"fault": f"not graded, {type(fault).__name__}: {fault}"} if fault else future.result()

    def _workers(self):
        return self._client.scheduler_info(n_workers=-1)["workers"]

    def _require_workers(self):
        try:
            self._client.wait_for_workers(1, timeout=SECONDS)
        except TimeoutError:
            raise SchedulerFault(f"the scheduler {self._address} has no workers: dask worker ADDRESS") from None
        for name, worker in self._workers().items():
            if worker["nthreads"] != 1:
                raise SchedulerFault(f"the worker {name} has {worker['nthreads']} threads: dask worker --nthreads 1")
        ours = work.about(self._labs)
        for name, theirs in self._client.run(work.about, self._labs, on_error="return").items():
            if not isinstance(theirs, dict):
                raise SchedulerFault(f"the worker {name} cannot import this course ({theirs})")
            if theirs["versions"] != ours["versions"]:
                raise SchedulerFault(
                    f"the worker {name} has another version of the course, of Python or of its packages; install the "
                    "same on all machines"
                )
            if self.isolation not in ("", theirs["isolation"]):
                raise SchedulerFault(f"the workers differ in isolation: {self.isolation}, {theirs['isolation']}")
            self.isolation = theirs["isolation"]
            if self._walls and self.isolation == tiers.NONE.name:
                raise SchedulerFault(f"the worker {name} cannot wall students' code off; see autograder doctor there")
        self.isolation = self.isolation if self._walls else tiers.NONE.name
