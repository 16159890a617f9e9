"""Training: Adam, learning rates, clipping, and a loop that can be stopped and taken up again (unit 07).

Where a training stands is one value, `TrainingState`: parameters, moments, step, and the state of the random numbers.
A step makes a new one from it and changes nothing in place. So an interrupt finds a whole state, and a run that is
stopped and continued gives the same numbers as one that never stopped.
"""

import json
import os
import signal
import threading
import warnings
from contextlib import contextmanager, nullcontext, suppress
from typing import NamedTuple

import numpy as np

from reformer.arguments import require_choice, require_count
from reformer.parameters import (
    conform_arrays,
    flatten_parameters,
    map_parameters,
    read_arrays,
    unflatten_parameters,
    write_arrays,
)

DECAYS = ("none", "inverse_sqrt", "cosine")


def training_step(parameters, gradients, state, *, learning_rate, max_norm=1.0, beta1=0.9, beta2=0.98, epsilon=1e-9):
    """Move the parameters one step against the gradients: clip by global norm, then Adam.

    The gradients g are first clipped as in `clip_by_global_norm`. Then, at step t, which counts from 1,

        mean = beta1 mean + (1 - beta1) g               square = beta2 square + (1 - beta2) g^2
        parameters -= learning_rate (mean / (1 - beta1^t)) / (sqrt(square / (1 - beta2^t)) + epsilon)

    Parameters
    ----------
    parameters : dict of float arrays; dicts may be nested
    gradients : dict like `parameters`
    state : {"step": steps done so far, "mean": dict like `parameters`, "square": the same}, from `start_optimizer`
    learning_rate, max_norm, beta1, beta2, epsilon : numbers as in the formulas

    Returns
    -------
    parameters, state : the new ones; the old ones are not changed

    Raises ValueError if the dicts do not have the same keys.
    Source: Kingma and Ba, "Adam" (2015), algorithm 1; beta2 and epsilon: Vaswani et al. (2017), section 5.3.
    """
    learning_rate, max_norm = float(learning_rate), float(max_norm)  # a float64 of NumPy would widen float32 arrays
    gradients, _ = clip_by_global_norm(gradients, max_norm)
    step = state["step"] + 1
    mean = map_parameters(lambda m, g: beta1 * m + (1 - beta1) * g, state["mean"], gradients)
    square = map_parameters(lambda s, g: beta2 * s + (1 - beta2) * (g * g), state["square"], gradients)

    def moved(parameter, m, s):
        return parameter - (learning_rate / (1 - beta1**step)) * m / (np.sqrt(s / (1 - beta2**step)) + epsilon)

    return map_parameters(moved, parameters, mean, square), {"step": step, "mean": mean, "square": square}


def start_optimizer(parameters):
    """The state `training_step` begins with: step 0 and moments of zero."""
    mean, square = (map_parameters(np.zeros_like, parameters) for _ in range(2))
    return {"step": 0, "mean": mean, "square": square}


