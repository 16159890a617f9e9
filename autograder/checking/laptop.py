"""`check`: the verdict a learner gets on their own machine, as the last line of the cell below an answer.

It asks the visible questions, in this process, and stops a function that does not end. It never raises and writes
nothing to stderr, so that "Run all" goes on; the learner's own interrupt passes through. In a learner's own copy of a
lab, in my_labs/, `classroom.progress` is told the verdict, and has its say below it.
"""

import contextlib
import html
import io
import logging
import os
from pathlib import Path

import numpy as np

from autograder.checking.answer import describe_error, undisturbed
from autograder.checking.call import Form
from autograder.checking.exercise import source_of
from autograder.checking.judge import ask, judge
from autograder.exercises import exercise_named


def check(name, function):
    """Judge a function you wrote on the visible questions of the exercise `name`.

    Returns a verdict. A notebook shows its message; its plain text is the number of points, which nbgrader reads. Of an
    exercise of the gallery it is the message in words.
    """
    try:
        exercise = exercise_named(name)
    except KeyError as error:
        return Message(0, "unknown", f"<b>{html.escape(error.args[0])}</b>", error.args[0])
    printed = Beginning()
    try:
        with _kept_apart(printed):
            message = _message(exercise, function)
    except Exception as error:  # a cell has changed what judging rests on, such as a function of NumPy
        words = f"The check could not be made ({describe_error(error)}): restart the kernel and run the cells again."
        message = Message(0, "unknown", html.escape(words), words)
    with contextlib.suppress(Exception):  # a cell has put something else in the place of sys.stdout
        print(printed.text(), end="")
    return message


def _message(exercise, function):
    if str(getattr(function, "__module__", "")).startswith(("reformer", "trax_bridge", "gallery")):
        yours = "is the exercise" if exercise.in_gallery else "earns the points"
        words = f"This is the course's own {exercise.name}. Go on with it; your own {yours}."
        return Message(_score(exercise, 0), "borrowed", html.escape(words), words)
    if exercise.needs_trax and (words := _without_trax()):
        return Message(0, "without", html.escape(words), words)
    questions = exercise.asked(hidden=False)
    verdict = judge(exercise, ask(exercise, function, questions, exercise.generator, exercise.seconds))
    note = as_html(verdict) + _said_below(verdict, function)
    return Message(_score(exercise, verdict.score), _state(verdict), note, _words(verdict))


def _words(verdict):
    if verdict.outcome == "blank":
        return "Not written yet."
    return "\n".join(verdict.reasons) or "Right."


def _score(exercise, points):
    """The points, or None for an exercise of the gallery, which has no number."""
    return None if exercise.in_gallery else points


def _without_trax():
    """Why this exercise cannot be checked here, in a sentence; empty where Trax is installed."""
    from trax_bridge import loading  # not above: a check of another exercise needs nothing of it

    try:
        loading.load_trax()
    except loading.TraxMissing as missing:
        return f"Not checked, and worth no points here: {missing}"
    return ""


@contextlib.contextmanager
def _kept_apart(printed):
    """Keep what a function prints, what it warns of and where it goes from the notebook; see `undisturbed`."""
    folder = Path.cwd()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), undisturbed(), _quiet_logs(printed):
        try:
            yield
        finally:
            os.chdir(folder)


@contextlib.contextmanager
def _quiet_logs(printed):
    """Let logs go to `printed`: a handler keeps the stream it began with, and nbgrader takes points for stderr."""
    handlers = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    streams = [one.setStream(printed) for one in handlers]
    try:
        yield
    finally:
        for handler, stream in zip(handlers, streams, strict=True):
            handler.setStream(stream)


def _said_below(verdict, function):
    """What progress says to a verdict, as HTML; nothing outside my_labs/, and nothing where that fails."""
    try:
        if "my_labs" not in Path.cwd().parts and not os.environ.get("COURSE_MY_LABS"):
            return ""
        from classroom import progress  # not above: a check needs nothing of it

        return progress.after_check(verdict, function, verdict.exercise.seconds)
    except Exception:
        return ""


class Beginning(io.TextIOBase):
    """Where a learner's function prints to: it is called many times, and only the first lines are kept.

    Closing does nothing to it, so that a function may close sys.stdout.
    """

    def __init__(self, most_lines=20, most_letters=10_000):
        self._most_lines, self._most_letters = most_lines, most_letters
        self._kept, self._n_lines = "", 0

    def write(self, text):
        self._kept += text[: self._most_letters - len(self._kept)]
        self._n_lines += text.count("\n")
        return len(text)

    def close(self):
        pass

    def text(self):
        """What is kept, and how many lines are not."""
        lines = self._kept.splitlines()[: self._most_lines]
        more = self._n_lines - len(lines)
        return "".join(f"{line}\n" for line in [*lines, *([f"... and {more} lines more"] if more > 0 else [])])


class Message:
    """A verdict as a notebook shows it: a coloured note for people, a bare number of points for nbgrader.

    Without a score, None, the words stand in the place of the number.
    """

    def __init__(self, score, state, note, text):
        self.score = score
        self.state = state
        self.text = text
        self._note = note

    def __repr__(self):
        return self.text if self.score is None else str(float(self.score))

    def _repr_html_(self):
        colour, _ = _STATES[self.state]
        style = f"border-left:4px solid {colour};padding:.4em 1em;margin:.2em 0;max-width:46em;line-height:1.5"
        return f'<div style="{style}">{self._note}</div>'


