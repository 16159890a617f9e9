"""`mine`: kept functions in the place of the course's, a model that really calls them, and everything back again."""

import importlib
import pkgutil
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
import pytest

import reformer
from autograder.exercises import LABS, exercise_named
from classroom import kept, mine, my_labs
from reformer import training
from reformer.model import ReformerLM
from reformer.optimizer import learning_rate_at
from reformer.parameters import flatten_parameters
from tests.classroom.answers import CELLS, NAMES, run_cells

MODEL = ReformerLM(vocabulary_size=11, max_length=24, d_model=8, d_ff=6, n_layers=1, chunk_length=4, n_buckets=6)
RATE = partial(learning_rate_at, peak=0.01, n_warmup=2)


def said(capsys):
    """What was printed, as one line."""
    return " ".join(capsys.readouterr().out.split())


def draw_batch(rng):
    tokens = rng.integers(0, 11, (3, 17))
    return tokens[:, :-1], tokens[:, 1:], np.ones((3, 16))


def draw_padded(rng):
    return *draw_batch(rng), np.zeros((3, 16), dtype=bool)


def gradients_of(model=MODEL, draw=draw_batch):
    rng = np.random.default_rng(0)
    parameters = model.init_parameters(rng)
    loss, gradients = model.loss_and_gradients(parameters, *draw(rng), seed=0)
    return {"loss": loss} | flatten_parameters(gradients)


def places():
    """Every name in `reformer`, its packages too, with the identity of what it stands for."""
    names = [module.name for module in pkgutil.walk_packages(reformer.__path__, "reformer.")]
    modules = [importlib.import_module(name) for name in names]
    return {(module.__name__, name): id(value) for module in modules for name, value in vars(module).items()}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of the learner's, empty; what is installed at the end of the test is removed."""
    monkeypatch.setenv(my_labs.FOLDER, str(tmp_path))
    yield tmp_path
    mine.remove()


@pytest.fixture
def answers(folder):
    """The same with some right answers in it, one of which has options less than the course's."""
    namespace = run_cells(folder / "cells", *CELLS)
    for name in NAMES:
        kept.keep(folder, exercise_named(name), "a lab", namespace[name], 10.0)
    return folder


def put_file(folder, name, source):
    path = folder / "kept" / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"import time\nimport numpy as np\n{source}", encoding="utf-8")
    return path


def busy(seconds):
    """A line that keeps the processor busy."""
    return f"    end = time.thread_time() + {seconds}\n    while time.thread_time() < end:\n        pass\n"


def test_the_model_calls_what_is_installed_and_the_same_numbers_come_out_before_meanwhile_and_after(answers):
    before, courses = places(), gradients_of()
    report = mine.install()
    assert set(report.yours) == set(NAMES) and not report.left_out
    assert mine.calls() == {}
    for name, array in gradients_of().items():
        np.testing.assert_allclose(array, courses[name], atol=1e-5, err_msg=name)
    # Within the learner's own `lsh_attention` runs what it imports; the course's backward pass runs the others.
    assert set(mine.calls()) == set(NAMES)
    assert {name for name, was in before.items() if places()[name] != was} and places().keys() == before.keys()
    mine.remove()
    assert places() == before
    assert all(np.array_equal(array, courses[name]) for name, array in gradients_of().items())


def test_every_module_that_has_a_function_by_any_name_gets_the_learners_and_the_packages_stay(answers, monkeypatch):
    from reformer import losses

    monkeypatch.setattr(losses, "another_name", exercise_named("undo_sort").reference, raising=False)
    before = places()
    mine.install()
    changed = {place for place, was in before.items() if places()[place] != was}
    assert {("reformer.losses", "another_name"), ("reformer.chunking", "undo_sort")} <= changed
    assert {("reformer.gradients", "undo_sort"), ("reformer.lsh_attention", "undo_sort")} <= changed
    assert not [module for module, _ in changed if module.startswith(("reformer.fast", "reformer.loops"))]


