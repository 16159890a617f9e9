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
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer import tasks, training
from reformer.loops import model as loops
from reformer.model import ReformerLM, TransformerLM
from reformer.parameters import flatten_parameters, map_parameters, read_arrays, write_arrays
from reformer.sampling import sample
from reformer.training import (
    clip_by_global_norm,
    evaluate,
    learning_rate_at,
    load_checkpoint,
    save_checkpoint,
    start_optimizer,
    start_training,
    train,
    training_step,
)

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
MODEL = ReformerLM(
    vocabulary_size=6, max_length=12, d_model=8, d_ff=8, n_layers=1, chunk_length=4, n_buckets=4, dropout=0.1
)
DRAW = partial(tasks.duplication, n_sequences=2, length=8, n_symbols=5)
RATE = partial(learning_rate_at, peak=1e-2, n_warmup=3)


def go(state, n_steps, **options):
    return train(MODEL, DRAW, state, **dict(n_steps=n_steps, learning_rate=RATE, progress=False) | options)


def start(seed=0):
    return start_training(MODEL, np.random.default_rng(seed))


def assert_same(a, b):
    """Every number of two states is the same, to the last bit."""
    assert (a.step, a.random, a.losses, a.evaluations) == (b.step, b.random, b.losses, b.evaluations)
    for one, other in [(a.parameters, b.parameters), *((a.optimizer[m], b.optimizer[m]) for m in ("mean", "square"))]:
        map_parameters(np.testing.assert_array_equal, one, other)


def draw_tree(rng, scale=1.0):
    return {"a": scale * rng.standard_normal((2, 3)), "deeper": {"a": scale * rng.standard_normal(4)}}


@few
@given(seeds, st.sampled_from([0.1, 1.0, 100.0]), st.integers(1, 4))
def test_training_steps_agree_with_their_loop_twin(seed, scale, n_steps):
    rng = np.random.default_rng(seed)
    parameters = twin_parameters = draw_tree(rng)
    state = twin_state = start_optimizer(parameters)
    for _ in range(n_steps):
        gradients = draw_tree(rng, scale)
        options = dict(learning_rate=0.1, max_norm=2.0)
        parameters, state = training_step(parameters, gradients, state, **options)
        twin_parameters, twin_state = loops.training_step(twin_parameters, gradients, twin_state, **options)
    for one, other in [(parameters, twin_parameters), *((state[m], twin_state[m]) for m in ("mean", "square"))]:
        map_parameters(partial(np.testing.assert_allclose, rtol=1e-9), one, other)
    assert state["step"] == twin_state["step"] == n_steps


def test_the_loop_twin_can_stand_in_when_a_model_is_trained(monkeypatch):
    whole = go(start(), 3)
    monkeypatch.setattr(training, "training_step", loops.training_step)
    with_twin = go(start(), 3)
    map_parameters(partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6), with_twin.parameters, whole.parameters)
    assert {array.dtype for array in flatten_parameters(with_twin.parameters).values()} == {np.dtype(np.float32)}


@few
@given(seeds)
def test_the_first_step_moves_every_parameter_by_the_learning_rate_against_its_gradient(seed):
    rng = np.random.default_rng(seed)
    parameters = draw_tree(rng)
    gradients = map_parameters(lambda g: g + np.sign(g), draw_tree(rng))  # far above epsilon
    moved, _ = training_step(parameters, gradients, start_optimizer(parameters), learning_rate=0.01)
    map_parameters(
        lambda new, old, g: np.testing.assert_allclose(new - old, -0.01 * np.sign(g), rtol=1e-4),
        moved,
        parameters,
        gradients,
    )


def test_a_step_changes_nothing_in_place_and_keeps_the_dtype():
    parameters = map_parameters(np.float32, draw_tree(np.random.default_rng(0)))
    before, state = map_parameters(np.copy, parameters), start_optimizer(parameters)
    numbers = dict(learning_rate=np.float64(0.1), max_norm=np.float64(1.0))  # as a schedule of one's own may give them
    moved, new_state = training_step(parameters, parameters, state, **numbers)
    map_parameters(np.testing.assert_array_equal, parameters, before)
    assert state["step"] == 0 and all(not array.any() for array in flatten_parameters(state["mean"]).values())
    made = flatten_parameters({"moved": moved, "mean": new_state["mean"], "square": new_state["square"]})
    assert {array.dtype for array in made.values()} == {np.dtype(np.float32)}


def test_the_moments_of_adam_begin_as_arrays_of_their_own():
    state = start_optimizer(draw_tree(np.random.default_rng(0)))
    map_parameters(lambda mean, square: pytest.fail("shared") if mean is square else 0, state["mean"], state["square"])


def test_adam_finds_the_lowest_point_of_a_bowl():
    target = draw_tree(np.random.default_rng(1))
    parameters = map_parameters(np.zeros_like, target)
    state = start_optimizer(parameters)
    for step in range(1, 401):
        gradients = map_parameters(lambda p, t: p - t, parameters, target)
        rate = learning_rate_at(step, peak=0.1, n_warmup=10, decay="cosine", n_steps=400)
        parameters, state = training_step(parameters, gradients, state, learning_rate=rate)
    map_parameters(partial(np.testing.assert_allclose, atol=1e-3), parameters, target)


