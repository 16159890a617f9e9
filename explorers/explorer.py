"""What every explorer is: an anywidget whose state is plain arrays and numbers, and which also runs without a kernel.

An explorer is a subclass in one Python file beside one JavaScript file of the same name. Its inputs, with their limits
and labels, stand in Python alone; the browser makes controls of them, and keeps state, history and links by them.
"""

import difflib

import anywidget
import traitlets

from explorers.inputs import Array, Input, Refused, to_wire
from explorers.modules import FOLDER
from explorers.page import framed_page

STILLS = FOLDER / "stills"


class Explorer(anywidget.AnyWidget):
    """A widget that computes and draws in the browser.

    A subclass sets `_esm` to its joined modules, `still` to the path of the picture that `python -m explorers.stills`
    makes of it in the state `still_state`, and `alternative_text` to a sentence or two that say what is seen there.

    Parameters
    ----------
    generated : arguments from which the arrays were made, such as `{"n_points": 40, "seed": 1}`
    arrays : the arrays that were made so
    state : first values of the inputs, as the reader gave them

    Raises Refused, a ValueError, if a name is none of an input, or a value cannot be shown.
    """

    alternative_text = ""
    still = None
    still_state = {}
    _css = FOLDER / "shared" / "style.css"

    about = traitlets.Dict(help="name, inputs, given, start, generated: see shared/state.js").tag(
        sync=True, echo_update=False
    )

    def __init__(self, generated, arrays, state):
        for name in state:
            if not self.has_trait(name):
                raise Refused(self._stranger(name))
        self._generated = {} if state.keys() & arrays.keys() else generated
        super().__init__(**{name: generated[name] for name in generated if self.has_trait(name)} | arrays | state)

    def __setattr__(self, name, value):
        if not name.startswith("_") and not hasattr(type(self), name):
            raise Refused(self._stranger(name))
        super().__setattr__(name, value)

    @classmethod
    def inputs(cls):
        """The traits that a reader sets, by name, in the order in which they are written."""
        return {name: trait for name, trait in cls._own_traits("input").items() if isinstance(trait, Input)}

    @classmethod
    def _own_traits(cls, role):
        members = {name: member for owner in reversed(cls.__mro__) for name, member in vars(owner).items()}
        traits = {name: member for name, member in members.items() if isinstance(member, traitlets.TraitType)}
        return {name: trait for name, trait in traits.items() if trait.metadata.get("role", "input") == role}

    def first_report(self):
        """Compute, for the first state, what the browser reports of every later one."""

    def page_state(self):
        """What a page without a kernel needs beyond the traits: { trait: value }."""
        return {}

    @traitlets.default("about")
    def _about(self):
        """Made when the browser is first told of the explorer, which is when its first state is complete."""
        inputs = self.inputs()
        values = {name: getattr(self, name) for name in inputs}
        return {
            "name": type(self).__name__,
            "inputs": {name: trait.limits for name, trait in inputs.items()},
            "given": list(self._own_traits("given")),
            "start": {n: to_wire(v) if isinstance(inputs[n], Array) else v for n, v in values.items()},
            "generated": self._generated,
        }

    def open(self):
        """Tell the browser of the explorer."""
        self.first_report()
        super().open()

    @traitlets.observe(traitlets.All)
    def _keep_within(self, change):
        """What hangs on a number or an array that has become smaller becomes smaller with it."""
        for name, trait in self.inputs().items():
            if change["name"] in (trait.limits.get("below"), trait.limits.get("at_most")):
                setattr(self, name, min(getattr(self, name), trait.highest(self)))

    def _stranger(self, name):
        near = difflib.get_close_matches(name, self.inputs(), n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; it has {', '.join(self.inputs())}"
        return f"{type(self).__name__} has no {name}{hint}"

    def _repr_mimebundle_(self, **keywords):
        """A live widget in a notebook; elsewhere the page without a kernel; in plain text, words."""
        data, metadata = super()._repr_mimebundle_(**keywords)
        return data | {"text/html": framed_page(self), "text/plain": self.alternative_text}, metadata
