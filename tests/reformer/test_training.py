import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from reformer import optimizer, tasks
from reformer.loops import model as loops
from reformer.model import ReformerLM, TransformerLM
from reformer.optimizer import learning_rate_at
from reformer.parameters import flatten_parameters, map_parameters, save_parameters
from reformer.sampling import sample
from reformer.training import evaluate, load_checkpoint, save_checkpoint, start_training, train

MODEL = ReformerLM(
    vocabulary_size=6, max_length=12, d_model=8, d_ff=8, n_layers=1, chunk_length=4, n_buckets=4, dropout=0.1
)
DRAW = partial(tasks.duplication, n_sequences=2, length=8, n_symbols=5)
OTHER_GENERATOR = {"bit_generator": "Philox", "state": 1}
RATE = partial(learning_rate_at, peak=1e-2, n_warmup=3)


@pytest.fixture(autouse=True)
def interrupts_are_heard():
    """Also where the tests run in the background: a shell lets such processes ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def go(state, n_steps, **options):
    return train(MODEL, DRAW, state, **dict(n_steps=n_steps, learning_rate=RATE, progress=False) | options)


def start(seed=0):
    return start_training(MODEL, np.random.default_rng(seed))


def assert_same(a, b):
    """Every number of two states is the same, to the last bit."""
    assert (a.step, a.random, a.losses, a.evaluations) == (b.step, b.random, b.losses, b.evaluations)
    for one, other in zip(a[:3], b[:3], strict=True):
        map_parameters(np.testing.assert_array_equal, one, other)


def read_file(path):
    with np.load(path) as archive:
        return dict(archive)


def another_adam(parameter, gradient, first, second, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9):
    """As a learner may write it: the moments by their differences, float64, and lists."""
    first = first - (1 - beta1) * (first - gradient.astype(np.float64))
    second = second - (1 - beta2) * (second - np.square(gradient, dtype=np.float64))
    unbiased = np.sqrt(second / (1 - beta2**step))
    return (parameter - learning_rate * first / (1 - beta1**step) / (unbiased + epsilon)).tolist(), first, second


@pytest.mark.parametrize("adam_step", [loops.adam_step, another_adam])
def test_any_right_version_of_adam_can_stand_in_when_a_model_is_trained(monkeypatch, adam_step):
    whole = go(start(), 3)
    calls = []

    def stand_in(*args, **options):
        calls.append(options)
        return adam_step(*args, **options)

    monkeypatch.setattr(optimizer, "adam_step", stand_in)
    with_other = go(start(), 3)
    map_parameters(partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6), with_other.parameters, whole.parameters)
    arrays = [array for tree in with_other[:3] for array in flatten_parameters(tree).values()]
    assert {(type(array), array.dtype) for array in arrays} == {(np.ndarray, np.dtype(np.float32))}
    assert len(calls) == len(arrays)  # of three steps, and of three dicts
    assert set(map(tuple, calls)) == {("learning_rate",)}


def test_the_moments_of_adam_begin_as_arrays_of_zeros_of_their_own():
    state = start()
    for moment in state.first_moment, state.second_moment:
        map_parameters(lambda zeros, p: np.testing.assert_array_equal(zeros, 0 * p), moment, state.parameters)
    map_parameters(
        lambda first, second: pytest.fail("shared") if first is second else 0, state.first_moment, state.second_moment
    )


@pytest.mark.parametrize("stop_at", [1, 4, 7])
def test_a_run_stopped_and_continued_from_its_file_is_the_run_that_never_stopped(stop_at, tmp_path):
    held_out = [DRAW(np.random.default_rng(9))]
    options = dict(evaluate_on=held_out, evaluate_every=2)
    whole = go(start(), 9, **options)
    path = tmp_path / "run.npz"
    go(start(), stop_at, checkpoint=path, **options)
    continued = go(load_checkpoint(path, start(5).parameters), 9, checkpoint=path, **options)
    assert_same(continued, whole)
    assert_same(load_checkpoint(path, whole.parameters), whole)
    assert [row[0] for row in whole.evaluations] == [0, 2, 4, 6, 8]
    assert len(whole.losses) == 9


@pytest.mark.parametrize("interrupted_call", ["loss_and_gradients", "draw_batch", "evaluate"])
@pytest.mark.parametrize("at_call", [1, 3])
def test_an_interrupt_anywhere_keeps_every_whole_step_and_the_run_goes_on_as_if_nothing_was(
    interrupted_call, at_call, tmp_path, monkeypatch, capsys
):
    held_out = [DRAW(np.random.default_rng(9))]
    options = dict(n_steps=6, learning_rate=RATE, evaluate_on=held_out, evaluate_every=2, progress=False)
    whole = train(MODEL, DRAW, start(), **options)
    calls = 0

    def interrupting(function):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            result = function(*args, **kwargs)
            if calls == at_call:
                raise KeyboardInterrupt
            return result

        return call

    path, draw = tmp_path / "run.npz", DRAW
    with monkeypatch.context() as patch:
        if interrupted_call == "draw_batch":
            draw = interrupting(DRAW)
        else:
            patch.setattr(type(MODEL), interrupted_call, interrupting(getattr(type(MODEL), interrupted_call)))
        stopped = train(MODEL, draw, start(), checkpoint=path, checkpoint_every=1, **options)
    assert stopped.step < 6
    assert f"Stopped after step {stopped.step} of 6" in capsys.readouterr().out
    assert_same(load_checkpoint(path, stopped.parameters), stopped)
    assert_same(train(MODEL, DRAW, stopped, **options), whole)


def test_an_interrupt_while_a_checkpoint_is_written_leaves_a_whole_one(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    three = go(start(), 3, checkpoint=path)

    def broken(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", broken)
        with pytest.raises(KeyboardInterrupt):
            save_checkpoint(path, go(three, 5))
    assert_same(load_checkpoint(path, three.parameters), three)
    assert os.listdir(tmp_path) == ["run.npz"]


def interrupt(times=1):
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("calls", [{"draw_batch": 2}, {"loss_and_gradients": 2}, {"evaluate": 2}, {"savez": 1}])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_one_interrupt_waits_for_the_step_and_the_next_breaks_it_off(calls, times, tmp_path, monkeypatch, capsys):
    ((interrupted, at_call),) = calls.items()
    path, before, n_calls = tmp_path / "run.npz", signal.getsignal(signal.SIGINT), 0
    options = dict(evaluate_on=[DRAW(np.random.default_rng(9))], evaluate_every=1)
    three, whole = go(start(), 3, checkpoint=path, **options), go(start(), 9, **options)

    def interrupting(function):
        def call(*args, **kwargs):
            nonlocal n_calls
            n_calls += 1
            if n_calls == at_call:
                interrupt(times)
            return function(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        draw = interrupting(DRAW) if interrupted == "draw_batch" else DRAW
        if interrupted == "savez":
            patch.setattr(np, "savez", interrupting(np.savez))
        elif interrupted != "draw_batch":
            patch.setattr(type(MODEL), interrupted, interrupting(getattr(type(MODEL), interrupted)))
        many = dict(n_steps=9, learning_rate=RATE, progress=False, checkpoint=path, checkpoint_every=2) | options
        stopped = train(MODEL, draw, three, **many)
    broken_off = times > 1 and interrupted in ("draw_batch", "loss_and_gradients")
    assert stopped.step == (4 if broken_off or interrupted == "savez" else 5)
    assert f"Stopped after step {stopped.step} of 9" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) == before
    assert_same(load_checkpoint(path, three.parameters), stopped)
    assert_same(go(stopped, 9, **options), whole)


@pytest.mark.parametrize("interrupted_before", [0, 1, 2])
def test_more_interrupts_while_the_last_checkpoint_is_written_lose_nothing(interrupted_before, tmp_path, monkeypatch):
    path, true, before = tmp_path / "run.npz", np.savez, signal.getsignal(signal.SIGINT)
    three = go(start(), 3, checkpoint=path)

    def interrupted(file, **arrays):
        interrupt(3)
        true(file, **arrays)

    def draw(rng):
        interrupt(interrupted_before)
        return DRAW(rng)

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", interrupted)
        stopped = train(MODEL, draw, three, n_steps=5, learning_rate=RATE, checkpoint=path, progress=False)
    assert stopped.step == {0: 5, 1: 4, 2: 3}[interrupted_before]
    assert signal.getsignal(signal.SIGINT) == before
    assert_same(load_checkpoint(path, three.parameters), stopped)
    assert_same(go(stopped, 5), go(start(), 5))


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL, lambda number, frame: None])
def test_an_interrupt_that_was_ignored_before_is_ignored_and_every_handler_is_put_back(handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        state = train(
            MODEL, lambda rng: (interrupt(2), DRAW(rng))[1], start(), n_steps=2, learning_rate=RATE, progress=False
        )
        assert signal.getsignal(signal.SIGINT) == handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert state.step == (2 if handler == signal.SIG_IGN else 0)


def test_the_handler_is_put_back_after_an_error_too():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError):
        go(start(), 2, learning_rate=lambda step: 1 / 0)
    assert signal.getsignal(signal.SIGINT) == before


def test_a_run_in_a_thread_of_its_own_writes_its_checkpoint_too(tmp_path):
    path = tmp_path / "run.npz"
    before = signal.getsignal(signal.SIGINT)
    with ThreadPoolExecutor() as pool:
        state = pool.submit(go, start(), 2, checkpoint=path).result()
    assert_same(load_checkpoint(path, state.parameters), state)
    assert state.step == 2 and signal.getsignal(signal.SIGINT) == before


def test_a_folder_that_is_not_there_is_found_before_the_first_step(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        train(MODEL, begin_no_step, start(), n_steps=5, learning_rate=RATE, checkpoint=tmp_path / "missing" / "run.npz")


def begin_no_step(rng):
    raise AssertionError("a step was begun")


def test_no_run_writes_over_the_file_of_another_or_a_longer_one(tmp_path):
    path = tmp_path / "run.npz"
    three = go(start(), 3, checkpoint=path)
    words = "checkpoint needs a path without .* but .*run.npz holds step 3. Go on from it with load_checkpoint"
    for state in [start(), start(5), go(start(), 2), go(start(5), 3), go(start(5), 4)]:
        with pytest.raises(ValueError, match=words):
            train(MODEL, begin_no_step, state, n_steps=9, learning_rate=RATE, checkpoint=path, progress=False)
    assert_same(load_checkpoint(path, three.parameters), three)
    assert_same(go(go(three, 4), 5, checkpoint=path), load_checkpoint(path, three.parameters))


@pytest.mark.parametrize("write", ["text", "parameters", "another model"])
def test_no_run_writes_over_a_file_that_is_no_checkpoint_of_its_model(tmp_path, write):
    path = tmp_path / "run.npz"
    if write == "text":
        path.write_text("dear diary")
    elif write == "parameters":
        save_parameters(path, start().parameters)
    else:
        save_checkpoint(path, start_training(replace(MODEL, d_ff=16), np.random.default_rng(0)))
    before = path.read_bytes()
    with pytest.raises(ValueError, match="checkpoint needs another path, or this file removed: .*run.npz "):
        train(MODEL, begin_no_step, start(), n_steps=9, learning_rate=RATE, checkpoint=path, progress=False)
    assert path.read_bytes() == before


def test_a_file_stays_as_it_is_until_there_are_steps_to_write(tmp_path):
    path = tmp_path / "run.npz"
    earlier = go(start(), 3, checkpoint=path)
    with pytest.raises(AssertionError, match="a step was begun"):
        train(MODEL, begin_no_step, go(earlier, 4), n_steps=5, learning_rate=RATE, checkpoint=path, progress=False)
    assert_same(load_checkpoint(path, earlier.parameters), earlier)


@pytest.mark.parametrize("kind", [OSError, MemoryError])
def test_a_checkpoint_that_cannot_be_written_on_the_way_is_a_warning_and_the_run_goes_on(tmp_path, monkeypatch, kind):
    path = tmp_path / "run.npz"
    three = go(start(), 3, checkpoint=path)

    def full(file, **arrays):
        raise kind("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.warns(UserWarning, match="The checkpoint of step [45] could not be written: No space left") as told:
            five = go(three, 5, checkpoint=path, checkpoint_every=2)
    assert len(told) == 2 and told[0].filename == __file__
    assert_same(five, go(start(), 5))
    assert_same(load_checkpoint(path, three.parameters), three)


@pytest.mark.parametrize(
    ("bad_loss", "bad_gradient", "words"),
    [
        (np.nan, 0, "At step 3 the loss is nan .* Not finite: loss. The learning rate was 0.01: lower it"),
        (np.inf, 0, "At step 3 the loss is inf"),
        (
            None,
            np.inf,
            "norm of the gradients inf. Not finite: norm, parameters/output/bias, first_moment/output/bias",
        ),
        (
            None,
            np.nan,
            "norm of the gradients nan. Not finite: norm, parameters/output/bias, .* second_moment/output",
        ),
    ],
)
def test_a_loss_or_gradient_that_is_not_finite_is_named_and_leaves_the_last_good_checkpoint(
    tmp_path, monkeypatch, bad_loss, bad_gradient, words
):
    path, true = tmp_path / "run.npz", type(MODEL).loss_and_gradients
    good = go(start(), 2, checkpoint=path)

    def broken(self, *args, **kwargs):
        loss, gradients = true(self, *args, **kwargs)
        gradients["output"]["bias"][0] += bad_gradient
        return loss if bad_gradient else bad_loss, gradients

    monkeypatch.setattr(type(MODEL), "loss_and_gradients", broken)
    with pytest.raises(FloatingPointError, match=words) as raised:
        go(good, 5, checkpoint=path, checkpoint_every=1)
    assert "tokens" not in str(raised.value)
    assert_same(load_checkpoint(path, good.parameters), good)


@pytest.mark.filterwarnings("error")  # the message is enough
@pytest.mark.parametrize("bad_rate", [1e39, np.inf, np.nan])
@pytest.mark.parametrize("at_step", [4, 6])
def test_a_step_to_numbers_that_are_not_finite_is_not_taken_and_its_own_rate_is_named(tmp_path, bad_rate, at_step):
    path, rate = tmp_path / "run.npz", re.escape(f"{bad_rate:.3g}")
    words = f"At step {at_step} .* and others. The learning rate was {rate}: "
    with pytest.raises(FloatingPointError, match=words) as raised:
        go(
            start(),
            6,
            learning_rate=lambda step: bad_rate if step == at_step else RATE(step),
            checkpoint=path,
            checkpoint_every=1,
        )
    assert_same(load_checkpoint(path, start().parameters), go(start(), at_step - 1))
    assert_same(raised.value.state, go(start(), at_step - 1))


def test_an_evaluation_that_is_not_finite_stops_before_its_step_is_written(tmp_path, monkeypatch):
    path, true = tmp_path / "run.npz", type(MODEL).evaluate
    options = dict(evaluate_on=[DRAW(np.random.default_rng(9))], evaluate_every=2, checkpoint=path, checkpoint_every=1)
    three = go(start(), 3, **options)

    def broken(self, *args, **kwargs):
        return true(self, *args, **kwargs) | {"loss": np.nan}

    monkeypatch.setattr(type(MODEL), "evaluate", broken)
    with pytest.raises(FloatingPointError, match=r"batches have losses, by number, of \{0: nan\}") as raised:
        go(three, 6, **options)
    assert_same(load_checkpoint(path, three.parameters), three)
    assert raised.value.state.step == 4 and "The state after step 4" in raised.value.__notes__[0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("attention", ["dense", "shared_qk", "lsh"])
def test_a_learning_rate_far_too_high_ends_with_that_message_whatever_the_attention(attention):
    model = replace(MODEL, attention=attention)
    state = start_training(model, np.random.default_rng(0))
    with pytest.raises(FloatingPointError, match=r"At step \d+ the loss is .* The learning rate was 1e\+30: lower it"):
        train(model, DRAW, state, n_steps=9, learning_rate=lambda step: 1e30, progress=False)


def test_the_state_given_to_train_is_not_changed():
    first = start()
    before = map_parameters(np.copy, first.parameters)
    go(first, 3)
    assert first.step == 0 and first.losses == ()
    map_parameters(np.testing.assert_array_equal, first.parameters, before)
    assert_same(go(first, 3), go(first, 3))


def test_every_step_has_rotations_and_dropout_of_its_own(monkeypatch):
    seeds, true = [], type(MODEL).loss_and_gradients

    def recording(self, *args, seed):
        seeds.append(seed)
        return true(self, *args, seed=seed)

    monkeypatch.setattr(type(MODEL), "loss_and_gradients", recording)
    go(start(), 5)
    assert len(set(seeds)) == 5


def test_a_run_that_is_done_does_nothing():
    done = go(start(), 2)
    assert_same(go(done, 2), done)


def test_evaluation_averages_over_batches_and_repeats_itself():
    parameters = start().parameters
    batches = [DRAW(np.random.default_rng(seed)) for seed in range(3)]
    found = evaluate(MODEL, parameters, batches, seed=4)
    alone = [MODEL.evaluate(parameters, *batch, seed=4 + i) for i, batch in enumerate(batches)]
    assert found == evaluate(MODEL, parameters, batches, seed=4)
    assert found["loss"] == pytest.approx(np.mean([row["loss"] for row in alone]))
    assert found["accuracy"] == pytest.approx(np.mean([row["accuracy"] for row in alone]))


def test_an_evaluation_names_the_batches_whose_loss_is_not_finite(monkeypatch):
    monkeypatch.setattr(type(MODEL), "evaluate", lambda *_, seed: {"loss": [1.0, np.inf, np.nan][seed], "accuracy": 0})
    with pytest.raises(FloatingPointError, match=r"batches have losses, by number, of \{1: inf, 2: nan\}"):
        evaluate(MODEL, {}, [DRAW(np.random.default_rng(0))] * 3)


BATCH = DRAW(np.random.default_rng(0))


@pytest.mark.parametrize("batches", [BATCH, tuple(BATCH), BATCH.inputs, [BATCH[:2]], None, DRAW, 3])
def test_what_is_no_list_of_batches_is_refused_with_what_to_pass(batches):
    needed = r"needs a list of batches, each \(inputs, targets, weights\); for one alone pass \[batch\], got "
    with pytest.raises(ValueError, match=f"batches {needed}"):
        evaluate(MODEL, start().parameters, batches)
    with pytest.raises(ValueError, match=f"evaluate_on {needed}"):
        train(MODEL, begin_no_step, start(), n_steps=2, learning_rate=RATE, evaluate_on=batches, progress=False)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: evaluate(MODEL, start().parameters, []), "batches needs at least one batch, got none"),
        (lambda: evaluate(MODEL, start().parameters, [BATCH], seed=None), "seed needs a whole number .* got None"),
        (lambda: evaluate(MODEL, start().parameters, [BATCH], seed=-1), "seed needs a whole number .* got -1"),
        (lambda: evaluate(MODEL, start().parameters, [BATCH], seed=1.5), "seed needs a whole number .* got 1.5"),
        (lambda: start_training(MODEL, 0), "rng needs a Generator of np.random.default_rng, got 0"),
        (lambda: go(start(), 2, learning_rate=1e-3), "learning_rate needs a function of the step, .* got 0.001"),
        (lambda: go(start(), 0), "n_steps needs a whole number of at least 1, got 0"),
        (lambda: go(start(), 2, evaluate_every=0), "evaluate_every needs a whole number of at least 1, got 0"),
        (lambda: go(start(), 2, checkpoint_every=0), "checkpoint_every needs a whole number of at least 1, got 0"),
        (lambda: go(start(), 2, max_norm=0), "max_norm needs a number above 0, got 0"),
        (lambda: go(start()._replace(random=OTHER_GENERATOR), 1), "random numbers of .*default_rng, got others"),
        (lambda: go(start().parameters, 2), "state needs the random numbers of np.random.default_rng, got others"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_batches_to_evaluate_on_may_come_from_a_generator():
    batches = [DRAW(np.random.default_rng(seed)) for seed in range(2)]
    listed = go(start(), 4, evaluate_on=batches, evaluate_every=2)
    assert_same(go(start(), 4, evaluate_on=(batch for batch in batches), evaluate_every=2), listed)
    assert [row[0] for row in listed.evaluations] == [0, 2, 4]


def test_the_progress_bar_shows_step_and_loss(capsys, monkeypatch):
    from tqdm.std import tqdm  # not above: another test imports this file where there is no tqdm

    # The plain bar, also where an earlier test has started IPython in this process, whose bar is a widget.
    monkeypatch.setattr("tqdm.auto.tqdm", tqdm)
    go(start(), 3, progress=True)
    shown = capsys.readouterr().err
    assert "3/3" in shown and "loss 2.0" in shown


def test_the_progress_bar_says_of_an_accuracy_at_which_step_it_was_found(capsys, monkeypatch):
    from tqdm.std import tqdm

    monkeypatch.setattr("tqdm.auto.tqdm", tqdm)
    three = go(start(), 3, progress=True, evaluate_on=[DRAW(np.random.default_rng(9))], evaluate_every=2)
    assert f", accuracy at step 2: {three.evaluations[-1][2]:.1%}]" in capsys.readouterr().err
    go(three, 5, progress=True)  # evaluates nothing, so the number would be older from step to step
    assert "accuracy" not in capsys.readouterr().err


def test_training_without_a_progress_bar_needs_numpy_alone():
    script = """
