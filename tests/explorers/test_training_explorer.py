"""The explorer of training: what is recorded is what its script makes, and a thread trains, stops and goes on."""

from dataclasses import replace

import numpy as np
import pytest

from explorers import TrainingExplorer, runs
from explorers.inputs import Refused
from explorers.runs import GIVEN, Run, attention_weights, recorded_run, small_reformer
from reformer.model import TransformerLM
from tests.explorers.lab_page import SENTENCE, STAGE, wait_until_said

browser_test = pytest.mark.browser
NAMES = ("steps", "losses", "accuracies", "attention", "written")


@pytest.fixture
def short(monkeypatch):
    """Runs of three points: 0, 2 and 4 steps."""
    monkeypatch.setattr(runs, "EVERY", 2)
    monkeypatch.setattr(runs, "N_STEPS", 4)


def noted_by(explorer):
    return {name: getattr(explorer, name) for name in NAMES}


def assert_alike(one, other):
    for name in NAMES:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-4, err_msg=name)


# ---- What is noted


def test_the_recorded_run_begins_as_its_script_would_make_it_today():
    run, recorded = Run(small_reformer(), seed=0), recorded_run()
    for _ in range(3):
        run.advance()
    made = run.arrays()
    np.testing.assert_array_equal(made["examples"], recorded["examples"])
    np.testing.assert_array_equal(made["steps"], recorded["steps"][:4])
    np.testing.assert_allclose(made["losses"], recorded["losses"][:4], rtol=1e-3)
    far = np.abs(made["attention"].astype(int) - recorded["attention"][:4]) > 2
    assert np.mean(far) < 0.01  # a vector between two buckets may round into either


def test_the_recorded_run_learns_the_task():
    recorded = recorded_run()
    assert len(recorded["steps"]) == 1 + runs.N_STEPS // runs.EVERY
    assert recorded["accuracies"][0] < 0.1 and recorded["accuracies"][-1] > 0.98
    np.testing.assert_array_equal(recorded["written"][-1], recorded["examples"][:, GIVEN:])


@pytest.mark.parametrize("kind", ["dense", "shared_qk", "lsh"])
def test_weights_are_averages_of_what_came_before(kind):
    model = replace(small_reformer(), attention=kind, fast=False)
    tokens = recorded_run()["examples"]
    weights = attention_weights(model, model.init_parameters(np.random.default_rng(0)), tokens)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
    assert np.all(weights >= 0) and np.all(np.triu(weights, k=1) == 0)


def test_the_weights_are_those_the_model_averages_by():
    model = TransformerLM(vocabulary_size=27, max_length=32, n_layers=1)
    parameters = model.init_parameters(np.random.default_rng(1))
    tokens = recorded_run()["examples"].astype(int)
    layer = parameters["layers"]["0"]["attention"]
    vectors, _ = model.input_forward(parameters, tokens)
    branch, _ = model.blocks(parameters, seed=0)[0]
    normed = (vectors - vectors.mean(-1, keepdims=True)) / np.sqrt(vectors.var(-1, keepdims=True) + 1e-6)
    values = np.stack(np.split(normed @ layer["w_v"], model.n_heads, axis=-1), axis=1)
    averages = attention_weights(model, parameters, tokens) @ values
    expected, _, _ = branch.forward(vectors)
    np.testing.assert_allclose(
        np.concatenate(list(np.moveaxis(averages, 1, 0)), -1) @ layer["w_out"], expected, atol=1e-4
    )


# ---- Training here


def test_it_opens_on_the_recorded_run_and_a_model_of_ones_own_at_its_start():
    assert len(TrainingExplorer().steps) == len(recorded_run()["steps"])
    own = TrainingExplorer(TransformerLM(vocabulary_size=27, max_length=40, n_heads=4))
    assert own.own and not TrainingExplorer().own
    assert own.steps.tolist() == [0] and own.heads.tolist() == [0, 1, 2, 3] and own.attention.shape[2] == 4


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (TransformerLM(vocabulary_size=26, max_length=32), "model needs a vocabulary of 27, got 26"),
        (TransformerLM(vocabulary_size=27, max_length=31), "model needs room for 32 positions, got 31"),
    ],
)
def test_a_model_that_cannot_do_the_task_is_refused(model, sentence):
    with pytest.raises(Refused, match=f"^{sentence}$"):
        TrainingExplorer(model)