@few
@given(seeds, st.floats(0.01, 50))
def test_clipping_shortens_all_gradients_alike_and_only_if_they_are_too_long(seed, max_norm):
    gradients = draw_tree(np.random.default_rng(seed))
    clipped, norm = clip_by_global_norm(gradients, max_norm)
    together, clipped_together = (
        np.concatenate([a.ravel() for a in flatten_parameters(tree).values()]) for tree in (gradients, clipped)
    )
    assert norm == pytest.approx(np.linalg.norm(together))
    assert np.linalg.norm(clipped_together) == pytest.approx(min(norm, max_norm))
    np.testing.assert_allclose(clipped_together * norm, together * min(norm, max_norm))


def test_gradients_whose_squares_float32_cannot_hold_are_clipped_to_their_direction():
    clipped, norm = clip_by_global_norm({"a": np.array([3e30, -4e30], np.float32)}, 1.0)
    assert norm == pytest.approx(5e30)
    np.testing.assert_allclose(clipped["a"], [0.6, -0.8], rtol=1e-6)


def test_the_learning_rate_rises_in_a_line_and_then_decays():
    rates = {
        decay: [learning_rate_at(s, peak=2.0, n_warmup=10, decay=decay, n_steps=100) for s in range(1, 121)]
        for decay in ("none", "inverse_sqrt", "cosine")
    }
    for decay, found in rates.items():
        np.testing.assert_allclose(found[:10], 0.2 * np.arange(1, 11))
        assert np.argmax(found) == 9 and np.all(np.diff(found[9:]) <= 0), decay
    assert set(rates["none"][9:]) == {2.0}
    assert rates["inverse_sqrt"][39] == pytest.approx(1.0)
    assert rates["cosine"][54] == pytest.approx(1.0) and rates["cosine"][99] == rates["cosine"][119] == 0
    assert {type(rate) for found in rates.values() for rate in found} == {float}
    assert type(learning_rate_at(20, peak=np.float64(2.0), n_warmup=10)) is float
    with pytest.raises(ValueError, match="n_steps needs"):  # at the first step already
        learning_rate_at(1, peak=2.0, n_warmup=10, decay="cosine")


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


@pytest.mark.parametrize("at_step", [4, 5])
def test_more_interrupts_while_the_last_checkpoint_is_written_lose_nothing(at_step, tmp_path, monkeypatch):
    path, true, before, n_drawn = tmp_path / "run.npz", np.savez, signal.getsignal(signal.SIGINT), 0
    three = go(start(), 3, checkpoint=path)

    def interrupted(file, **arrays):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        true(file, **arrays)

    def draw(rng):
        nonlocal n_drawn
        n_drawn += 1
        if at_step == 4 and n_drawn == 2:
            signal.raise_signal(signal.SIGINT)
        return DRAW(rng)

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", interrupted)
        stopped = train(MODEL, draw, three, n_steps=5, learning_rate=RATE, checkpoint=path, progress=False)
    assert stopped.step == at_step
    assert signal.getsignal(signal.SIGINT) == before
    assert_same(load_checkpoint(path, three.parameters), stopped)
    assert_same(go(stopped, 5), go(start(), 5))


def test_a_run_in_a_thread_of_its_own_writes_its_checkpoint_too(tmp_path):
    path = tmp_path / "run.npz"
    with ThreadPoolExecutor() as pool:
        state = pool.submit(go, start(), 2, checkpoint=path).result()
    assert_same(load_checkpoint(path, state.parameters), state)


def test_a_folder_that_is_not_there_is_found_before_the_first_step(tmp_path):
    def draw(rng):
        raise AssertionError("a step was begun")

    with pytest.raises(FileNotFoundError, match="missing"):
        train(MODEL, draw, start(), n_steps=5, learning_rate=RATE, checkpoint=tmp_path / "missing" / "run.npz")


def test_a_file_of_an_earlier_run_stays_until_there_are_steps_to_write(tmp_path):
    path = tmp_path / "run.npz"
    earlier = go(start(), 3, checkpoint=path)

    def draw(rng):
        raise ValueError("a mistake in the task")

    with pytest.raises(ValueError, match="a mistake in the task"):
        train(MODEL, draw, start(), n_steps=5, learning_rate=RATE, checkpoint=path, progress=False)
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


