"""`check` on a learner's machine: never raises, never writes to stderr, names the mistake, needs NumPy only."""

import io
import logging
import os
import random
import re
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

from autograder import check
from autograder.exercises import LABS, exercise_named

# Those whose answers are plain; test_lab08_in_trax.py has the others.
EXERCISES = [exercise for lab in LABS.values() for exercise in lab.exercises if not exercise.double]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_reference_gets_all_points_and_an_empty_answer_none(exercise):
    verdict = check(exercise.name, lambda *given, **named: exercise.reference(*given, **named))
    assert float(repr(verdict)) == exercise.max_score
    message = check(exercise.name, lambda *given, **named: (_ for _ in ()).throw(NotImplementedError))
    assert repr(message) == "0.0" and "Not written yet" in message._repr_html_()


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_a_known_mistake_is_explained_with_the_smallest_case_that_shows_it(exercise):
    message = check(exercise.name, exercise.mistakes[0].function)
    assert 0 <= float(repr(message)) < exercise.max_score or (exercise.without_points and message.state == "wrong")
    shown = message._repr_html_()
    assert "This is what you get when" in shown and re.search("right (answer|<code>|[a-z_]+)", shown)


def _noisy(*arguments):
    warnings.warn("noise", stacklevel=1)
    print("noise", file=sys.stderr)
    return np.float64(1) / 0  # warns, and is not finite


def _of_no_module(*arguments):
    return 1


_of_no_module.__module__ = None


@pytest.mark.parametrize(
    "answer",
    [
        _noisy,
        None,
        3,
        _of_no_module,
        lambda: 1,
        lambda *arguments: object(),
        lambda *arguments: sys.exit(),
        lambda *arguments: 1 / 0,
    ],
)
def test_check_never_raises_and_writes_nothing_to_stderr(answer, capsys):
    message = check("angular_hash", answer)
    assert float(repr(message)) < 9 and message._repr_html_()
    assert capsys.readouterr().err == ""


def test_an_unknown_exercise_is_answered_with_the_names_there_are():
    assert "angular_hash" in check("angular_hush", len)._repr_html_()


def test_what_a_learner_wrote_is_escaped():
    def answer(*arguments):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in check("angular_hash", answer)._repr_html_()


