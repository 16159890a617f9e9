"""The unit of work: one rebuilt notebook is examined, in this process, in another, or on another machine.

What goes in is text and settings, and what comes out are plain values, which JSON can hold. Whoever does the work sees
neither the gradebook nor other submissions.
"""

import hashlib
import hmac
import json
import time
from dataclasses import asdict, dataclass, field, replace

from autograder.exercises import LABS
from autograder.grading.examine import Result, examine
from autograder.grading.graded import Times
from autograder.grading.sandbox import Limits, tiers
from autograder.grading.text import clean
from autograder.grading.version import version_of


@dataclass(frozen=True)
class How:
    """How submissions are examined, the same in a whole run.

    secret : bytes from which the inputs of hidden questions are drawn
    hint_share : what an answer whose code is that of the last hint counts of its points, 0 .. 1
    isolation : the name of the tier that walls the students' code off, of `sandbox.tiers`; found out where it runs
    """

    secret: bytes = field(repr=False)
    limits: Limits = Limits()
    hint_share: float = 1.0
    isolation: str = tiers.NONE.name


@dataclass(frozen=True)
class Job:
    """A notebook to examine.

    lab, student : the lab's name and the student's id, for whom the inputs of hidden questions are drawn
    notebook : the rebuilt notebook, as JSON text
    version : of the lab, as `version_of` gives it; whoever has another one refuses
    """

    lab: str
    student: str
    notebook: str = field(repr=False)
    how: How
    version: str

    @property
    def key(self):
        """A digest of all that the result depends on."""
        secret = hmac.new(self.how.secret, b"key of the journal", hashlib.sha256).hexdigest()
        how = [asdict(self.how.limits), self.how.hint_share, self.how.isolation, secret]
        cells = [[cell["cell_type"], cell["source"], cell["metadata"]] for cell in json.loads(self.notebook)["cells"]]
        known = [self.version, self.lab, self.student, how, cells]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def job_for(lab, student, notebook, how):
    """Return the job of examining a rebuilt notebook."""
    return Job(lab.name, student, json.dumps(notebook), how, version_of(lab.name))


def examined(job):
    """Do a job; twice where the machine or the course fails. Returns plain values.

    They are `results`, `notes`, `printed` (by the place of the cell) and `times`; or `fault`, in words, where it could
    not be done through no fault of the student's.
    """
    begin, used = time.monotonic(), time.process_time()
    fault = None
    for _ in range(2):
        try:
            found, seconds = _examined(job)
        except Exception as error:
            fault = clean(f"not graded, {type(error).__name__}: {error}")
            continue
        seconds += time.process_time() - used  # and of the judge, here
        times = Times(round(time.monotonic() - begin, 3), round(seconds, 3))
        return {**found, "times": asdict(times)}
    return {"fault": fault}


def results_of(plain):
    """Return the results that `examined` gave as plain values."""
    return tuple(Result(**{**result, "reasons": tuple(result["reasons"])}) for result in plain["results"])


def tier_called(name):
    """Return this machine's tier of a name. Raises NoSandbox where it has another one."""
    tier = tiers.NONE if name == tiers.NONE.name else tiers.detect()
    if tier.name != name:
        raise tiers.NoSandbox(f"the isolation here is {tier.name}, and {name} is asked for")
    return tier


def about(labs):
    """Return what must be the same wherever a run's jobs are done: the isolation's name, and each lab's version."""
    try:
        isolation = tiers.detect().name
    except tiers.NoSandbox:
        isolation = tiers.NONE.name
    return {"isolation": isolation, "versions": {lab: version_of(lab) for lab in labs}}


def _examined(job):
    import nbformat

    if version_of(job.lab) != job.version:
        raise RuntimeError(f"another version of {job.lab}, or of Python and its packages, is at work here")
    lab, how, tier = LABS[job.lab], job.how, tier_called(job.how.isolation)

    def generator(exercise, question):
        return exercise.generator(question, how.secret, job.student)

    notebook = nbformat.from_dict(json.loads(job.notebook))
    found = examine(notebook, lab, generator, how.limits, how.hint_share, tier)
    plain = {
        "results": [asdict(_cleaned(result)) for result in found.results],
        "notes": [*map(clean, found.notes)],
        "printed": {str(place): clean(text) for place, text in found.printed.items()},
    }
    return plain, found.seconds


def _cleaned(result):
    reasons = tuple(map(clean, result.reasons))
    return replace(result, reasons=reasons, named=clean(result.named), note=clean(result.note))