_STATES = {
    "right": ("#009e73", "✓ Right"),
    "wrong": ("#d55e00", "✗ Not yet"),
    "blank": ("#56728f", "○ Not written yet"),
    "unknown": ("#d55e00", "✗ Unknown exercise"),
    "borrowed": ("#56728f", "○ Borrowed"),
    "without": ("#56728f", "○ Not checked"),
}


def as_html(verdict):
    """Return a verdict's message as HTML: points, the named mistake, and the smallest question that shows it."""
    exercise = verdict.exercise
    _, title = _STATES[_state(verdict)]
    points = "without points" if exercise.without_points else f"{verdict.score:g} of {exercise.max_score} points"
    head = f"<b>{title}</b> · <code>{exercise.name}</code>" + ("" if exercise.in_gallery else f" · {points}")
    if _state(verdict) == "blank":
        return f"{head}<br>Write the function in the cell above, then run this cell again."
    if verdict.right:
        hidden = any(question.hidden for question in exercise.questions)
        more = "<br>An instructor's grading asks a few more questions of the same kind." if hidden else ""
        return head + more + _other_ways(exercise)
    named = f"<br>{prose(verdict.named.sentence)}" if verdict.named else ""
    return f"{head}{named}<br>{_shown(exercise, verdict.first_wrong)}{_other_findings(verdict)}{_offer(exercise)}"


def _state(verdict):
    if verdict.outcome == "blank":
        return "blank"
    return "right" if verdict.right else "wrong"


_PLAIN = "margin:0;background:transparent;color:inherit"  # a value stands on its row's ground, in the dark theme too


def _shown(exercise, finding):
    reason = f"<i>{html.escape(finding.question.name)}</i>: {html.escape(_with_names(exercise, finding.reason))}."
    rows = [row for answer in finding.answers if not answer.error for row in _rows(exercise, "your", answer.value)]
    if len(finding.calls) == 1:
        right = _rows(exercise, "right", finding.expected[0])
        rows = [*finding.calls[0].named(exercise.parameters), *rows, *right]
    cells = "".join(
        f'<tr><td style="text-align:right;vertical-align:top;padding-right:1em">{html.escape(name)}</td>'
        f'<td style="text-align:left"><pre style="{_PLAIN}">{html.escape(_brief(value))}</pre></td></tr>'
        for name, value in rows
    )
    return f'{reason}<table style="margin:.4em 0">{cells}</table>'


def _rows(exercise, whose, value):
    """An answer as (name, value) rows: one for each of its values where these have names."""
    names = exercise.results
    if names and isinstance(value, list | tuple) and len(value) == len(names):
        return [(f"{whose} {name}", one) for name, one in zip(names, value, strict=True)]
    return [(f"{whose} answer", value)]


def _with_names(exercise, reason):
    """A reason that calls a value by its name in place of its number."""
    number, colon, rest = reason.removeprefix("value ").partition(": ")
    is_named = reason.startswith("value ") and number.isdigit() and int(number) < len(exercise.results)
    return f"{exercise.results[int(number)]}{colon}{rest}" if is_named else reason


def _brief(value):
    """Return a value in at most about eight lines; a large array as its shape alone."""
    if isinstance(value, np.ndarray):
        if value.size > 48:
            return f"array of shape {value.shape}, {value.dtype}"
        with np.printoptions(formatter=None, sign="-", floatmode="maxprec", legacy=False):  # a cell may have set these
            return np.array2string(value, precision=4, suppress_small=True, max_line_width=90, separator=", ")
    text = str(value) if isinstance(value, Form) else repr(_bare(value))
    return text if len(text) <= 200 else text[:200] + " ..."


def _bare(value):
    """The value with Python's numbers for the single ones of NumPy: 13 for np.int64(13)."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return type(value)(map(_bare, value))
    if isinstance(value, dict):
        return {_bare(key): _bare(item) for key, item in value.items()}
    return value


def _other_findings(verdict):
    if verdict.exercise.in_gallery:
        return ""
    right = sum(finding.right for finding in verdict.findings)
    half = sum(finding.difference.form_only for finding in verdict.findings)
    more = f"; {half} more {'has' if half == 1 else 'have'} the right values, and half of the points" if half else ""
    return f"{right} of {len(verdict.findings)} questions {'is' if right == 1 else 'are'} right{more}."


def _other_ways(exercise):
    """The course's own version and one in another style, to unfold: a right answer is the moment to compare."""
    ways = [("The course's version", exercise.reference)]
    ways += [("Another way", solution) for solution in exercise.solutions[:1]]
    return "".join(
        f"<details><summary>{title}</summary><pre>{html.escape(source_of(way))}</pre></details>" for title, way in ways
    )


def _offer(exercise):
    later = "" if exercise.in_gallery else ", and later cells will work"
    return (
        f"<details><summary>Go on without it</summary>Put this in a cell of its own below{later}: "
        f"<code>from {exercise.twin.__module__} import {exercise.name}</code>. "
        f"It is slow{'' if exercise.in_gallery else ', and earns no points'}.</details>"
    )


def prose(text):
    """Escape a sentence and set what stands between backticks as code."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