def test_no_module_holds_a_function_of_an_exercise_in_anything_but_a_name():
    courses = set(map(id, mine._course_functions().values()))
    for module in mine._modules():
        for name, value in vars(module).items():
            waiting = [*value.values()] if isinstance(value, dict) and not name.startswith("__") else []
            waiting += value if isinstance(value, list | tuple) else []
            waiting += [value.func] if isinstance(value, partial) else []
            waiting += getattr(value, "__defaults__", None) or ()
            for held in waiting:
                inside = held if isinstance(held, list | tuple) else [held]
                assert not courses & set(map(id, inside)), f"{module.__name__}.{name}"


def test_the_functions_of_the_exercises_are_those_that_the_modules_have():
    courses = mine._course_functions()
    assert set(NAMES) | {"angular_hash", "cosine_similarity"} <= set(courses)
    assert len(courses) == sum(len(lab.exercises) for lab in LABS.values() if lab.unit < 8)
    for name, course in courses.items():
        assert getattr(importlib.import_module(course.__module__), name) is course


def test_installing_and_removing_twice_and_after_an_exception_changes_nothing(answers, monkeypatch):
    before = places()
    first, second = mine.install(), mine.install()
    assert first == second
    mine.remove(), mine.remove()
    assert places() == before
    monkeypatch.setattr(mine, "update_parameters", None)
    with pytest.raises(TypeError):
        mine.install()
    mine.remove()
    assert places() == before
    monkeypatch.undo()
    mine.remove()
    assert places() == before


def test_the_report_says_which_is_whose_and_why_one_was_left_out(answers):
    put_file(
        answers, "combine_rounds", "def combine_rounds(outputs, log_normalizers):\n    return outputs[..., 0, :, :]"
    )
    put_file(
        answers, "split_into_chunks", "def split_into_chunks(order, chunk_length):\n    raise OSError('no <chunks>')"
    )
    put_file(answers, "adam_step", "def adam_step(")
    put_file(answers, "angular_hash", "def angular_hash(vectors")
    put_file(answers, "cosine_similarity", "def cosine_similarity(queries, keys):\n    return 1")
    report = mine.install()
    assert set(report.yours) == set(NAMES) and report.beside == ("cosine_similarity",)
    assert {"angular_hash", "combine_rounds", "attend_within_chunks", "split_into_chunks"} <= set(report.courses)
    assert report.left_out["split_into_chunks"] == "in the model it fails: OSError: no <chunks>"
    assert (
        "its file cannot be read (SyntaxError), and is now angular_hash.py.damaged" in report.left_out["angular_hash"]
    )
    assert report.left_out["combine_rounds"].startswith("in the model it gives another loss")
    assert "Left out, split_into_chunks: in the model it fails" in report.text and repr(report) == report.text
    html = report._repr_html_()
    assert "no &lt;chunks>" in html and "<code>undo_sort</code>" in html
    narrow = "attention_mask, look_adjacent, lsh_attention"
    assert f"Calls that ask for more than your exercise did go to the course's {narrow}." in report.text


def test_without_kept_answers_everything_is_the_courses(folder):
    before = places()
    report = mine.install()
    assert report.yours == () and "Yours: none yet" in report.text and "sort_by_bucket" in report.courses
    assert places() == before


def test_a_call_that_asks_for_more_than_the_exercise_goes_to_the_courses(answers):
    mine.install()
    from reformer import chunking, lsh_attention

    chunks = np.arange(12).reshape(1, 3, 4)
    chunking.look_adjacent(chunks)
    assert np.all(chunking.look_adjacent(chunks, wrap="none")[0, 0, :4] == -1)
    vectors, buckets = np.random.default_rng(0).standard_normal((2, 10, 4)), np.zeros((1, 10), int)
    lsh_attention.lsh_attention(*vectors, buckets, n_buckets=2, chunk_length=4)  # 10 is no multiple of 4
    assert mine.calls()["look_adjacent"] == 1 + 1 and "lsh_attention" not in mine.calls()
    lsh_attention.lsh_attention(*vectors, buckets, n_buckets=2, chunk_length=5)
    assert mine.calls()["lsh_attention"] == 1