def test_a_loss_that_is_not_finite_stops_and_leaves_the_last_good_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    good = go(start(), 2, checkpoint=path)
    true = type(MODEL).loss_and_gradients
    for bad_loss, bad_gradient, words in [
        (np.nan, 0, "At step 3 the loss is nan .* The learning rate was 0.01: lower it"),
        (np.inf, 0, "At step 3 the loss is inf"),
        (1.0, np.inf, "At step 3 the loss is 1.0 and the norm of the gradients inf"),
    ]:

        def broken(self, *args, bad_loss=bad_loss, bad_gradient=bad_gradient, **kwargs):
            _, gradients = true(self, *args, **kwargs)
            return bad_loss, map_parameters(lambda g: g + bad_gradient, gradients)

        with monkeypatch.context() as patch:
            patch.setattr(type(MODEL), "loss_and_gradients", broken)
            with pytest.raises(FloatingPointError, match=words):
                go(good, 5, checkpoint=path, checkpoint_every=1)
        assert_same(load_checkpoint(path, good.parameters), good)


@pytest.mark.filterwarnings("error")  # the message is enough
@pytest.mark.parametrize("bad_rate", [1e39, np.inf, np.nan])
@pytest.mark.parametrize("at_step", [4, 6])
def test_a_step_to_numbers_that_are_not_finite_is_not_taken_and_its_own_rate_is_named(tmp_path, bad_rate, at_step):
    path, words = tmp_path / "run.npz", rf"At step {at_step} .* The learning rate was {re.escape(f'{bad_rate:.3g}')}: "
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
    with pytest.raises(FloatingPointError, match="After step 4 the loss on evaluate_on is nan"):
        go(three, 6, **options)
    assert_same(load_checkpoint(path, three.parameters), three)


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


def test_batches_to_evaluate_on_may_come_from_a_generator():
    batches = [DRAW(np.random.default_rng(seed)) for seed in range(2)]
    listed = go(start(), 4, evaluate_on=batches, evaluate_every=2)
    assert_same(go(start(), 4, evaluate_on=(batch for batch in batches), evaluate_every=2), listed)
    assert [row[0] for row in listed.evaluations] == [0, 2, 4]


def test_the_progress_bar_shows_step_and_loss(capsys):
    go(start(), 3, progress=True)
    shown = capsys.readouterr().err
    assert "3/3" in shown and "loss=" in shown


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
    with pytest.raises(ValueError, match="run.npz needs to be a checkpoint"):
        load_checkpoint(path, start().parameters)


OTHER_GENERATOR = {"bit_generator": "Philox", "state": 1}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"random": np.array("{half")}, "run.npz needs to hold a state to go on from, but does not: "),
        ({"random": np.array(json.dumps(OTHER_GENERATOR))}, "run.npz needs .* random numbers of np.random.default_rng"),
        ({"random": np.zeros(3)}, "run.npz needs to hold a state to go on from, but does not: "),
        ({"losses": np.array(1.0)}, r"run.npz does not fit: losses needs float64 of shape \(1,\), got .* shape \(\)"),
        ({"losses": np.zeros(4)}, "run.npz needs .* a loss for each of its 2 steps, got 4"),
        ({"losses": np.array(["a", "b"])}, "run.npz does not fit: losses needs float64 .* got <U1"),
        ({"evaluations": np.zeros(6)}, r"run.npz does not fit: evaluations needs float64 of shape \(2, 3\)"),
        ({"evaluations": np.full((1, 3), np.nan)}, "run.npz needs to hold a state to go on from, but does not: "),
        ({"optimizer/step": np.array(-1)}, "run.npz needs .* a loss for each of its -1 steps, got 2"),
        ({"optimizer/step": np.array([2])}, "run.npz does not fit: optimizer/step needs int64 of shape"),
    ],
)
def test_a_checkpoint_with_a_damaged_record_is_refused_by_its_name(tmp_path, damage, words):
    path = tmp_path / "run.npz"
    state = go(start(), 2, checkpoint=path)
    write_arrays(path, read_arrays(path) | damage)
    with pytest.raises(ValueError, match=words):
        load_checkpoint(path, state.parameters)


def test_a_state_that_cannot_go_on_is_refused_before_the_first_step():
    state = start()
    with pytest.raises(ValueError, match="state needs the random numbers of np.random.default_rng, got others"):
        go(state._replace(random=OTHER_GENERATOR), 1)
    with pytest.raises(ValueError, match="state needs a loss for each of its 0 steps, got 1"):
        go(state._replace(losses=(1.0,)), 1)


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


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: learning_rate_at(0, peak=1, n_warmup=5), "step needs a whole number of at least 1, got 0"),
        (lambda: learning_rate_at(1, peak=1, n_warmup=0), "n_warmup needs a whole number of at least 1, got 0"),
        (lambda: learning_rate_at(1, peak=1, n_warmup=5, decay="linear"), "decay needs one of 'none'"),
        (
            lambda: learning_rate_at(9, peak=1, n_warmup=5, decay="cosine", n_steps=5),
            "n_steps needs .* at least 6, got 5",
        ),
        (lambda: clip_by_global_norm({"a": np.ones(2)}, 0), "max_norm needs a number above 0, got 0"),
        (
            lambda: training_step(
                {"a": np.ones(2)}, {"b": np.ones(2)}, {"step": 0, "mean": {}, "square": {}}, learning_rate=1
            ),
            "trees need the same keys",
        ),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
