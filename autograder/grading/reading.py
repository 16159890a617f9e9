"""Read a notebook as a stranger's: only the texts and ids of its cells, at a cost that its size alone decides.

A JSON parser builds everything, and 100 MB of `[],[],` become gigabytes. Here what is used is cut out of the bytes, and
everything else (outputs, attachments, the state of widgets) is stepped over by one regular expression, never built.
"""

import codecs
import json
import re
from dataclasses import dataclass

MOST_CELLS = 2_000
LONGEST_CELL = 100_000  # characters; of all cells together ten times as many
LONGEST_TEXT = 1_000_000
MOST_STEPS = 500_000
DEEPEST = 200
STRING = rb'"(?:[^"\\]++|\\.)*+"'
PLAIN = rb'[^"\[\]{}]++|' + STRING
OVER = re.compile(rb"(?:" + PLAIN + rb"|[\[{](?:" + PLAIN + rb")*+[\]}])*+", re.DOTALL)  # to the next bracket, inner
WHOLE = re.compile(STRING, re.DOTALL)  # ones with their contents included
SCALAR = re.compile(rb"[^\s,\[\]{}:\"]++")
BLANK = re.compile(rb"[ \t\r\n]*+")
PIECE = 2**20


class Unreadable(ValueError):
    """A file that is no notebook we can read; the message says why, for a person."""


@dataclass(frozen=True)
class SubmittedCell:
    """A cell as handed in: its kind ("code", "markdown", "raw"), its text, and the ids it bears, or None.

    grade_id : the nbgrader id it claims
    cell_id : the notebook's own id of the cell, which stays where a platform has taken the metadata away
    """

    kind: str
    source: str
    grade_id: str | None
    cell_id: str | None = None


def read_notebook(content):
    """Return the cells of a notebook given as bytes. Raises Unreadable.

    A cell that is longer than `LONGEST_CELL` is replaced by one that says so when it is run.
    """
    _require_text(content)
    reader = _Reader(content)
    try:
        found = reader.members({b"nbformat": reader.value, b"cells": reader.cells})
        reader.end()
    except IndexError:
        where = f"it cannot be read from line {reader.line()} on, where it ends in its middle"
        raise Unreadable(f"the file is not a notebook: {where}") from None
    form = (found or {}).get(b"nbformat")
    if form is not None and (isinstance(form, bool) or form != 4):
        words = "a format" if form is ... else f"format {str(form)[:20]}"
        raise Unreadable(f"the notebook has {words}, format 4 is needed; open it in JupyterLab and save it again")
    if not found or found.get(b"cells") is None:
        raise Unreadable("the file is not a notebook: it has no cells")
    if form is None:
        raise Unreadable("the file is not a notebook: it does not say its format")
    return tuple(found[b"cells"])


