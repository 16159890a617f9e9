"""What a learner writes is what the model runs: a training step calls the functions of the course, and any right one
can take their place."""

import importlib
import pkgutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import reformer
from reformer.loops import angular as loops_of_unit_3
from reformer.loops import chunking as loops_of_unit_4
from reformer.loops import lsh_attention as loops_of_unit_5
from reformer.loops import model as loops_of_unit_7
from reformer.loops import reversible as loops_of_unit_6
from reformer.lsh_attention import Options
from reformer.model import LanguageModel, ReformerLM
from reformer.parameters import map_parameters
from reformer.training import start_training, train

PACKAGE = str(Path(reformer.__file__).parent)
SMALL = dict(vocabulary_size=7, max_length=12, d_model=8, d_ff=6, n_layers=2, chunk_length=3, n_buckets=4)
WHOLE = dict(positions="axial", axial_shape=(3, 4), position_chunk=4, dropout=0.2)
TAUGHT = {
    *("angular_hash", "sort_by_bucket", "undo_sort", "split_into_chunks", "look_adjacent"),
    *("attention_mask", "attend_within_chunks", "combine_rounds", "lsh_attention"),
    *("linear_vjp", "attention_vjp", "reversible_forward", "reversible_backward", "dropout"),
    *("chunked_feed_forward", "axial_positions", "cross_entropy", "adam_step"),
}


def draw_step(model, dtype=np.float32):
    """What `loss_and_gradients` takes: parameters, inputs, targets, weights."""
    rng = np.random.default_rng(0)
    inputs, targets = rng.integers(0, 7, (2, 2, 12))
    return model.init_parameters(rng, dtype), inputs, targets, rng.integers(0, 2, (2, 12))


def take_step(model, dtype=np.float32):
    """One clear training step, from drawing the parameters to moving them."""
    _, *data = draw_step(model)
    state = start_training(model, np.random.default_rng(0), dtype)
    return train(model, lambda rng: data, state, n_steps=1, learning_rate=lambda step: 0.01, progress=False)


# --- who is called, and how deep -----------------------------------------------------------------------------------


class Profile:
    """The functions of the core that a call runs, and how many of them stand on each other at most.

    Left out are checks with all that they call, comprehensions and lambdas, and properties. A dataclass checks its
    fields in `__post_init__`.
    """

    def __init__(self, call):
        self.functions, self.depth, self._stack = set(), 0, []
        before = sys.getprofile()
        sys.setprofile(self._note)
        try:
            call()
        finally:
            sys.setprofile(before)

    @property
    def names(self):
        return {code.co_name for code in self.functions}

    @property
    def files(self):
        return {Path(code.co_filename).relative_to(PACKAGE) for code in self.functions}

    def _note(self, frame, event, _):
        if event == "call":
            self._stack.append(self._kind(frame.f_code))
            if "check" not in self._stack and self._stack[-1] == "function":
                self.functions.add(frame.f_code)
                self.depth = max(self.depth, self._stack.count("function"))
        elif event == "return" and self._stack:
            self._stack.pop()

    def _kind(self, code):
        name = code.co_name
        if not code.co_filename.startswith(PACKAGE) or name.startswith("<") or code in PROPERTIES:
            return "other"
        is_check = name.lstrip("_").startswith(("require", "conform", "post_init"))
        return "check" if is_check or code.co_filename.endswith("arguments.py") else "function"


PROPERTIES = {
    value.fget.__code__
    for described in (LanguageModel, Options)
    for value in vars(described).values()
    if isinstance(value, property)
}


def test_a_training_step_calls_every_function_that_is_taught_and_is_small_enough_to_follow():
    model = ReformerLM(**SMALL, **WHOLE)
    assert TAUGHT <= Profile(partial(take_step, model)).names
    profile = Profile(partial(model.loss_and_gradients, *draw_step(model), seed=0))
    assert len(profile.functions) <= 90, sorted(profile.names)
    assert profile.depth <= 12
    assert not any("fast" in file.parts for file in profile.files)


def test_the_tuned_path_is_behind_its_switch_alone():
    model = ReformerLM(**SMALL, fast=True)
    profile = Profile(partial(model.loss_and_gradients, *draw_step(model), seed=0))
    assert any("fast" in file.parts for file in profile.files)


# --- any right version of a function can take its place -------------------------------------------------------------


def look_adjacent_of_the_exercise(chunks, *, n_before=1, n_after=0):
    return loops_of_unit_4.look_adjacent(chunks, n_before=n_before, n_after=n_after)