def clip_by_global_norm(gradients, max_norm):
    """Shrink all gradients by one factor so that their length, taken together, is at most `max_norm`.

    Parameters
    ----------
    gradients : dict of float arrays; dicts may be nested
    max_norm : number above 0

    Returns
    -------
    clipped : dict like `gradients`
    norm : float, the `global_norm` before

    Raises ValueError if `max_norm` is not above 0.
    Source: Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm needs a number above 0, got {max_norm}")
    norm = global_norm(gradients)
    shrink = float(max_norm) / norm if norm > max_norm else 1.0
    return map_parameters(lambda g: shrink * g, gradients), norm


def global_norm(gradients):
    """Length of all gradients taken together, as a float: the root of the sum of all squares."""
    squares = [np.sum(np.square(g, dtype=np.float64)) for g in flatten_parameters(gradients).values()]
    return float(np.sqrt(np.sum(squares)))


def learning_rate_at(step, *, peak, n_warmup, decay="none", n_steps=None):
    """Learning rate at a step: a straight rise to `peak` over `n_warmup` steps, then a decay.

    Parameters
    ----------
    step : the step, counted from 1
    peak : highest learning rate
    n_warmup : steps of the rise, at least 1
    decay : "none"; "inverse_sqrt", which falls as sqrt(n_warmup / step); or "cosine", half a cosine down to 0
    n_steps : where the cosine reaches 0; only "cosine" needs it

    Returns
    -------
    rate : float

    Raises ValueError if a number or the decay is not as above.
    Source: Vaswani et al. (2017), section 5.3; cosine: Loshchilov and Hutter, "SGDR" (2017).
    """
    n_warmup = require_count("n_warmup", n_warmup)
    require_choice("decay", decay, DECAYS)
    if decay == "cosine":  # checked at the first step, not after the rise
        n_steps = require_count("n_steps", n_steps, at_least=n_warmup + 1)
    share = 1.0
    if require_count("step", step) <= n_warmup:
        share = step / n_warmup
    elif decay == "inverse_sqrt":
        share = np.sqrt(n_warmup / step)
    elif decay == "cosine":
        share = 0.5 * (1 + np.cos(np.pi * min(1.0, (step - n_warmup) / (n_steps - n_warmup))))
    return float(peak * share)


class TrainingState(NamedTuple):
    """Where a training stands.

    parameters : nested dict of arrays
    optimizer : state of `training_step`
    random : state of the random numbers, a dict
    losses : (loss, ...), one of each step
    evaluations : ((step, loss, accuracy), ...)
    """

    parameters: dict
    optimizer: dict
    random: dict
    losses: tuple = ()
    evaluations: tuple = ()

    @property
    def step(self):
        return self.optimizer["step"]


def start_training(model, rng, dtype=np.float32):
    """Draw parameters and start from there. `rng` is a Generator of `np.random.default_rng`."""
    parameters = model.init_parameters(rng, dtype)
    return TrainingState(parameters, start_optimizer(parameters), rng.bit_generator.state)


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

    Parameters
    ----------
    model : `ReformerLM`, `TransformerLM`, or another object with `loss_and_gradients` and `evaluate`
    draw_batch : function of a Generator that returns (inputs, targets, weights), such as a task of `tasks`
    state : `TrainingState` to go on from: of `start_training`, of an earlier `train`, or of `load_checkpoint`
    n_steps : number of the last step
    learning_rate : function of the step, which counts from 1, such as a partial `learning_rate_at`
    max_norm : global norm to clip to
    evaluate_on : batches to evaluate on before the first step, and every `evaluate_every` steps
    checkpoint : path of a file to write every `checkpoint_every` steps and at the end, or None. If there is no such
        file yet it is written at once, so that a bad path is found first; where a later write fails, a warning says so.
    progress : show a progress bar

    Returns
    -------
    state : `TrainingState` after the last whole step; on an interrupt, `state.step` is below `n_steps`

    Raises ValueError if `state` is not whole or a number is not as above.
    Raises FloatingPointError if a loss, a gradient, or a number that a step leads to is not finite. The checkpoint on
    disk is then the last one before. Whatever is raised while training has the state after the last whole step as its
    `state`.
    """
    _require_whole(state)
    require_count("n_steps", n_steps)
    require_count("evaluate_every", evaluate_every)
    require_count("checkpoint_every", checkpoint_every)
    evaluate_on = list(evaluate_on)
    if checkpoint is not None and not os.path.exists(checkpoint):
        save_checkpoint(checkpoint, state)
    with suppress(KeyboardInterrupt), _progress_bar(state.step, n_steps) if progress else nullcontext() as bar:
        try:
            state = _evaluated(model, state, evaluate_on, evaluate_every)
            while state.step < n_steps:
                state = _take_step(model, draw_batch, state, learning_rate, max_norm)
                state = _evaluated(model, state, evaluate_on, evaluate_every)
                if progress:
                    bar.set_postfix(_report(state), refresh=False)
                    bar.update()
                if checkpoint is not None and state.step % checkpoint_every == 0:
                    _save_or_warn(checkpoint, state)
        except Exception as problem:
            problem.state = state
            raise
    with _interrupts_held_back():
        if checkpoint is not None:
            _save_or_warn(checkpoint, state)
        if state.step < n_steps:
            print(f"Stopped after step {state.step} of {n_steps}. Nothing is lost: call train again to go on.")
    return state


def evaluate(model, parameters, batches, *, seed=0):
    """Mean loss and accuracy over several batches, without dropout: {"loss", "accuracy"}.

    Every batch draws rotations of its own, always the same ones for the same `seed`.
    """
    found = [model.evaluate(parameters, *batch, seed=seed + i) for i, batch in enumerate(batches)]
    return {name: float(np.mean([row[name] for row in found])) for name in ("loss", "accuracy")}


def save_checkpoint(path, state):
    """Write a `TrainingState` to an npz file. An interrupt leaves the old file or the new one, never half a file."""
    optimizer = state.optimizer | {"step": np.array(state.step)}
    record = {
        "random": np.array(json.dumps(state.random)),
        "losses": np.array(state.losses, dtype=np.float64),
        "evaluations": np.array(state.evaluations, dtype=np.float64).reshape(-1, 3),
    }
    write_arrays(path, flatten_parameters({"parameters": state.parameters, "optimizer": optimizer}) | record)


