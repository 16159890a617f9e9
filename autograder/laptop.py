"""`check`: the verdict a learner gets on their own machine, as the last line of the cell below an answer.

It asks the visible questions, in this process. It never raises and writes nothing to stderr, so that "Run all" goes on.
"""

import contextlib
import html
import sys
import warnings

import numpy as np

from autograder.exercises import exercise_named
from autograder.judge import ask, judge


def check(name, function):
    """Judge a function you wrote on the visible questions of the exercise `name`.

    Returns a verdict. A notebook shows its message; its plain text is the number of points, which nbgrader reads.
    """
    try:
        exercise = exercise_named(name)
    except KeyError as error:
        return Message(0, "unknown", f"<b>{html.escape(error.args[0])}</b>", error.args[0])
    with contextlib.redirect_stderr(sys.stdout), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verdict = judge(exercise, ask(exercise, function, exercise.asked(hidden=False), exercise.generator))
    return Message(verdict.score, _state(verdict), as_html(verdict), "\n".join(verdict.reasons))


class Message:
    """A verdict as a notebook shows it: a coloured note for people, a bare number of points for nbgrader."""

    def __init__(self, score, state, note, text):
        self.score = score
        self.state = state
        self.text = text
        self._note = note

    def __repr__(self):
        return str(float(self.score))

    def _repr_html_(self):
        colour, _ = _STATES[self.state]
        style = f"border-left:4px solid {colour};padding:.4em 1em;margin:.2em 0;max-width:46em;line-height:1.5"
        return f'<div style="{style}">{self._note}</div>'


_STATES = {
    "right": ("#009e73", "✓ Right"),
    "wrong": ("#d55e00", "✗ Not yet"),
    "blank": ("#56728f", "○ Not written yet"),
    "unknown": ("#d55e00", "✗ Unknown exercise"),
}


def as_html(verdict):
    """Return a verdict's message as HTML: points, the named mistake, and the smallest question that shows it."""
    exercise = verdict.exercise
    _, title = _STATES[_state(verdict)]
    head = f"<b>{title}</b> · <code>{exercise.name}</code> · {verdict.score:g} of {exercise.max_score} points"
    if _state(verdict) == "blank":
        return f"{head}<br>Write the function in the cell above, then run this cell again."
    if verdict.right:
        hidden = any(question.hidden for question in exercise.questions)
        return head + ("<br>Grading asks a few more questions of the same kind." if hidden else "")
    first = next(finding for finding in verdict.findings if not finding.right)
    named = f"<br>This is what you get when {prose(verdict.named.message)}." if verdict.named else ""
    return f"{head}{named}<br>{_shown(exercise, first)}{_other_findings(verdict)}{_offer(exercise)}"


def _state(verdict):
    if verdict.outcome == "blank":
        return "blank"
    return "right" if verdict.right else "wrong"


def _shown(exercise, finding):
    reason = f"<i>{html.escape(finding.question.name)}</i>: {html.escape(finding.reason)}."
    if len(finding.calls) != 1:
        return reason
    names = exercise.reference.__code__.co_varnames
    rows = list(zip(names, finding.calls[0], strict=False))
    if not finding.answers[0].error:
        rows.append(("your answer", finding.answers[0].value))
    rows.append(("right answer", finding.expected[0]))
    cells = "".join(
        f'<tr><td style="text-align:right;vertical-align:top;padding-right:1em">{html.escape(name)}</td>'
        f'<td style="text-align:left"><pre style="margin:0">{html.escape(_brief(value))}</pre></td></tr>'
        for name, value in rows
    )
    return f'{reason}<table style="margin:.4em 0">{cells}</table>'


def _brief(value):
    """Return a value in at most about eight lines; a large array as its shape alone."""
    if isinstance(value, np.ndarray):
        if value.size > 48:
            return f"array of shape {value.shape}, {value.dtype}"
        return np.array2string(value, precision=3, suppress_small=True, max_line_width=90, separator=", ")
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + " ..."


def _other_findings(verdict):
    others = sum(not finding.right for finding in verdict.findings) - 1
    passed = sum(finding.right for finding in verdict.findings)
    words = [f"{passed} of {len(verdict.findings)} questions {'is' if passed == 1 else 'are'} right"] if passed else []
    words += [f"{others} more {'is' if others == 1 else 'are'} not"] if others else []
    return f"{'; '.join(words)}.<br>" if words else ""


def _offer(exercise):
    module = exercise.twin.__module__
    return (
        "<small>To go on with a working version, put this in a cell of its own below: "
        f"<code>from {module} import {exercise.name}</code>. It is slow, and it earns no points.</small>"
    )


def prose(text):
    """Escape a sentence and set what stands between backticks as code."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
