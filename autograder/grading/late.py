"""Late hand-ins: when a lab was due, when it came, and what coming late costs.

nbgrader counts the seconds and enters the penalty; what a penalty is, is a plug-in class of its kind, made here from a
few words or given by the instructor.
"""

import math
import os
import re
from datetime import UTC, datetime, timedelta, timezone
from numbers import Real
from pathlib import Path
from zoneinfo import ZoneInfo

from autograder.grading.opening import opened
from autograder.grading.reading import Unreadable
from autograder.grading.text import shown

TIMES = "timestamp.txt"  # nbgrader's
LONGEST = 100  # characters of a time
DAY, HOUR = 86_400, 3_600  # seconds
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(\S+)?", re.ASCII)
OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
AREA = re.compile(r"[A-Za-z]+(?:/[A-Za-z0-9_+-]+){1,2}", re.ASCII)
POLICY = re.compile(r"(zero|(\d{1,6}(?:\.\d{1,6})?)(%?)/day)(?: after (\d{1,6}(?:\.\d{1,6})?) hours?)?", re.ASCII)
PLUGIN = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)")
FORM = "write it as 2026-11-30 23:59, with +0100, UTC or Europe/Berlin behind it where the zone is another"
POLICIES = "none, zero, 10%/day, 2/day (points), each also with `after 2 hours`, or module:Class"


class LateFault(ValueError):
    """A time, a policy or its result that cannot be taken; the message says why, in one sentence."""


def read_time(text, zone=None):
    """Return the time that a text names, as an aware datetime in UTC. Raises LateFault.

    zone : the zone of a text that names none, such as `UTC` of the module datetime; None for the machine's
    """
    found = TIME.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if not found:
        raise LateFault(f"{shown(text.strip()[:40])!r} is no time; {FORM}")
    day, clock, named = found.groups()
    try:
        time = datetime.fromisoformat(f"{day}T{clock}")
        time = time.replace(tzinfo=zone_called(named) if named else zone)
        return time.astimezone(UTC)
    except LateFault:
        raise
    except (ValueError, OverflowError, OSError):
        raise LateFault(f"there is no time {shown(text.strip()[:40])!r}; {FORM}") from None


def zone_called(name):
    """Return a zone by its offset or its name. Raises LateFault.

    One such as CST is refused: it is six hours behind UTC, or eight before it.
    """
    if name in ("Z", "UTC", "GMT"):
        return UTC
    if offset := OFFSET.fullmatch(name):
        sign, hours, minutes = offset.groups()
        length = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(length if sign == "+" else -length)  # a ValueError from a day on
    try:
        if AREA.fullmatch(name):
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    raise LateFault(f"no time zone is called {shown(name[:40])!r}; {FORM}")


def handed_in_at(folder):
    """Return when a lab was handed in, by nbgrader's timestamp.txt in the folder <student>/<lab>, and a note.

    The time is an aware datetime in UTC, or None where nobody knows; the note is empty unless there is a file that
    says nothing. nbgrader writes UTC where it names no zone.
    """
    path = Path(folder) / TIMES
    if not os.path.lexists(path):
        return None, ""
    try:
        with opened(path) as file:
            text = file.read(LONGEST).decode("ascii", errors="replace")
        return read_time(text, zone=UTC), ""
    except (Unreadable, LateFault) as fault:
        return None, f"when it was handed in is not known: {TIMES}: {fault}"


def late_policy(text):
    """Return a class of plug-ins for nbgrader, which give what coming late costs. Raises LateFault.

    text : `none`: it is noted, and costs nothing; `zero`: all points; `10%/day`: of the points reached, for each day
        begun; `2/day`: points, for each day begun; with `after 2 hours`, those cost nothing, and days begin with their
        end; or `module:Class`, a LateSubmissionPlugin of nbgrader's kind

    A penalty is finite, at least 0 and at most the points reached.
    """
    return _checked(_plugin(text.strip()), shown(text.strip()))


def _plugin(text):
    from nbgrader.plugins import LateSubmissionPlugin

    if text == "none":
        return LateSubmissionPlugin  # its own way, unless it is configured
    if found := PLUGIN.fullmatch(text):
        return _given(*found.groups())
    found = POLICY.fullmatch(text)
    if not found or (found[3] and float(found[2]) > 100):
        raise LateFault(f"{shown(text[:40])!r} is no policy for late hand-ins; expected {POLICIES}")
    words, amount, percent, hours = found.groups()

    class ByDay(LateSubmissionPlugin):
        def late_submission_penalty(self, student_id, score, total_seconds_late):
            days = math.ceil((total_seconds_late - float(hours or 0) * HOUR) / DAY)
            if days <= 0:
                return None
            if words == "zero":
                return score
            return days * float(amount) * (score / 100 if percent else 1)

    return ByDay


def _given(module, name):
    """Import the instructor's own plug-in."""
    from importlib import import_module

    from nbgrader.plugins import LateSubmissionPlugin

    where = f"the policy for late hand-ins {module}:{name}"
    try:
        plugin = getattr(import_module(module), name, None)
    except Exception as fault:
        raise LateFault(f"{where} cannot be imported ({type(fault).__name__}: {shown(str(fault))[:200]})") from None
    if not (isinstance(plugin, type) and issubclass(plugin, LateSubmissionPlugin)):
        raise LateFault(f"{where} has to be a class made from nbgrader.plugins.LateSubmissionPlugin")
    return plugin


def _checked(plugin, text):
    """Return the class with a guard about its answer."""

    class Checked(plugin):
        def late_submission_penalty(self, student_id, score, total_seconds_late):
            try:
                penalty = super().late_submission_penalty(student_id, score, total_seconds_late)
            except Exception as fault:
                words = f"failed with {type(fault).__name__}: {shown(str(fault))[:200]}"
                raise LateFault(f"the policy for late hand-ins {text} {words}") from fault
            if penalty is None:
                return None
            if not isinstance(penalty, Real) or not math.isfinite(penalty):
                raise LateFault(f"the policy for late hand-ins {text} has to give a finite number, got {penalty!r:.40}")
            return min(max(0.0, float(penalty)), max(0.0, score))

    return Checked


def failing(fault):
    """Return a class of plug-ins that do nothing but say what is wrong with a policy."""
    from nbgrader.plugins import LateSubmissionPlugin

    class Failing(LateSubmissionPlugin):
        def late_submission_penalty(self, student_id, score, total_seconds_late):
            raise fault

    return Failing
