"""What every explorer is: an anywidget whose state is plain arrays and numbers, and which also runs without a kernel.

An explorer is a subclass in one Python file beside one JavaScript file of the same name. The JavaScript imports from
shared.js; `join_modules` makes one module of the two, since a notebook gives a widget no place to import from.
"""

import re
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from explorers.page import framed_page

FOLDER = Path(__file__).parent
STILLS = FOLDER / "stills"


def synced(trait):
    """Share a trait with the browser, which may change it many times before Python has taken the first change.

    Python does not echo what it took: the echo of an old value would undo a newer one.
    """
    return trait.tag(sync=True, echo_update=False)


class Array(traitlets.TraitType):
    """A NumPy array of one dtype, synced with the browser as its dtype, its shape and its bytes.

    The array is read-only: a change in place would not reach the browser. Assign a new one instead.
    """

    info_text = "an array"

    def __init__(self, dtype, **keywords):
        super().__init__(np.zeros(0, dtype), **keywords)
        self.dtype = np.dtype(dtype)
        synced(self).tag(to_json=_to_wire, from_json=_from_wire)

    def validate(self, owner, value):
        array = np.array(value, dtype=self.dtype, order="C")
        array.setflags(write=False)
        return array


class Explorer(anywidget.AnyWidget):
    """A widget that hashes and draws in the browser.

    A subclass sets `_esm` to its joined modules, `still` to the path of the picture of its first view, which
    `python -m explorers.stills` makes, and `alternative_text` to a sentence or two that say what is seen there.
    """

    alternative_text = ""
    still = None
    _css = FOLDER / "shared.css"

    def _repr_mimebundle_(self, **keywords):
        """A live widget in a notebook; elsewhere the page without a kernel; in plain text, words."""
        data, metadata = super()._repr_mimebundle_(**keywords)
        return data | {"text/html": framed_page(self), "text/plain": self.alternative_text}, metadata


def join_modules(filename):
    """Return one ES module: shared.js followed by the named file, without the import and exports between them."""
    shared = (FOLDER / "shared.js").read_text(encoding="utf-8")
    own = (FOLDER / filename).read_text(encoding="utf-8")
    return re.sub(r"^export ", "", shared, flags=re.M) + re.sub(r'import \{[^}]*\} from "./shared.js";\n', "", own)


def _to_wire(array, widget):
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": array.tobytes()}


def _from_wire(value, widget):
    return np.frombuffer(value["data"], dtype=value["dtype"]).reshape(value["shape"])
