"""What may be set in an explorer: traits that know their limits and refuse, by name, what cannot be shown.

The browser gets the same limits, makes controls of them, and refuses with the same sentences: see shared/inputs.js.
"""

import json

import numpy as np
import traitlets


class Refused(traitlets.TraitError, ValueError):
    """A state that cannot be shown."""


def refuse(name, needs, value):
    """Raise `Refused`: what was set, what it needs, what it got."""
    raise Refused(f"{name} needs {needs}, got {written(value)}")


def written(value):
    """A value as both languages write it."""
    if isinstance(value, float | int | np.number) and not isinstance(value, bool):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), f"{value:.6g}")
    return json.dumps(value, default=repr)


def synced(trait):
    """Share a trait with the browser, which may change it many times before Python has taken the first change.

    Python does not echo what it took: the echo of an old value would undo a newer one.
    """
    return trait.tag(sync=True, echo_update=False)


class Input(traitlets.TraitType):
    """What a reader sets. `limits` goes to the browser: its kind, its bounds, and a label where it has a control.

    Bounds may hang on another input: `below="circle"` keeps a number below the rows of `circle`, `at_most="n_rounds"`
    at or below `n_rounds`, and with `times=4` at or below four times that.
    """

    def __init__(self, first, *, help, **limits):
        super().__init__(first, help=help)
        self.limits = limits
        synced(self)

    def _cross_validate(self, owner, value):
        """Judge a value beside the others; where several are set at once, when all are there."""
        value = super()._cross_validate(owner, value)
        needs = self.needs(owner, value)
        if needs:
            refuse(self.name, needs, value)
        return value

    def needs(self, owner, value):
        """What the value would need to be shown, in words; None if it can be."""
        raise NotImplementedError

    def highest(self, owner):
        """The largest value beside the other inputs."""
        bounds = [self.limits.get("high", np.inf)]
        if "below" in self.limits:
            bounds.append(_count(getattr(owner, self.limits["below"])) - 1)
        if "at_most" in self.limits:
            bounds.append(_count(getattr(owner, self.limits["at_most"])) * self.limits.get("times", 1))
        return min(bounds)


def _count(value):
    return value if isinstance(value, int) else len(value)


class Number(Input):
    """A number; a whole one unless `whole=False`, and an even one with `step=2`.

    `low`, `high`, `below`, `at_most` : bounds, all inclusive but `below`; `step` : of its slider; `unit` : "°", say;
    `label` : of its slider, which it has only if it has a label; `only` : (input, value) with which it has one
    `log` : True where slider and keys go from 2 to 3, 4, 6, 8, 12, 16 and so on, between `low` and `high`
    """

    def __init__(self, default, *, help, whole=True, step=1, **limits):
        super().__init__(default, help=help, kind="number", whole=whole, step=step, default=default, **limits)

    def validate(self, owner, value):
        is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not is_number or (self.limits["whole"] and value != np.floor(value)) or not np.isfinite(value):
            refuse(self.name, self._kind_and_range(self.limits.get("high", np.inf)), value)
        return int(value) if self.limits["whole"] else float(value)

    def needs(self, owner, value):
        high = self.highest(owner)
        is_odd = self.limits["whole"] and self.limits["step"] == 2 and value % 2
        fits = self.limits.get("low", -np.inf) <= value <= high and not is_odd
        return None if fits else self._kind_and_range(high)

    def _kind_and_range(self, high):
        kind = "a number"
        if self.limits["whole"]:
            kind = "an even whole number" if self.limits["step"] == 2 else "a whole number"
        if "low" not in self.limits:
            return kind
        low = self.limits["low"]
        return f"{kind} of at least {low:g}" if high == np.inf else f"{kind} from {low:g} to {high:g}"


class Choice(Input):
    """One of a few values; `options` is a list of (value, text), of which all are seen unless `as_list`."""

    def __init__(self, default, options, *, help, label, **limits):
        super().__init__(default, help=help, kind="choice", options=options, label=label, default=default, **limits)

    def needs(self, owner, value):
        values = [option for option, _ in self.limits["options"]]
        return None if value in values else " or ".join(map(str, values))


