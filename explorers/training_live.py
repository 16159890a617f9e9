"""The explorer of training (unit 07): loss, accuracy, attention and what the model writes, step by step as it learns.

It opens on a run that was recorded (`explorers.runs`). In a notebook one can train here and watch: a thread trains, so
that the kernel stays free, and stops where it is told. Nothing is computed in the browser but what is seen in a run.
"""

import threading

import numpy as np
import traitlets

from explorers.explorer import STILLS, Explorer
from explorers.inputs import Array, Choice, Number, Refused, given
from explorers.modules import join_modules
from explorers.runs import LENGTH, N_EXAMPLES, N_SYMBOLS, Run, recorded_run, small_reformer


class TrainingExplorer(Explorer):
    """Look into a training: how loss and accuracy go, what a head looks at, what the model writes.

    Parameters
    ----------
    model : `ReformerLM`, `TransformerLM` or another `LanguageModel` to train here instead of the small Reformer of the
        recorded run, with a vocabulary of 27 and room for 32 positions. It starts untrained
    seed : of the training: its first parameters and its data
    **state : first values of the inputs, such as `shown=12, head=1`

    `going = True` trains in a thread, `going = False` stops, and True again goes on from there; after the end it starts
    anew with the next seed. `train()` trains to the end, and comes back then: for scripts, and where nobody watches.

    Raises Refused, a ValueError, if the model cannot do the task, or a value cannot be shown.
    """

    _esm = join_modules("training_live.js")
    still = STILLS / "training_live.png"
    alternative_text = (
        "A matrix of attention of 32 tokens, after 80 of 200 steps: in the lower half diamonds mark the letter that "
        "each row has to copy, 15 places back, and squares begin to grow under them. Beside it the loss falls from 3.8 "
        "to nearly 0, and the letters guessed right rise from 3 % to 100 %; below stands what the model writes, with "
        "12 of 15 letters right."
    )

    shown = Number(16, low=0, below="steps", label="Point of the run", help="which point is drawn, from 0")
    chosen = Number(0, low=0, high=N_EXAMPLES - 1, label="Example", help="which held-out sequence is drawn")
    head = Number(0, low=0, below="heads", label="Head", help="whose weights are drawn")
    going = Choice(
        False,
        [(True, "on"), (False, "off")],
        help="True while it trains here",
        label="Train here",
        as_switch=True,
        only=("alive", True),
    )

    alive = given(traitlets.Bool(True, help="whether there is a kernel to train in"))
    trouble = given(traitlets.Unicode("", help="why a training here broke off; empty if none did"))
    own = given(traitlets.Bool(False, help="whether the run shown is one of this kernel"))
    heads = given(Array("uint8", help="(H,) the numbers of the heads"))
    steps = given(Array("int32", help="(points,) steps done at each point"))
    losses = given(Array("float64", help="(points,) loss on held-out sequences, in nats"))
    accuracies = given(Array("float64", help="(points,) share of the held-out letters that are likeliest"))
    examples = given(Array("uint8", help="(examples, L) tokens; 0 separates"))
    attention = given(Array("uint8", help="(points, examples, H, L, L) weights, of 255"))
    written = given(Array("uint8", help="(points, examples, L/2 - 1) tokens that the model writes behind the word"))

    def __init__(self, model=None, *, seed=0, **state):
        self._model, self._seed, self._run, self._thread = model or small_reformer(), seed, None, None
        _require_fitting(self._model)
        if model is None:
            arrays = recorded_run()
        else:
            self._run = Run(self._model, seed)
            arrays, state = self._run.arrays() | {"own": True}, {"shown": 0} | state
        arrays["heads"] = np.arange(arrays["attention"].shape[2])
        super().__init__({}, arrays, state)

    def page_state(self):
        """In a page there is no kernel: it plays what was noted."""
        return {"alive": False, "going": False, "own": False}

    def train(self):
        """Train to the end, from where a training here stands or from the start, and come back then."""
        self._begin()
        while not self._run.is_done:
            self._advance()

    def wait(self):
        """Wait until the thread that trains has ended."""
        if self._thread:
            self._thread.join()

    @traitlets.observe("going")
    def _start_or_stop(self, change):
        if change["new"] and not (self._thread and self._thread.is_alive()):
            self._thread = threading.Thread(target=self._train_while_going, name="training", daemon=True)
            self._thread.start()

    def _train_while_going(self):
        try:
            self._begin()
            while self.going and not self._run.is_done:
                self._advance()
        except Exception as problem:  # in a thread nobody else would hear of it
            self.trouble = f"{type(problem).__name__}: {problem}"
        self.going = False

    def _begin(self):
        """Make a run where there is none to go on with."""
        self.trouble = ""
        if self._run is None or self._run.is_done:
            self._seed += self._run is not None
            self._run = Run(self._model, self._seed)
            self._tell(follow=True)

    def _advance(self):
        follow = self.shown == len(self.steps) - 1
        self._run.advance()
        self._tell(follow)

    def _tell(self, follow):
        """Show what the run has noted; `follow` to its last point, where the reader has not gone elsewhere."""
        arrays = self._run.arrays()
        last = len(arrays["steps"]) - 1
        with self.hold_sync():
            self.own, self.shown = True, min(self.shown, last)
            for name, array in arrays.items():
                setattr(self, name, array)
            if follow:
                self.shown = last


def _require_fitting(model):
    if model.vocabulary_size != N_SYMBOLS + 1:
        raise Refused(f"model needs a vocabulary of {N_SYMBOLS + 1}, got {model.vocabulary_size}")
    if model.max_length < LENGTH:
        raise Refused(f"model needs room for {LENGTH} positions, got {model.max_length}")
