"""The judge's hand in a learner's kernel: it calls the learner's function, and puts a loop twin in its place.

The judge sends inputs and gets an answer as plain text. No expected value, no reference and no score is ever here.
"""

import json

import numpy as np
from IPython import get_ipython

from autograder.checking import plain
from autograder.checking.answer import answer_of, describe_error

MIME = "application/vnd.course.answer+json"


class Reply:
    """What IPython sends back for an expression: under our own type, a plain value or the words of an error."""

    def __init__(self, content):
        self._content = content

    def __repr__(self):
        return ""

    def _repr_mimebundle_(self, **options):
        return {MIME: self._content}


def answer(name, inputs, observe=""):
    """Make the call that `inputs`, plain text, holds with the learner's function `name`.

    observe : source of a function that turns an answer that is an object into plain values

    The value comes as "value", or as "changed" where the function changed its inputs to get it.
    """
    function = get_ipython().user_ns.get(name)
    if not callable(function):
        return Reply({"missing": True})
    try:
        answer = answer_of(function, plain.decode_call(inputs), _defined(observe) if observe else None)
    except BaseException as error:  # one that IPython would not answer
        return Reply({"error": describe_error(error)})
    kind = "changed" if answer.changed_input else "value"
    return Reply({"error": answer.error} if answer.error else {kind: plain.encode(answer.value)})


def put_in_place(name, source):
    """Define `name` by the source of its loop twin."""
    get_ipython().user_ns[name] = _defined(source)
    return Reply({"value": json.dumps(None)})


def _defined(source):
    """The one function that a source defines."""
    names = {"np": np}
    before = set(names)
    exec(source, names)
    return names[(set(names) - before - {"__builtins__"}).pop()]
