"""The judged notebook: what nbgrader and a reader of feedback see of a submission, of a size that is bounded."""

import html
import re

from autograder.checking.laptop import prose
from autograder.grading.rebuild import exercise_of, is_answer, is_check, is_own
from autograder.grading.text import clean

LONGEST_SHOWN, LONGEST_LINE = 20_000, 500  # characters of a cell that feedback shows, and of its lines
LONGEST_BEGINNING = 200  # of each cell that comes when the cells before it have ten times LONGEST_SHOWN
BLANK_LINES = re.compile(r"(?:[^\S\n]*\n){4,}")


def write_outputs(notebook, results, printed):
    """Write points, reasons and what was printed into a rebuilt notebook, and cut what is too long to be looked at.

    results : by the exercise's name; printed : by the cell's place, its text
    """
    from nbformat.v4 import new_output

    characters = 0
    for place, cell in enumerate(notebook.cells):
        if is_own(cell) or is_answer(cell):  # it has been run; from here on it is only looked at
            longest = LONGEST_SHOWN if characters < 10 * LONGEST_SHOWN else LONGEST_BEGINNING
            cell.source = _as_shown(cell.source, longest)
            characters += len(cell.source)
        if is_check(cell):
            result = results[exercise_of(cell)]
            data = {"text/plain": str(float(result.score)), "text/html": as_html(result)}
            cell.outputs = [new_output("execute_result", data, execution_count=1)]
        elif printed.get(place):
            cell.outputs = [new_output("stream", name="stdout", text=printed[place])]


def _as_shown(source, longest=LONGEST_SHOWN):
    """A cell's text for feedback, without what steers, and cut where nobody would read on.

    To colour it takes a time that grows with the square of a line's length, and of the number of blank lines in a row.
    """
    lines = [f"{line[:LONGEST_LINE]} ..." if len(line) > LONGEST_LINE else line for line in clean(source).split("\n")]
    text = BLANK_LINES.sub("\n\n\n", "\n".join(lines))
    if len(text) <= longest:
        return text
    return text[:longest] + "\n# cut here; what was handed in is whole in the folder handed_in"


def as_html(result):
    """Return a result as HTML for feedback: points, the one word for what happened, the reasons, a note."""
    points = f"{result.score:g} of {result.max_score} points" if result.max_score else "without points"
    head = f"<b>{points}</b>"
    if result.outcome != "graded":
        head += f" · {html.escape(result.outcome)}"
    told = [*result.reasons, *([result.note] if result.note else [])]
    return head + ("<ul>" + "".join(f"<li>{prose(words)}</li>" for words in told) + "</ul>" if told else "")
