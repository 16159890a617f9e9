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
LONGEST_PROSE = 10_000  # of a markdown cell, of which nothing is used; a picture pasted into one is longer
LEFT_OUT = 'raise ValueError("this cell was left out: '
MOST_BYTES = 160 * 2**20  # that one student's files may take unpacked, all together
MOST_STEPS = 500_000  # lists and objects that they may hold
STEPS_OF_A_MEMBER = 5  # what it costs to look at one member of an object, in steps; 200 bytes of text cost one
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


@dataclass
class Budget:
    """What may still be spent on the files that one student hands in for a lab, all together."""

    bytes: int = MOST_BYTES
    steps: int = MOST_STEPS

    def spend(self, bytes=0, steps=0):
        """Raises Unreadable where that is more than is left."""
        if bytes > self.bytes:
            raise Unreadable(f"the files take more than {MOST_BYTES // 2**20} MB together; hand in the notebook alone")
        if steps > self.steps:
            raise Unreadable("the file is not a notebook: it holds more lists, objects and texts than are read")
        self.bytes -= bytes
        self.steps -= steps


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


def read_notebook(content, budget=None):
    """Return the cells of a notebook given as bytes. Raises Unreadable.

    A cell that is longer than `LONGEST_CELL` is replaced by one that says so when it is run.

    budget : what may be spent on it; by default as much as on all files of a student
    """
    _require_text(content)
    reader = _Reader(content, budget or Budget())
    try:
        found = reader.members({b"nbformat": reader.value, b"cells": reader.cells})
        reader.end()
    except IndexError:
        where = f"it cannot be read from line {reader.line()} on, where it ends in its middle"
        raise Unreadable(f"the file is not a notebook: {where}") from None
    form = (found or {}).get(b"nbformat")
    if form is not None and (isinstance(form, bool) or form != 4):
        words = "a format" if form is ... else f"format {str(form)[:20]}"
        words = "a format written as a text" if isinstance(form, str) else words
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
    beginning = bytes(content[:1000]).removeprefix(codecs.BOM_UTF8).lstrip()
    for mark, kind in ((b"<", "a web page or the like"), (b"%PDF", "a PDF"), (b"\x1f\x8b", "a compressed archive")):
        if beginning.startswith(mark):
            raise Unreadable(f"the file is {kind}, not a notebook; hand in the .ipynb itself")
    if (conflict := content.find(b"\n<<<<<<< ")) >= 0:
        line = content.count(b"\n", 0, conflict) + 2
        raise Unreadable(f"the file is not a notebook: line {line} is git's mark of a merge that was not finished")
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), PIECE):
            decoder.decode(content[start : start + PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Unreadable("the file is not UTF-8 text, as notebooks are") from None


class _Reader:
    """A place in a JSON text, and the ways to go on from there. Whatever ends too early raises IndexError."""

    def __init__(self, content, budget):
        self.content = content
        self.budget = budget
        self.at = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
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
        """Pass a value and return it; `...` for one that is long, or no single value."""
        if self.next() in b"[{":
            self.skip()
            return ...
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
            self.budget.spend(steps=STEPS_OF_A_MEMBER)
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
        source = cell.get(b"source", ("", 0))
        if source is None:
            raise Unreadable(f"the file is not a notebook: its cell {number} has no text")
        marks = (cell.get(b"metadata") or {}).get(b"nbgrader") or {}
        return SubmittedCell(kind, self._used(kind, *source), _id(marks.get(b"grade_id")), _id(cell.get(b"id")))

    def _source(self):
        """Pass a cell's text, and return it with its length; None where it is no text."""
        begin = self.at
        lines = self.cut(8 * LONGEST_CELL)  # a character takes up to six bytes, a line quotes and a comma
        self.budget.spend(steps=(self.at - begin) // 200)
        if lines is ...:
            return "", self.at - begin
        lines = [lines] if isinstance(lines, str) else lines
        if not (isinstance(lines, list) and all(isinstance(line, str) for line in lines)):
            return None
        text = "".join(lines)
        return text[:LONGEST_CELL], len(text)

    def _used(self, kind, text, length):
        """Return what is used of a cell's text: of markdown nothing that is long, of code all or words instead."""
        if kind == "markdown":
            text = text if length <= LONGEST_PROSE else ""
        else:
            self.characters += len(text)
            if length > LONGEST_CELL:
                return f'{LEFT_OUT}it has {length:,} characters; at most {LONGEST_CELL:,} are used")'
            if self.characters > LONGEST_TEXT:
                return f'{LEFT_OUT}the notebook has more than {LONGEST_TEXT:,} characters of code")'
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
        self.budget.spend(steps=1)
        if len(opened) > DEEPEST:
            raise Unreadable("the file is not a notebook: it is nested too deep")
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
