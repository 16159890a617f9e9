"""Texts and names of strangers, made fit to be shown: in reports, in feedback, on the terminal, in spreadsheets.

A character that steers instead of showing is what does harm: it moves the cursor, turns the direction of writing,
cannot be written as UTF-8, or makes a spreadsheet calculate. Letters, accents in either form, blanks of any width and
the joiners that Persian and Hindi need are left as they are.
"""

import re

STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of writing
    "\u2028\u2029\u200b\u2060\ufeff"  # line ends that are none on a terminal, and what has no width
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2061-\u206f\u2800\u3164\uffa0"  # and what shows nothing
    "\ufdd0-\ufdef\ufe00-\ufe0f\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"  # tags, variants
)
TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,32}[ -/]{0,8}[@-~]"  # colours, cursor
    r"|\x1b[\]P^_X][^\x07\x1b\x9c\n]{0,1000}(?:\x07|\x1b\\|\x9c)"  # titles, links, where they end
    r"|\x1b[ -/]{0,4}[0-~]"
)
HALF = re.compile("[\ud800-\udfff]")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠")  # the last four, wide, are read so too


def clean(text):
    """Return a text without what steers a terminal or turns the direction of writing; line ends and tabs stay.

    A half character, of which UTF-8 knows nothing, is written as the byte it stands for, such as `\\xe9`, or as `�`.
    """
    text = TERMINAL.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return HALF.sub(_half, STEERING.sub("", text))


def shown(name):
    """Return a name in one line, with whatever cannot be seen in it written as its number: `Jos\\xe9`, `a\\nb`."""
    return "".join(_escaped(character) if _is_hidden(character) else character for character in name)


def is_plain(name):
    """Whether every character of a name can be shown and written."""
    return not any(map(_is_hidden, name))


def defused(text):
    """Return a text as a spreadsheet may read it: one that would be a formula begins with an apostrophe."""
    return f"'{text}" if text.lstrip(" \xa0").startswith(FORMULA) or text.startswith(FORMULA) else text


def _is_hidden(character):
    return character in "\t\n" or bool(STEERING.match(character) or HALF.match(character))


def _escaped(character):
    if "\udc80" <= character <= "\udcff":  # a byte of a file's name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def _half(found):
    return _escaped(found.group()) if "\udc80" <= found.group() <= "\udcff" else "�"
