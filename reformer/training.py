"""Training: a loop that can be stopped and taken up again, and the files it can be taken up from (unit 07).

Where a training stands is one value, `TrainingState`: parameters, moments, and the state of the random numbers. A step
makes a new one from it and changes nothing in place. So an interrupt finds a whole state, and a run that is stopped and
continued gives the same numbers as one that never stopped.
"""

import json
import os
import signal
import warnings
from contextlib import nullcontext, suppress
from typing import NamedTuple

import numpy as np

from reformer.arguments import require_count
from reformer.optimizer import clip_by_global_norm, update_parameters
from reformer.parameters import flatten_parameters, load_parameters, map_parameters, save_parameters


class TrainingState(NamedTuple):
    """Where a training stands.

    parameters : nested dict of arrays
    first_moment, second_moment : running means of the gradients and of their squares, as in `adam_step`; dicts like
        `parameters`
    random : state of the random numbers, a dict
    losses : (loss, ...), one of each step
    evaluations : ((step, loss, accuracy), ...)
    """

    parameters: dict
    first_moment: dict
    second_moment: dict
    random: dict
    losses: tuple = ()
    evaluations: tuple = ()

    @property
    def step(self):
        """How many steps were done."""
        return len(self.losses)


def start_training(model, rng, dtype=np.float32):
    """Draw parameters and start from there. `rng` is a Generator of `np.random.default_rng`."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng needs a Generator of np.random.default_rng, got {rng!r}")
    parameters = model.init_parameters(rng, dtype)
    moments = [map_parameters(np.zeros_like, parameters) for _ in range(2)]
    return TrainingState(parameters, *moments, rng.bit_generator.state)


def train(
    model,
    draw_batch,
    state,
    *,
    n_steps,
    learning_rate,
    max_norm=1.0,
    evaluate_on=(),
    evaluate_every=100,
    checkpoint=None,
    checkpoint_every=100,
    progress=True,
):
    """Train until `n_steps` steps are done in all, or until an interrupt (Ctrl-C, or the stop button of a notebook).

    An interrupt stops after the step that is under way; a second one breaks that step off, and it counts as not begun.

    Parameters
    ----------
    model : `ReformerLM`, `TransformerLM`, or another object with `loss_and_gradients` and `evaluate`
    draw_batch : function of a Generator that returns (inputs, targets, weights), or these and padding, such as a task
        of `tasks`
    state : `TrainingState` to go on from: of `start_training`, of an earlier `train`, or of `load_checkpoint`
    n_steps : number of the last step
    learning_rate : function of the step, which counts from 1, such as a partial `learning_rate_at`
    max_norm : global norm to clip to
    evaluate_on : batches to evaluate on before the first step, and every `evaluate_every` steps
    checkpoint : path of a file to write every `checkpoint_every` steps and at the end, or None. If there is no such
        file yet it is written at once, so that a bad path is found first; where a later write fails, a warning says so.
        A file that is there has to hold an earlier point of the same run: no other is written over.
    progress : show a progress bar

    Returns
    -------
    state : `TrainingState` after the last whole step; on an interrupt, `state.step` is below `n_steps`

    Raises ValueError if `state`, a number, `evaluate_on` or `checkpoint` is not as above.
    Raises FloatingPointError if a loss, a gradient, or a number that a step leads to is not finite. The checkpoint on
    disk is then the last one before. Whatever is raised while training has the state after the last whole step as its
    `state`.
    """
    for name, count in dict(n_steps=n_steps, evaluate_every=evaluate_every, checkpoint_every=checkpoint_every).items():
        require_count(name, count)
    _generator(state)
    if not callable(learning_rate):
        raise ValueError(f"learning_rate needs a function of the step, such as lambda step: 1e-3, got {learning_rate}")
    evaluate_on = _list_batches("evaluate_on", evaluate_on)
    if checkpoint is not None:
        _claim_file(checkpoint, state)
    with _Interrupts() as interrupts:
        try:
            with _progress_bar(state.step, n_steps) if progress else nullcontext() as bar:
                state = _with_evaluation(model, state, evaluate_on, evaluate_every)
                while state.step < n_steps and not interrupts.noted:
                    state = _take_step(model, draw_batch, state, learning_rate, max_norm)
                    state = _with_evaluation(model, state, evaluate_on, evaluate_every)
                    _after_step(state, bar, bool(evaluate_on), checkpoint, checkpoint_every)
            interrupts.may_raise = False
        except KeyboardInterrupt:
            pass  # the step is broken off, the state is the one before
        except Exception as problem:
            problem.state = state
            problem.add_note(f"The state after step {state.step}, the last whole one, is this error's `state`.")
            raise
        _finish(state, n_steps, checkpoint)
    return state


def evaluate(model, parameters, batches, *, seed=0):
    """Mean loss and accuracy over several batches, without dropout: {"loss", "accuracy"}.

    Every batch draws rotations of its own, always the same ones for the same `seed`, a whole number of at least 0.

    Raises ValueError if there is no batch, or `batches` is one itself; FloatingPointError if a loss is not finite.
    """
    seed, batches = require_count("seed", seed, at_least=0), _list_batches("batches", batches)
    if not batches:
        raise ValueError("batches needs at least one batch, got none")
    found = [model.evaluate(parameters, *batch, seed=seed + i) for i, batch in enumerate(batches)]
    bad = {i: row["loss"] for i, row in enumerate(found) if not np.isfinite(row["loss"])}
    if bad:
        raise FloatingPointError(f"batches have losses, by number, of {bad}: the parameters have diverged")
    return {name: float(np.mean([row[name] for row in found])) for name in ("loss", "accuracy")}


def save_checkpoint(path, state):
    """Write a `TrainingState` to an npz file. An interrupt leaves the old file or the new one, never half a file."""
    losses, evaluations = (np.array(rows, dtype=np.float64) for rows in (state.losses, state.evaluations))
    random = np.array(json.dumps(state.random))
    save_parameters(path, state._asdict() | dict(random=random, losses=losses, evaluations=evaluations))


def load_checkpoint(path, like):
    """Read a `TrainingState` of `save_checkpoint`.

    Parameters
    ----------
    path : of the file
    like : nested dict of arrays with the names, shapes and dtypes of the parameters, such as freshly drawn ones

    Raises ValueError if the file is no checkpoint, does not fit `like`, or holds no state to go on from.
    """
    trees = dict.fromkeys(("parameters", "first_moment", "second_moment"), like)
    found = load_parameters(path, trees | dict.fromkeys(("random", "losses", "evaluations")))
    try:
        found["random"] = json.loads(str(found["random"]))
        found["losses"] = tuple(map(float, found["losses"]))
        rows = found["evaluations"].tolist()
        found["evaluations"] = tuple((int(step), loss, accuracy) for step, loss, accuracy in rows)
        _generator(state := TrainingState(**found))
    except Exception as problem:  # what the text of the random numbers says can be anything
        raise ValueError(f"{path} needs to hold a state to go on from, but does not: {problem}") from problem
    return state


def _claim_file(path, state):
    """Write a first checkpoint if there is no file yet; one that is there has to be an earlier one of the same run."""
    if not os.path.exists(path):
        return save_checkpoint(path, state)
    try:
        found = load_checkpoint(path, state.parameters)
    except ValueError as problem:
        raise ValueError(f"checkpoint needs another path, or this file removed: {problem}") from problem
    if found.losses != state.losses[: found.step]:
        raise ValueError(
            f"checkpoint needs a path without a file of another or a longer run, but {path} holds step {found.step}. "
            "Go on from it with load_checkpoint, remove it, or choose another path."
        )


def _generator(state):
    """The Generator that goes on from the random numbers of a state."""
    rng = np.random.default_rng()
    try:
        rng.bit_generator.state = state.random
    except Exception as problem:
        raise ValueError(f"state needs the random numbers of np.random.default_rng, got others: {problem}") from problem
    return rng


def _list_batches(name, batches):
    """The batches as a list, where each is (inputs, targets, weights) or these and padding, and not one of them."""
    batches = list(batches) if np.iterable(batches) else [batches]
    for batch in batches:
        if not (isinstance(batch, tuple | list) and len(batch) in (3, 4)):
            needed = "a list of batches, each (inputs, targets, weights); for one alone pass [batch]"
            raise ValueError(f"{name} needs {needed}, got {type(batch).__name__} in place of a batch")
    return batches


def _take_step(model, draw_batch, state, learning_rate, max_norm):
    """The state one step later. The random numbers are those of the state, so a broken-off step costs none."""
    step, rng = state.step + 1, _generator(state)
    batch = draw_batch(rng)
    loss, gradients = model.loss_and_gradients(state.parameters, *batch, seed=int(rng.integers(2**31)))
    rate, moments = float(learning_rate(step)), (state.first_moment, state.second_moment)
    with np.errstate(all="ignore"):  # what is not finite is told below
        clipped, norm = clip_by_global_norm(gradients, max_norm)
        moved = update_parameters(state.parameters, clipped, *moments, step, learning_rate=rate)
    after = TrainingState(*moved, rng.bit_generator.state, (*state.losses, float(loss)), state.evaluations)
    numbers = {"loss": loss, "norm": norm} | dict(zip(after._fields, moved, strict=False))
    bad = [name for name, array in flatten_parameters(numbers).items() if not np.isfinite(array).all()]
    if bad:
        raise FloatingPointError(
            f"At step {step} the loss is {loss} and the norm of the gradients {norm}. Not finite: "
            f"{', '.join(bad[:5])}{' and others' * (len(bad) > 5)}. "
            f"The learning rate was {rate:.3g}: lower it, warm up longer, or clip to a smaller norm."
        )
    return after


def _with_evaluation(model, state, batches, every):
    """The state with an evaluation of its step, if one is due; a state that has it already stays as it is."""
    done = state.evaluations and state.evaluations[-1][0] == state.step
    if not batches or state.step % every or done:
        return state
    found = evaluate(model, state.parameters, batches)
    return state._replace(evaluations=(*state.evaluations, (state.step, found["loss"], found["accuracy"])))


def _after_step(state, bar, evaluates, checkpoint, checkpoint_every):
    """Show the step, and with its step the last evaluation if this run makes any; write the checkpoint if it is due."""
    if bar is not None:
        step, _, accuracy = state.evaluations[-1] if evaluates and state.evaluations else (0, 0, None)
        words = f", accuracy at step {step}: {accuracy:.1%}" if accuracy is not None else ""
        bar.set_postfix_str(f"loss {state.losses[-1]:.3f}{words}", refresh=False)
        bar.update()
    if state.step % checkpoint_every == 0:
        _save_or_warn(checkpoint, state)


def _finish(state, n_steps, checkpoint):
    """Write the last checkpoint, and say so if it came before the last step."""
    _save_or_warn(checkpoint, state)
    if state.step < n_steps:
        print(stopped(state, n_steps))


def stopped(state, n_steps):
    """Say where a training stopped, and how it goes on."""
    return f"Stopped after step {state.step} of {n_steps}. A call with the state that came back goes on from there."


def _save_or_warn(path, state):
    try:
        if path is not None:
            save_checkpoint(path, state)
    except Exception as problem:  # whatever it is, the state must not be lost with it
        told = f"The checkpoint of step {state.step} could not be written: {problem}"
        warnings.warn(told, stacklevel=4)  # where `train` was called


class _Interrupts:
    """What SIGINT does inside: the first is noted, and a second raises KeyboardInterrupt, once, while it may."""

    noted, may_raise, before = False, True, None

    def __enter__(self):
        with suppress(ValueError):  # not in the main thread, and Python interrupts no other
            self.before = signal.signal(signal.SIGINT, self.note)
        return self

    def note(self, number, frame):
        if self.noted and self.may_raise:
            self.may_raise = False
            raise KeyboardInterrupt
        self.noted = self.before != signal.SIG_IGN  # what was ignored before is ignored here

    def __exit__(self, *problem):
        with suppress(ValueError):
            signal.signal(signal.SIGINT, self.before or signal.SIG_DFL)  # None: it was not set by Python


def _progress_bar(step, n_steps):
    from tqdm.auto import tqdm  # not above: all else in this package needs NumPy alone

    return tqdm(total=n_steps, initial=step, unit="step")