class Switch(Choice):
    """What is on or off: True or False."""

    def __init__(self, default, *, help, label):
        super().__init__(default, [(True, "on"), (False, "off")], help=help, label=label, as_switch=True)

    def needs(self, owner, value):
        return None if isinstance(value, bool) else "true or false"


class Array(Input):
    """A NumPy array of one dtype, synced with the browser as its dtype, its shape and its bytes.

    The array is read-only: a change in place would not reach the browser. Assign a new one instead.

    `shape` : sizes, None for any; without a shape nothing is refused; `at_least` : how many rows; `low`, `high` : of
    its numbers; `as_many_as` : an input with as many rows; `rows` : "direction", any length but 0, which is made 1, or
    "disc"
    """

    def __init__(self, dtype, shape=None, *, help, **limits):
        limits = {"at_least": 1} | limits if shape else limits
        super().__init__(np.zeros(0, dtype), help=help, kind="array", shape=shape, **limits)
        self.dtype = np.dtype(dtype)
        self.tag(to_json=to_wire, from_json=_from_wire)

    def validate(self, owner, value):
        try:
            array = np.array(value, dtype=self.dtype, order="C")
        except (TypeError, ValueError):
            refuse(self.name, self._wanted_shape() if self.limits["shape"] else "an array of numbers", value)
        if self.limits.get("rows") == "direction" and array.ndim == 2:
            length = np.linalg.norm(array, axis=1, keepdims=True)
            is_off = np.isfinite(length) & (length > 1e-6) & (np.abs(length - 1) > 1e-9)
            array = np.where(is_off, array / np.where(is_off, length, 1), array)
        array.setflags(write=False)
        return array

    def _cross_validate(self, owner, value):
        fault = self.limits["shape"] and self._fault(owner, value)
        if fault:
            raise Refused(f"{self.name} needs {fault}")
        return value

    def _wanted_shape(self):
        shape = self.limits["shape"]
        sizes = ", ".join("L" if size is None else str(size) for size in shape) + ("," if len(shape) == 1 else "")
        return f"shape ({sizes})" + (f" with L of at least {self.limits['at_least']}" if shape[0] is None else "")

    def _fault(self, owner, array):
        """What the array needs and what it got, in words; None if it can be shown."""
        shape, low, high = self.limits["shape"], self.limits.get("low"), self.limits.get("high")
        fits = array.ndim == len(shape) and all(s in (None, got) for s, got in zip(shape, array.shape, strict=True))
        if not fits or len(array) < self.limits["at_least"]:
            sizes = ", ".join(map(str, array.shape)) + ("," if array.ndim == 1 else "")
            return f"{self._wanted_shape()}, got ({sizes})"
        rows = array.reshape(len(array), -1)
        wrong = ~np.isfinite(rows) if low is None else ~((rows >= low) & (rows <= high))
        if wrong.any():
            row, place = np.argwhere(wrong)[0]
            range_ = "finite numbers" if low is None else f"numbers from {low:g} to {high:g}"
            return f"{range_}, got {written(float(rows[row, place]))} in row {row}"
        twin = self.limits.get("as_many_as")
        if twin and len(array) != len(getattr(owner, twin)):
            return f"as many rows as {twin}, {len(getattr(owner, twin))}, got {len(array)}"
        return self._fault_of_rows(rows) if "rows" in self.limits else None

    def _fault_of_rows(self, rows):
        lengths = np.linalg.norm(rows, axis=1)
        if self.limits["rows"] == "disc":
            words, wrong = "every row in the unit disc, and not in its middle", lengths > 1 + 1e-6
        else:
            words, wrong = "a direction in every row", np.zeros(len(rows), bool)
        wrong |= lengths <= 1e-6
        if not wrong.any():
            return None
        row = int(np.argmax(wrong))
        return f"{words}, got length {written(float(lengths[row]))} in row {row}"


def reported(trait):
    """A trait that the browser computes and Python reads: no input, no part of the state."""
    return synced(trait).tag(role="report")


def given(trait):
    """A trait that Python computes once and the browser reads."""
    return synced(trait).tag(role="given")


def to_wire(array, widget=None):
    """An array as what goes to the browser."""
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": array.tobytes()}


def _from_wire(value, widget):
    return np.frombuffer(value["data"], dtype=value["dtype"]).reshape(value["shape"])
