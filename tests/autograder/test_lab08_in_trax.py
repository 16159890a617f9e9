"""What lab 08 asks of Trax: the judge says without it what it does; and where there is none, `check` says so."""

import numpy as np
import pytest

from autograder import check
from autograder.checking import laptop
from autograder.checking.answer import answer_of
from autograder.checking.call import Built, built, call, copy_of, same
from autograder.checking.judge import answer_of_the_course, ask, judge
from autograder.checking.plain import NotPlain, decode, decode_call, encode_call
from autograder.exercises import exercise_named
from autograder.exercises.lab08 import reformer_lm, training_loop
from tests import blind
from trax_bridge import loading

TRAX = [exercise_named("reformer_lm"), exercise_named("training_loop")]


@pytest.mark.parametrize("exercise", TRAX, ids=lambda exercise: exercise.name)
def test_where_there_is_no_trax_check_says_so_in_a_sentence_and_gives_no_points(exercise, monkeypatch):
    def missing():
        raise loading.TraxMissing(loading.how_to_install())

    monkeypatch.setattr(loading, "load_trax", missing)
    message = check(exercise.name, exercise.reference)
    assert repr(message) == "0.0"
    own = check(exercise.name, lambda *given, **named: None)
    assert repr(own) == "0.0" and own.state == "without"
    assert own.text.startswith("Not checked, and worth no points here: Trax ") and "Traceback" not in own._repr_html_()


def test_the_checks_of_the_other_exercises_import_neither_trax_nor_the_bridge(monkeypatch):
    monkeypatch.setattr(laptop, "_without_trax", lambda: pytest.fail("Trax was asked for"))
    for name in ("pad_and_bucket", "sample_reply"):
        exercise = exercise_named(name)
        assert check(name, lambda *given, f=exercise.reference, **named: f(*given, **named)).score == exercise.max_score


def test_what_is_built_and_what_is_sent_cross_as_they_are():
    exercise = exercise_named("training_loop")
    question = next(question for question in exercise.questions if question.name.startswith("the model holds"))
    (sent,) = question.calls(exercise.generator(question))
    back = decode_call(encode_call(sent))
    assert isinstance(back.args[0], Built) and back.args[0].name == training_loop.MODEL
    assert all(map(same, back.args[0].arrays, sent.args[0].arrays)) and back.sent == sent.sent == (6,)
    assert same(sent.args[0], "anything") and "(6, 4)" in str(sent.args[0])
    with pytest.raises(ValueError, match="needs one of the names"):
        built("a bomb")
    with pytest.raises(NotPlain):
        decode(encode_call(sent))  # an answer holds nothing that is built


@pytest.mark.parametrize("exercise", TRAX, ids=lambda exercise: exercise.name)
def test_the_judge_s_mistakes_need_no_trax_and_a_question_costs_every_student_the_same(exercise):
    hidden = [question for question in exercise.questions if question.hidden]
    for mistake in exercise.mistakes:
        scores = set()
        for student in ("ann", "bob"):

            def generator(question, student=student):
                return exercise.generator(question, b"s", student)

            answered = ask(exercise, mistake.function, hidden, generator, of_the_course=True)
            scores.add(judge(exercise, answered).score)
        assert len(scores) == 1, mistake.name


@pytest.mark.trax
@pytest.mark.long
@pytest.mark.parametrize("mistake", TRAX[0].mistakes, ids=lambda mistake: mistake.name)
def test_what_the_judge_says_of_settings_is_what_trax_does_with_them(mistake):
    """Dropout draws, so that its logits are left out; and Trax refuses chunks that do not divide a text."""
    exercise, n_same = TRAX[0], 0
    for question in exercise.asked(hidden=False):
        (asked,) = question.calls(exercise.generator(question))
        settings = mistake.function(*asked.args, **asked.kwargs)
        theirs = answer_of(
            lambda settings=settings: reformer_lm.in_trax(settings), call().with_sent(*asked.sent), reformer_lm.observe
        )
        ours = answer_of_the_course(exercise, mistake.function, asked)
        if theirs.error or ours.error:
            continue
        assert theirs.value[:2] == ours.value[:2]
        np.testing.assert_allclose(theirs.value[2], ours.value[2], atol=2e-2 * np.max(np.abs(ours.value[2]), initial=1))
        n_same += 1
    assert n_same >= 2


@pytest.mark.trax
@pytest.mark.long
@pytest.mark.parametrize(("name", "least"), [("trax_lab08", 0.8), ("trax_lab08_second", 0.4)])
def test_answers_written_blind_are_caught_and_some_are_named(name, least):
    names, wrong = blind.right_names(name), []
    for answer in blind.blind_set(name):
        exercise = exercise_named(answer.exercise)
        verdict = judge(exercise, ask(exercise, answer.function, exercise.asked(hidden=False), exercise.generator))
        if answer.truth:
            wrong.append((not verdict.right, verdict.named and verdict.named.name in names[answer.name]))
        else:
            assert verdict.right, answer.name
    caught, named = (sum(map(bool, column)) for column in zip(*wrong, strict=True))
    assert caught > 0.95 * len(wrong) and named > least * len(wrong)


@pytest.mark.trax
def test_a_copy_of_a_model_is_the_model_built_anew():
    arrays = [np.ones((3, 2), np.float32), np.ones((2, 3), np.float32), np.zeros(3, np.float32)]
    model = built(training_loop.MODEL, *arrays)
    one, other = copy_of(model), copy_of(model)
    assert one is not other and one.weights[1].shape == (3, 2)
    assert np.asarray(one(np.array([[1, 2]]))).tolist() == [[[2.0] * 3] * 2]