def test_a_model_that_passes_what_a_function_does_not_take_is_told_and_trains(answers, capsys):
    assert "lsh_attention" in mine.install().yours
    mine.train(MODEL, draw_padded, n_steps=1, progress=False)
    assert "The course's lsh_attention instead of yours: each call of this model asks for more" in said(capsys)
    mine.train(MODEL, lambda rng: [array[:, :15] for array in draw_batch(rng)], n_steps=1, progress=False)
    assert "The course's lsh_attention instead of yours: each call of this model asks for more" in said(capsys)
    model = replace(MODEL, same_bucket_only=True)
    assert "attention_mask" in mine.install(model).left_out and "attention_mask" in mine.install(model).courses


def test_training_gives_what_training_gives_and_goes_on_from_a_state(answers, capsys):
    expected = training.train(
        MODEL, draw_batch, training.start_training(MODEL, np.random.default_rng(5)), n_steps=4, learning_rate=RATE
    )
    state = mine.train(MODEL, draw_batch, n_steps=2, learning_rate=RATE, seed=5, progress=False)
    assert state.step == 2
    state = mine.train(MODEL, draw_batch, n_steps=4, learning_rate=RATE, state=state, progress=False)
    np.testing.assert_allclose(state.losses, expected.losses, rtol=1e-4)
    assert mine.calls()["sort_by_bucket"] > 4 and set(mine.calls()) == set(NAMES)
    told = said(capsys)
    assert told.count("Yours, in each step:") == 2 and "sort_by_bucket" in told and "instead of yours" not in told
    again = mine.train(MODEL, draw_batch, n_steps=4, learning_rate=RATE, state=state, progress=False)
    assert again is state and said(capsys) == "All 4 steps are done: ask for more, or begin anew without a state."


def test_training_uses_what_a_check_has_kept_since_the_last_one(answers, capsys):
    kept_before = (answers / "kept" / "undo_sort.py").read_bytes()
    (answers / "kept" / "undo_sort.py").unlink()
    state = mine.train(MODEL, draw_batch, n_steps=1, progress=False)
    assert "undo_sort" not in said(capsys).partition("Yours:")[2].partition("The course's:")[0]
    (answers / "kept" / "undo_sort.py").write_bytes(kept_before)
    mine.train(MODEL, draw_batch, n_steps=2, state=state, progress=False)
    told = said(capsys)
    assert "undo_sort" in told.partition("Yours:")[2].partition("The course's:")[0] and mine.calls()["undo_sort"]
    mine.train(MODEL, draw_batch, n_steps=2, progress=False)
    assert "Yours:" not in said(capsys)  # nothing is new, and nothing is said again


@pytest.fixture
def beyond(answers):
    """Run cells of lab 07's last part by their ids, after its imports, in a kernel with no answer in it."""
    path = Path(__file__).parents[2] / "solutions" / "lab07_reformer" / "lab07_reformer.ipynb"
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}
    namespace = {"display": lambda _: None}

    def run(*ids):
        for cell_id in ids:
            exec(cells[cell_id].replace("n_steps = 200", "n_steps = 52"), namespace)
        return namespace

    return run


def test_lab_07_goes_on_in_the_same_cell_after_a_stop_and_begins_anew_with_the_model(beyond, capsys, monkeypatch):
    namespace = beyond("imports", "beyond-model")
    draw, n_drawn = namespace["draw_batch"], 0

    def stopped_once(rng):
        nonlocal n_drawn
        n_drawn += 1
        if n_drawn == 8:
            raise KeyboardInterrupt
        return draw(rng)

    namespace["draw_batch"] = stopped_once
    beyond("beyond-train")
    stopped_after = namespace["state"].step
    assert 0 < stopped_after < 9 and f"Stopped after step {stopped_after} of 52" in said(capsys)
    beyond("beyond-train")
    assert namespace["state"].step == 52 and namespace["state"].evaluations[0][0] == 0
    beyond("beyond-model")
    assert namespace["state"] is None