def _require_text(content):
    if not content or content.isspace():
        raise Unreadable("the file is empty")
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in content[:4]:
        raise Unreadable("the file is UTF-16 or UTF-32 text and not UTF-8, as notebooks are; save it as UTF-8")
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), PIECE):
            decoder.decode(content[start : start + PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Unreadable("the file is not UTF-8 text, as notebooks are") from None


class _Reader:
    """A place in a JSON text, and the ways to go on from there. Whatever ends too early raises IndexError."""

    def __init__(self, content):
        self.content = content
        self.at = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
        self.steps = 0
        self.characters = 0

    def line(self):
        return self.content.count(b"\n", 0, self.at) + 1

    def fail(self):
        raise Unreadable(f"the file is not a notebook: it cannot be read from line {self.line()} on")

    def end(self):
        self.at = BLANK.match(self.content, self.at).end()
        if self.at < len(self.content):
            self.fail()

    def next(self):
        """The next byte that is no blank; it is not passed."""
        self.at = BLANK.match(self.content, self.at).end()
        return self._here()

    def pass_(self, expected):
        if self.next() != expected:
            self.fail()
        self.at += 1

    def skip(self):
        """Pass a value, and return where it begins."""
        first = self.next()
        begin, opened = self.at, []
        if first not in b"[{":
            found = (WHOLE if first == b'"' else SCALAR).match(self.content, begin)
            self.at = found.end() if found else self._fail_or_end(first)
            return begin
        while not opened or opened[0]:
            self._step_over(opened)
        return begin

    def cut(self, longest):
        """Pass a value and return it, parsed; `...` where it takes more than `longest` bytes."""
        begin = self.skip()
        if self.at - begin > longest:
            return ...
        try:
            return json.loads(self.content[begin : self.at])
        except ValueError as error:
            if "digits" in str(error):
                raise Unreadable("the file is not a notebook: it holds a number that is too long") from None
            self.fail()

    def value(self):
        return self.cut(10_000)

    def members(self, wanted):
        """Pass an object, and return what the functions of `wanted` make of its members; None for no object.

        Of two members with one name the last counts, as everywhere in Python.
        """
        if self.next() != b"{":
            self.skip()
            return None
        found = {}
        for _ in self._items(b"{", b"}"):
            key = self.cut(1000) if self.next() == b'"' else self.fail()
            self.pass_(b":")
            make = wanted.get(key.encode("utf-8", "replace")) if isinstance(key, str) else None
            if make:
                found[key.encode()] = make()
            else:
                self.skip()
        return found

    def cells(self):
        """Pass the list of cells, and return it; None for no list."""
        if self.next() != b"[":
            self.value()
            return None
        self.characters, cells = 0, []
        for _ in self._items(b"[", b"]"):
            if len(cells) == MOST_CELLS:
                raise Unreadable(f"the notebook has more than {MOST_CELLS} cells; a lab has about thirty")
            cells.append(self._cell(len(cells) + 1))
        return cells

    def _cell(self, number):
        marks = {b"nbgrader": lambda: self.members({b"grade_id": self.value})}
        wanted = {b"cell_type": self.value, b"id": self.value, b"source": self._source}
        cell = self.members(wanted | {b"metadata": lambda: self.members(marks)})
        kind = (cell or {}).get(b"cell_type")
        if not isinstance(kind, str):
            raise Unreadable(f"the file is not a notebook: its cell {number} is not a cell")
        source = cell.get(b"source", "")
        if source is None:
            raise Unreadable(f"the file is not a notebook: its cell {number} has no text")
        marks = (cell.get(b"metadata") or {}).get(b"nbgrader") or {}
        return SubmittedCell(kind, source, _id(marks.get(b"grade_id")), _id(cell.get(b"id")))

    def _source(self):
        """Pass a cell's text, and return it; None where it is no text."""
        begin = self.at
        lines = self.cut(8 * LONGEST_CELL)  # a character takes up to six bytes, a line quotes and a comma
        lines = [lines] if isinstance(lines, str) else lines
        if lines is not ... and not (isinstance(lines, list) and all(isinstance(line, str) for line in lines)):
            return None
        text = "" if lines is ... else "".join(lines)
        length = self.at - begin if lines is ... else len(text)
        self.characters += len(text)
        if length > LONGEST_CELL or self.characters > LONGEST_TEXT:
            return _instead(length)
        return text.encode("utf-8", "replace").decode("utf-8")  # half characters cannot be written again

    def _items(self, opening, closing):
        """Come to each item of a list or object in turn; the loop's body must pass it."""
        self.pass_(opening)
        if self.next() == closing:
            self.at += 1
            return
        while True:
            yield
            if self.next() == closing:
                self.at += 1
                return
            self.pass_(b",")

    def _step_over(self, opened):
        """Go to the next bracket that matters. `opened` has what is open; it is [b""] when all is closed."""
        self.steps += 1
        if self.steps > MOST_STEPS or len(opened) > DEEPEST:
            what = "is nested too deep" if len(opened) > DEEPEST else f"holds more than {MOST_STEPS} lists in lists"
            raise Unreadable(f"the file is not a notebook: it {what}")
        if opened:
            self.at = OVER.match(self.content, self.at).end()
        bracket = self._here()
        if bracket in b"[{":
            opened.append(bracket)
        elif bracket == b'"':  # a text without an end
            raise IndexError
        elif opened and bracket == {b"[": b"]", b"{": b"}"}[opened.pop()]:
            if not opened:
                opened.append(b"")
        else:
            self.fail()
        self.at += 1

    def _fail_or_end(self, first):
        if first == b'"':
            raise IndexError
        self.fail()

    def _here(self):
        return bytes((self.content[self.at],))


def _id(value):
    return value if isinstance(value, str) else None


def _instead(length):
    at_most = f"{LONGEST_CELL:,} in a cell and {LONGEST_TEXT:,} in a notebook are used"
    return f'raise ValueError("this cell was left out: it has {length:,} characters; at most {at_most}")'