def test_without_a_front_end_it_trains_to_the_end_and_the_newest_point_is_shown(short):
    explorer = TrainingExplorer(seed=3)
    assert not explorer.own
    explorer.train()
    assert explorer.own and explorer.steps.tolist() == [0, 2, 4] and explorer.shown == 2 and not explorer.going


def test_a_thread_trains_and_whoever_stops_it_goes_on_from_there(short):
    whole = TrainingExplorer(seed=3)
    whole.train()
    stopped = TrainingExplorer(seed=3)
    told = []
    stopped.observe(lambda change: told.append(change["new"]), "steps")
    stopped.observe(lambda change: setattr(stopped, "going", len(change["new"]) != 2), "steps")
    stopped.going = True
    stopped.wait()
    assert stopped.steps.tolist() == [0, 2] and not stopped.going
    stopped.going = True
    stopped.wait()
    assert stopped.steps.tolist() == [0, 2, 4] and not stopped.going
    assert_alike(noted_by(stopped), noted_by(whole))


def test_after_the_end_it_starts_anew_with_the_next_seed(short):
    explorer = TrainingExplorer(seed=3)
    explorer.train()
    explorer.train()
    other = TrainingExplorer(seed=4)
    other.train()
    assert_alike(noted_by(explorer), noted_by(other))


def test_who_looks_at_an_earlier_point_is_left_there(short):
    explorer = TrainingExplorer(seed=3)
    explorer.train()
    explorer.shown = 0
    explorer._run = Run(small_reformer(), seed=3)
    explorer.train()
    assert explorer.shown == 0


def test_what_breaks_a_training_off_is_said(short, monkeypatch):
    def advance(run):
        raise FloatingPointError("the loss is nan")

    monkeypatch.setattr(Run, "advance", advance)
    explorer = TrainingExplorer()
    explorer.going = True
    explorer.wait()
    assert explorer.trouble == "FloatingPointError: the loss is nan" and not explorer.going


# ---- On the page


@browser_test
def test_a_page_without_a_kernel_plays_the_recorded_run_and_offers_no_training(open_drawn):
    page = open_drawn(TrainingExplorer(shown=38), reduced_motion="reduce")
    assert page.get_by_label("Train here").is_hidden()
    page.locator(STAGE).press("t")
    page.get_by_role("button", name="Play").click()
    wait_until_said(page, "After 200 steps")
    assert "It trains" not in page.locator(SENTENCE).text_content()


@browser_test
def test_the_help_has_a_box_for_each_key(open_drawn):
    page = open_drawn(TrainingExplorer())
    boxes = page.locator(".explorer-keys kbd").all_text_contents()
    assert {"←", "→", "H", "Z", "Shift+Z"} <= set(boxes) and not [box for box in boxes if " " in box]


@browser_test
def test_escape_stops_play_and_home_and_end_leave_the_page_where_it_is(open_drawn):
    page = open_drawn(TrainingExplorer(shown=0))
    page.locator(STAGE).press("p")
    page.get_by_role("button", name="Pause").wait_for()
    page.locator(STAGE).press("Escape")
    page.get_by_role("button", name="Play").wait_for()
    before = page.evaluate("scrollY")
    for key in ("End", "Home"):
        page.locator(STAGE).press(key)
        assert page.evaluate("scrollY") == before


@browser_test
def test_in_jupyterlab_the_kernel_trains_while_one_watches_and_stops_at_a_key(training_lab):
    page = training_lab.page
    page.locator(STAGE).press("t")
    wait_until_said(page, "After 10 steps")
    assert "recorded" not in page.locator(".explorer-hint").text_content()
    page.locator(STAGE).press("t")
    assert training_lab.kernel_holds("explorer.wait()", "len(explorer.steps) < 41", going=False)
    training_lab.assert_axe_finds_no_violation()
    training_lab.assert_nothing_went_wrong()