def test_lab_07_writes_with_what_is_kept_where_the_kernel_has_no_such_function(beyond, capsys):
    beyond("imports", "beyond-model", "beyond-train")
    mine.remove()  # as a first run of the last cell does
    capsys.readouterr()
    beyond("beyond-write")
    assert said(capsys).count("of 15 right") == 4 and mine.calls() == {}


def test_a_slow_function_steps_back_with_its_reason_for_this_training_alone(answers, capsys):
    slow = "def undo_sort(order):\n" + busy(0.1) + "    return np.argsort(order, axis=-1)"
    put_file(answers, "undo_sort", slow)
    mine.install()
    state = mine.train(MODEL, draw_batch, n_steps=20, learning_rate=RATE, seconds=1.2, progress=False)
    assert state.step == 20 and mine.calls()["undo_sort"] < 20
    told = said(capsys)
    assert "The course's undo_sort instead of yours: too slow: yours takes" in told
    assert "20 steps are to take 1.2 s" in told and told.count("instead of yours") == 1
    assert "sort_by_bucket" in told.partition("Yours, in each step:")[2].partition("The course's")[0]
    n_calls = mine.calls()["undo_sort"]
    gradients_of()
    assert mine.calls()["undo_sort"] > n_calls


def test_a_function_that_would_take_for_ever_is_stopped_and_steps_back(answers, capsys):
    long = "def undo_sort(order):\n    if order.shape[-1] == 16:\n    " + busy(1000).replace("\n", "\n    ")
    put_file(answers, "undo_sort", long + "\n    return np.argsort(order, axis=-1)")
    model, batch = replace(MODEL, chunk_length=2), draw_batch  # trials have 8 tokens, batches 16
    mine.install()
    state = mine.train(model, batch, n_steps=2, learning_rate=RATE, seconds=1, progress=False)
    assert state.step == 2
    assert "yours takes at least" in said(capsys)


def test_functions_that_are_given_to_a_function_are_not_on_its_account():
    clock = mine.Clock()

    def spin(seconds):
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    def pulls(x):
        spin(0.05)
        return x, lambda gradient: spin(0.05)

    def learners(f, *, g):
        spin(0.02)
        _, pull = f(1)
        pull(1)
        g(1)

    with clock.running():
        clock.timed("learners", learners, pulls, g=pulls)
        clock.timed("outer", lambda: clock.timed("inner", spin, 0.02))
    assert 0.02 <= clock.seconds["learners"] < 0.045
    assert clock.seconds["outer"] >= clock.seconds["inner"] >= 0.02


def test_the_tuned_path_is_said_to_call_none(answers, capsys):
    mine.train(replace(MODEL, fast=True), draw_batch, n_steps=1, learning_rate=RATE, progress=False)
    told = said(capsys)
    assert "fast=True" in told and "Yours, in each step: none." in told


def test_an_interrupt_before_the_first_step_gives_the_state_back(answers, capsys):
    def interrupted(rng):
        raise KeyboardInterrupt

    state = training.start_training(MODEL, np.random.default_rng(0))
    assert mine.train(MODEL, interrupted, n_steps=2, learning_rate=RATE, state=state) is state
    assert "Stopped after step 0 of 2" in said(capsys)


def test_an_error_in_training_is_raised_and_leaves_all_in_use(answers):
    def broken(rng):
        raise OSError("no data")

    mine.install()
    with pytest.raises(OSError, match="no data"):
        mine.train(MODEL, broken, n_steps=2, learning_rate=RATE)
    gradients_of()
    assert set(mine.calls()) == set(NAMES)


def test_a_function_that_calls_the_courses_by_name_does_not_call_itself_for_ever(folder):
    source = "from reformer import chunking\n\n\ndef undo_sort(order):\n    return chunking.undo_sort(order)"
    put_file(folder, "undo_sort", source)
    report = mine.install()
    assert "RecursionError" in report.left_out["undo_sort"]
    assert "undo_sort" in report.courses