def attention_mask_of_the_exercise(query_positions, key_positions, *, causal=True, avoid_self=True):
    return loops_of_unit_5.attention_mask(query_positions, key_positions, causal=causal, avoid_self=avoid_self)


def lsh_attention_of_the_exercise(queries_keys, values, buckets, *, n_buckets, chunk_length):
    return loops_of_unit_5.lsh_attention(queries_keys, values, buckets, n_buckets=n_buckets, chunk_length=chunk_length)


LEARNERS = {
    "angular_hash": loops_of_unit_3.angular_hash,
    "sort_by_bucket": loops_of_unit_4.sort_by_bucket,
    "undo_sort": loops_of_unit_4.undo_sort,
    "split_into_chunks": loops_of_unit_4.split_into_chunks,
    "look_adjacent": look_adjacent_of_the_exercise,
    "attention_mask": attention_mask_of_the_exercise,
    "attend_within_chunks": loops_of_unit_5.attend_within_chunks,
    "combine_rounds": loops_of_unit_5.combine_rounds,
    "lsh_attention": lsh_attention_of_the_exercise,
    "linear_vjp": loops_of_unit_6.linear_vjp,
    "attention_vjp": loops_of_unit_6.attention_vjp,
    "reversible_forward": loops_of_unit_6.reversible_forward,
    "reversible_backward": loops_of_unit_6.reversible_backward,
    "dropout": loops_of_unit_6.dropout,
    "chunked_feed_forward": loops_of_unit_7.chunked_feed_forward,
    "axial_positions": loops_of_unit_7.axial_positions,
    "cross_entropy": loops_of_unit_7.cross_entropy,
    "adam_step": loops_of_unit_7.adam_step,
}
OF_GRADIENTS = [name for name in LEARNERS if name != "adam_step"]


def put_in_the_courses_place(monkeypatch, name, calls):
    """In every module that has the function by this name, as `classroom.mine` does."""

    def learners(*arguments, **options):
        calls.add(name)
        return LEARNERS[name](*arguments, **options)

    for module in pkgutil.iter_modules(reformer.__path__):
        module = importlib.import_module(f"reformer.{module.name}")
        if hasattr(module, name):
            monkeypatch.setattr(module, name, learners)


def test_there_is_a_learners_version_of_every_function_that_is_taught():
    assert set(LEARNERS) == TAUGHT


@pytest.mark.parametrize("model", [ReformerLM(**SMALL), ReformerLM(**SMALL, **WHOLE)], ids=["default", "whole"])
@pytest.mark.parametrize("names", [*([name] for name in OF_GRADIENTS), OF_GRADIENTS], ids="+".join)
def test_a_learners_versions_in_the_courses_place_give_the_same_loss_and_gradients(model, names, monkeypatch):
    step, calls = draw_step(model, np.float64), set()
    loss, gradients = model.loss_and_gradients(*step, seed=0)
    for name in names:
        put_in_the_courses_place(monkeypatch, name, calls)
    learners_loss, learners_gradients = model.loss_and_gradients(*step, seed=0)
    if model.dropout:  # where a learner's `lsh_attention` runs, it needs none of the course's steps
        assert calls == set(names) - ({"attend_within_chunks", "combine_rounds"} if "lsh_attention" in names else set())
    assert learners_loss == pytest.approx(loss, rel=1e-9)
    map_parameters(partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-9), learners_gradients, gradients)


def test_a_learners_adam_step_moves_the_parameters_alike(monkeypatch):
    model, calls = ReformerLM(**SMALL), set()
    moved = take_step(model, np.float64)
    put_in_the_courses_place(monkeypatch, "adam_step", calls)
    moved_by_learners = take_step(model, np.float64)
    assert calls == {"adam_step"}
    map_parameters(
        partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-12), moved_by_learners.parameters, moved.parameters
    )


@pytest.mark.parametrize("attention", ["dense", "shared_qk"])
def test_a_learners_mask_runs_in_dense_attention_too(attention, monkeypatch):
    model, calls = replace(ReformerLM(**SMALL), attention=attention), set()
    step = draw_step(model, np.float64)
    loss, _ = model.loss_and_gradients(*step, seed=0)
    put_in_the_courses_place(monkeypatch, "attention_mask", calls)
    assert model.loss_and_gradients(*step, seed=0)[0] == pytest.approx(loss, rel=1e-12) and calls