def load_checkpoint(path, like):
    """Read a `TrainingState` of `save_checkpoint`.

    Parameters
    ----------
    path : of the file
    like : nested dict of arrays with the names, shapes and dtypes of the parameters, such as freshly drawn ones

    Raises ValueError if the file is no checkpoint, does not fit `like`, or holds no state to go on from.
    """
    found = read_arrays(path)
    if not {"random", "losses", "evaluations"} <= found.keys():
        raise ValueError(f"{path} needs to be a checkpoint, but has no training record in it")
    optimizer = {"step": np.array(0), "mean": like, "square": like}
    record = {
        "random": found["random"],
        "losses": np.zeros(found["losses"].size),
        "evaluations": np.zeros((found["evaluations"].size // 3, 3)),
    }
    needed = flatten_parameters({"parameters": like, "optimizer": optimizer}) | record
    tree = unflatten_parameters(conform_arrays(found, needed, path))
    try:
        return _require_whole(
            TrainingState(
                parameters=tree["parameters"],
                optimizer=tree["optimizer"] | {"step": int(tree["optimizer"]["step"])},
                random=json.loads(str(tree["random"])),
                losses=tuple(tree["losses"].tolist()),
                evaluations=tuple((int(step), loss, accuracy) for step, loss, accuracy in tree["evaluations"].tolist()),
            )
        )
    except Exception as problem:  # what the text of the random numbers says can be anything
        raise ValueError(f"{path} needs to hold a state to go on from, but does not: {problem}") from problem


def _require_whole(state):
    """Return a state that has a loss for each of its steps, and random numbers that can go on."""
    if len(state.losses) != state.step:
        raise ValueError(f"state needs a loss for each of its {state.step} steps, got {len(state.losses)}")
    try:
        _generator(state.random)
    except Exception as problem:
        raise ValueError(f"state needs the random numbers of np.random.default_rng, got others: {problem}") from problem
    return state


def _generator(random):
    """The Generator that goes on from `random`, the state of one."""
    rng = np.random.default_rng()
    rng.bit_generator.state = random
    return rng


def _take_step(model, draw_batch, state, learning_rate, max_norm):
    """The state one step later. The random numbers are those of the state, so a broken-off step costs none."""
    step = state.step + 1
    rng = _generator(state.random)
    batch = draw_batch(rng)
    loss, gradients = model.loss_and_gradients(state.parameters, *batch, seed=int(rng.integers(2**31)))
    rate = learning_rate(step)
    norm = global_norm(gradients)
    with np.errstate(all="ignore"):  # what is not finite is told below
        parameters, optimizer = training_step(
            state.parameters, gradients, state.optimizer, learning_rate=rate, max_norm=max_norm
        )
    leads_to = flatten_parameters({"parameters": parameters, "optimizer": optimizer})
    if not all(np.isfinite(numbers).all() for numbers in (loss, norm, *leads_to.values())):
        raise FloatingPointError(
            f"At step {step} the loss is {loss} and the norm of the gradients {norm}, "
            f"and the step leads to numbers that are not finite. "
            f"The learning rate was {rate:.3g}: lower it, warm up longer, or clip to a smaller norm."
        )
    return TrainingState(
        parameters, optimizer, rng.bit_generator.state, (*state.losses, float(loss)), state.evaluations
    )


def _evaluated(model, state, batches, every):
    """The state with an evaluation of its step, if one is due; a state that has it already stays as it is."""
    done = state.evaluations and state.evaluations[-1][0] == state.step
    if not batches or state.step % every or done:
        return state
    found = evaluate(model, state.parameters, batches)
    if not np.isfinite(found["loss"]):
        raise FloatingPointError(
            f"After step {state.step} the loss on evaluate_on is {found['loss']}: the parameters have diverged. "
            "Go on from an earlier state with a lower learning rate."
        )
    row = (state.step, found["loss"], found["accuracy"])
    return state._replace(evaluations=(*state.evaluations, row))


def _save_or_warn(path, state):
    try:
        save_checkpoint(path, state)
    except Exception as problem:  # whatever it is, the state must not be lost with it
        warnings.warn(f"The checkpoint of step {state.step} could not be written: {problem}", stacklevel=3)


@contextmanager
def _interrupts_held_back():
    """Let no interrupt break off what is done inside. It is dropped: what comes after is the end anyway."""
    if threading.current_thread() is not threading.main_thread():  # Python interrupts the main thread alone
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)  # None: it was not set by Python


def _progress_bar(step, n_steps):
    from tqdm.auto import tqdm  # not above: all else in this package needs NumPy alone

    return tqdm(total=n_steps, initial=step, unit="step")


def _report(state):
    report = {"loss": f"{state.losses[-1]:.3f}"}
    if state.evaluations:
        report["accuracy"] = f"{state.evaluations[-1][2]:.1%}"
    return report