import sys
sys.modules["tqdm"] = None  # as where it is not installed
from tests.reformer.test_training import go, start
assert go(start(), 2).step == 2
"""
    subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=True)


def test_a_checkpoint_that_does_not_fit_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "run.npz"
    save_checkpoint(path, start())
    other = ReformerLM(vocabulary_size=6, max_length=12, d_model=8, d_ff=16, n_layers=1).init_parameters(
        np.random.default_rng(0)
    )
    with pytest.raises(ValueError, match=r"run.npz does not fit: .*feed_forward/w_in needs float32 of shape \(8, 16\)"):
        load_checkpoint(path, other)
    np.savez(path, **flatten_parameters(start().parameters))
    with pytest.raises(ValueError, match="run.npz does not fit: parameters/tokens is missing"):
        load_checkpoint(path, start().parameters)
    old = start()._asdict() | {"step": np.array(0), "losses": np.zeros(0), "evaluations": np.zeros((0, 3))}
    old["optimizer"] = {"mean": old.pop("first_moment"), "square": old.pop("second_moment"), "step": old.pop("step")}
    save_parameters(path, old | {"random": np.array(json.dumps(old["random"]))})
    with pytest.raises(ValueError, match="run.npz does not fit: first_moment/tokens is missing"):
        load_checkpoint(path, start().parameters)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"random": np.array("{half")}, "run.npz needs to hold a state to go on from, but does not: "),
        ({"random": np.array(json.dumps(OTHER_GENERATOR))}, "run.npz needs .* random numbers of np.random.default_rng"),
        ({"random": np.zeros(3)}, "run.npz needs to hold a state to go on from, but does not: "),
        ({"losses": np.array(1.0)}, "run.npz needs to hold a state to go on from, but does not: "),
        ({"losses": np.array(["a", "b"])}, "run.npz needs to hold a state to go on from, but does not: "),
        ({"losses": np.array([1.0, np.nan])}, "run.npz does not fit: losses needs finite numbers, got 1 that are NaN"),
        ({"evaluations": np.zeros(6)}, "run.npz needs to hold a state to go on from, but does not: "),
        ({"evaluations": np.full((1, 3), np.nan)}, "run.npz does not fit: evaluations needs finite numbers, got 3"),
        ({"parameters/tokens": np.full((6, 8), np.inf, np.float32)}, "run.npz does not fit: parameters/tokens needs"),
    ],
)
def test_a_checkpoint_with_a_damaged_record_is_refused_by_its_name(tmp_path, damage, words):
    path = tmp_path / "run.npz"
    state = go(start(), 2, checkpoint=path)
    np.savez(path, **(read_file(path) | damage))
    with pytest.raises(ValueError, match=words):
        load_checkpoint(path, state.parameters)


@pytest.mark.parametrize(
    "model",
    [
        TransformerLM(vocabulary_size=5, max_length=8, d_model=32, d_ff=32, n_layers=1),
        ReformerLM(vocabulary_size=5, max_length=8, d_model=32, d_ff=32, n_layers=1, chunk_length=4, n_buckets=4),
    ],
)
def test_a_small_model_learns_to_duplicate(model):
    draw = partial(tasks.duplication, n_sequences=32, length=8, n_symbols=4)
    rng = np.random.default_rng(0)
    held_out = [draw(rng) for _ in range(4)]
    state = start_training(model, rng)
    rate = partial(learning_rate_at, peak=1e-2, n_warmup=20)
    while state.step < 600 and not (state.evaluations and state.evaluations[-1][2] > 0.99):
        state = train(
            model,
            draw,
            state,
            n_steps=state.step + 50,
            learning_rate=rate,
            evaluate_on=held_out,
            evaluate_every=50,
            progress=False,
        )
    (_, _, untrained), (_, _, trained) = state.evaluations[0], state.evaluations[-1]
    assert untrained < 0.5 and trained > 0.99


NAMES, SYMBOLS = ["ada", "ben", "cleo", "dan"], list("abcdefgh")
WORDS = [*"<end> hello this is my booking code thank you .".split(), *NAMES, *SYMBOLS]


def draw_dialogue(rng):
    """Words asked and answered. Name and code of the answer stand at a changing distance from where they were given."""
    greeting, name, code = rng.choice(["hello this", "this"]), rng.choice(NAMES), " ".join(rng.choice(SYMBOLS, 3))
    asked = f"{greeting} is {name} . my booking code is {code} ."
    return asked.split(), f"thank you {name} . code {code} <end>".split()


def draw_texts(rng, *, n_sequences=16, length=22):
    """A batch of dialogues, in which the answers count."""
    tokens, weights = np.zeros((2, n_sequences, length + 1), int)
    for row in range(n_sequences):
        asked, answer = draw_dialogue(rng)
        end = len(asked) + len(answer)
        tokens[row, :end] = [WORDS.index(word) for word in asked + answer]
        weights[row, len(asked) : end] = 1
    return tasks.Batch(tokens[:, :-1], tokens[:, 1:], weights[:, 1:].astype(np.float32))


def test_two_reversible_layers_of_lsh_attention_learn_to_answer_with_the_name_and_the_booking_code():
    model = ReformerLM(vocabulary_size=len(WORDS), max_length=22, d_model=32, d_ff=32, n_buckets=4, chunk_length=8)
    assert (model.n_layers, model.reversible, model.attention) == (2, True, "lsh")
    rate = partial(learning_rate_at, peak=1e-2, n_warmup=30, decay="cosine", n_steps=300)
    state = start_training(model, np.random.default_rng(0))
    untrained = state.parameters
    state = train(model, draw_texts, state, n_steps=300, learning_rate=rate, progress=False)
    rng, right = np.random.default_rng(1), {"untrained": 0, "trained": 0}
    for _ in range(20):
        asked, answer = draw_dialogue(rng)
        prompt = np.array([[WORDS.index(word) for word in asked]])
        for name, parameters in (("untrained", untrained), ("trained", state.parameters)):
            written = sample(model, parameters, prompt, n_new=len(answer), rng=rng, temperature=0)
            right[name] += [WORDS[token] for token in written[0, len(asked) :]] == answer
    assert right["untrained"] == 0 and right["trained"] >= 15