def test_importing_check_imports_no_nbgrader_and_no_kernel():
    code = (
        "import sys; from autograder import check;"
        "heavy = ('nbgrader', 'nbconvert', 'jupyter_client', 'IPython', 'matplotlib', 'jinja2');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]" and done.stderr == ""


def test_the_course_s_own_function_is_recognised_and_earns_nothing():
    exercise = exercise_named("chance_to_meet")
    for function in (exercise.reference, exercise.twin):
        verdict = check("chance_to_meet", function)
        assert repr(verdict) == "0.0"
        assert "own chance_to_meet" in verdict._repr_html_()


def test_a_right_function_that_changes_its_input_is_told_so_and_gets_half():
    def hash_value(sides):
        sides[...] = ~sides
        return ~sides @ 2 ** np.arange(sides.shape[-1])

    verdict = check("hash_value", hash_value)
    assert float(repr(verdict)) == exercise_named("hash_value").max_score / 2
    assert "the values are right, but the function changes what it is given: work on a copy" in verdict._repr_html_()
    assert "changes" not in check("hash_value", lambda sides: hash_value(sides.copy()))._repr_html_()


def test_an_error_is_told_with_its_line():
    def chance_to_meet(probability, n_rounds):
        rounds = range(n_rounds)
        return probabilty**rounds  # noqa: F821

    assert "name 'probabilty' is not defined (line 3 of the function)" in check("chance_to_meet", chance_to_meet).text


def test_a_function_that_prints_much_does_not_flood_the_notebook(capsys):
    def chance_to_meet(probability, n_rounds):
        for number in range(1000):
            print(number)
        return 1 - (1 - probability) ** n_rounds

    check("chance_to_meet", chance_to_meet)
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 21 and output.out.endswith("lines more\n") and output.err == ""


def test_an_answer_without_a_value_has_no_property():
    assert check("angular_hash", lambda vectors, rotations: None).score == 0


def test_a_right_verdict_unfolds_the_course_s_version_and_another_without_decorators():
    exercise = exercise_named("chance_to_meet")
    shown = check(
        "chance_to_meet", lambda probability, n_rounds: exercise.reference(probability, n_rounds)
    )._repr_html_()
    assert shown.count("<details>") == 2 and "The course&#x27;s version" in shown or "The course's version" in shown
    assert f"def {exercise.solutions[0].__name__}(" in shown and "@exercise" not in shown
    assert "def chance_to_meet(" in shown


def test_single_numbers_are_shown_as_python_writes_them():
    shown = check("tables_needed", lambda same_side, n_planes, wanted_recall: np.int64(13))._repr_html_()
    assert ">13<" in shown and "np.int64" not in shown
    shown = check("recall_and_cost", lambda vectors, rotations, n_nearest: (np.float64(0.5), 2))._repr_html_()
    assert "np.float64" not in shown
    shown = check("build_hash_table", lambda buckets: {np.int64(2): [np.int64(0)]})._repr_html_()
    assert "np.int64" not in shown


def test_questions_that_earn_half_are_counted_beside_those_that_are_right():
    exercise = exercise_named("tables_needed")

    def floats(*arguments):
        n_tables = exercise.reference(*arguments)
        return n_tables if n_tables is None else float(n_tables)

    shown = check("tables_needed", floats)._repr_html_()
    n_questions = len(exercise.asked(hidden=False))  # of which two ask for None
    words = (
        f"2 of {n_questions} questions are right; {n_questions - 2} more have the right values, and half of the points."
    )
    assert words in shown


class Own(BaseException):
    """What only a learner raises."""

    def __str__(self):
        raise ValueError


def _raises(error):
    raise error


class Strange:
    """Anything that is asked of it goes wrong."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __call__(self, *given):
        return self


@pytest.mark.parametrize(
    "answer",
    [
        lambda *given: Strange(),
        lambda *given: _raises(Own()),
        lambda *given: _raises(GeneratorExit()),
        lambda *given: _raises(RecursionError()),
        lambda *given: _raises(type("\x1b\u202e" * 500, (Exception,), {})("\ud800\x1b[31m" * 10**5)),
        lambda *given: sys.stdout.close() or sys.stderr.close(),
        lambda *given: print("x" * 10**6, end="") or print("y", file=sys.stderr),
        lambda *given: setattr(sys, "stdout", None) or print("nowhere"),
        lambda *given: setattr(sys, "stderr", 3),
        lambda *given: warnings.simplefilter("error") or warnings.warn("a", stacklevel=1),
        lambda *given: threading.Thread(target=lambda: _raises(ValueError("in a thread"))).start(),
        lambda *given: np.broadcast_to(0.0, (10**7, 10**7)),
        lambda *given: ["a" * 10**6, *["b"] * 10**4],
        lambda *given: [],
        lambda *given: {},
        lambda *given: np.zeros((0, 10**9)),
        lambda *given: 10**5000,
        lambda *given: "\ud800",
        lambda *given: [[np.float64(1), [1, 2, 3]]],
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("name", ["angular_hash", "build_hash_table", "chance_to_meet", "recall_and_cost"])
def test_nothing_that_a_function_does_breaks_the_check(name, answer, capsys):
    message = check(name, answer)
    assert float(repr(message)) < 2 and message._repr_html_()  # of no token the table is empty
    assert message.text.replace("\n", " ").isprintable() and len(message.text) < 10_000
    printed = capsys.readouterr()
    assert printed.err == "" and len(printed.out) < 20_000


def test_something_strange_in_the_place_of_a_function_breaks_nothing():
    assert repr(check("chance_to_meet", Strange())) == "0.0"


def test_the_learner_s_own_interrupt_passes_through():
    with pytest.raises(KeyboardInterrupt):
        check("chance_to_meet", lambda *given: _raises(KeyboardInterrupt()))


def right(probability, n_rounds):
    return 1 - (1 - probability) ** n_rounds


def test_what_a_cell_has_set_costs_nothing_and_stays_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def drawing(probability, n_rounds):
        random.seed(3)
        np.random.seed(3)  # noqa: NPY002
        os.chdir("/")
        warnings.warn("a", stacklevel=1)
        np.float64(1) / np.float64(0)
        return right(probability, n_rounds)

    def strict(**how):
        return np.errstate(all="raise"), np.printoptions(formatter={"all": lambda number: 1 / 0})

    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    with warnings.catch_warnings(), strict()[0], strict()[1]:
        warnings.simplefilter("error")
        assert check("chance_to_meet", drawing).state == "right"
        assert check("chance_to_meet", lambda p, n: right(p, n) + 1).state == "wrong"
        assert np.geterr()["divide"] == "raise"
        with pytest.raises(UserWarning):
            warnings.warn("a", stacklevel=1)
    assert states == (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002
    assert os.getcwd() == str(tmp_path)


def test_what_is_drawn_without_a_seed_is_the_same_in_each_call():
    draws = []
    check("chance_to_meet", lambda p, n: draws.append((random.random(), np.random.rand())) or right(p, n))  # noqa: NPY002
    assert len(draws) > 5 and len(set(draws)) == 1


def test_a_cell_that_breaks_numpy_gets_words_and_no_error(monkeypatch):
    monkeypatch.setattr(np, "asarray", lambda *given, **named: 1 / 0)
    message = check("chance_to_meet", right)
    monkeypatch.undo()
    assert repr(message) == "0.0" and message._repr_html_()


@pytest.mark.parametrize("stream", [None, 3, io.StringIO()])
def test_another_sys_stdout_breaks_nothing(stream, monkeypatch):
    if isinstance(stream, io.StringIO):
        stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    assert check("chance_to_meet", lambda p, n: print("a") or right(p, n)).state == "right"


def test_a_log_s_handler_gets_its_stream_back():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        check("chance_to_meet", lambda p, n: logging.warning("a line") or right(p, n))
        assert stream.getvalue() == "" and handler.stream is stream
    finally:
        logging.getLogger().removeHandler(handler)
