"""The judge gives points for right values only, and says in words what is wrong with others."""

import numpy as np
import pytest

from autograder.checking import judge as judging
from autograder.checking.answer import Answer
from autograder.checking.call import call, form
from autograder.checking.differences import difference_of
from autograder.checking.exercise import Exercise
from autograder.checking.judge import CHANGED, ask, judge
from autograder.checking.laptop import as_html, check
from autograder.checking.relations import Relation
from autograder.checking.selftest import selftest
from autograder.exercises import LABS, exercise_named


def double(x):
    return 2 * np.asarray(x)


def tripled(x):
    return 3 * np.asarray(x)


EXERCISE = Exercise(reference=double, twin=double)
EXERCISE.case("one to three", lambda rng: call(np.array([1.0, 2.0, 3.0])), tolerance=1e-6)
EXERCISE.case("random", lambda rng: call(rng.standard_normal(4)), points=2, hidden=True, tolerance=1e-6)
EXERCISE.property("zero stays", lambda rng: [call(np.zeros(2))])(lambda calls, answers: not np.any(answers[0]))
EXERCISE.mistake(why="three looks like two", says="three is taken for two")(tripled)


def difference(expected, answer, tolerance):
    return difference_of(expected, answer, tolerance).words


def verdict_on(function):
    questions = EXERCISE.asked(hidden=True)
    return judge(EXERCISE, ask(EXERCISE, function, questions, lambda question: EXERCISE.generator(question, b"s")))


def judged(exercise, function):
    return judge(exercise, ask(exercise, function, exercise.questions, lambda q: exercise.generator(q, b"s")))


def test_right_values_get_all_points_whatever_their_float_type():
    for function in (double, lambda x: (2 * x).astype(np.float32), lambda x: (2 * x).tolist()):
        assert verdict_on(function).score == EXERCISE.max_score == 4


def test_a_known_mistake_is_named_and_gets_the_points_it_deserves():
    verdict = verdict_on(tripled)
    assert verdict.score == 1 and verdict.named.name == "tripled"
    assert verdict.reasons[0] == "This is what you get when three is taken for two."


def test_no_answer_is_no_points():
    answered = [(question, question.calls(np.random.default_rng(0)), []) for question in EXERCISE.questions]
    verdict = judge(EXERCISE, answered)
    assert verdict.score == 0 and not verdict.right
    assert judge(EXERCISE, []).score == 0 and not judge(EXERCISE, []).right


def test_an_unwritten_answer_is_blank():
    def unwritten(x):
        raise NotImplementedError

    assert verdict_on(unwritten).outcome == "blank"

    def leans_on_it(x):
        return unwritten(x)

    verdict = verdict_on(leans_on_it)
    assert verdict.outcome == "graded" and not verdict.score
    assert "your function calls `unwritten`, which is not written yet" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "return"),
        ("text", "numbers"),
        (np.array([2.0, np.nan, 6.0]), "not finite"),
        (np.array([2.0, np.inf, 6.0]), "not finite"),
        (np.array([2.0, 4.0]), r"shape \(3,\)"),
        (np.array([[2.0, 4.0, 6.0]]), "shape"),
        ([[1.0], [2.0, 3.0]], "different lengths"),
        ([10**400, 1, 2], "numbers"),
        ({}, "numbers"),
        (np.array([2.0, 4.0, 7.0]), r"2 of 3 values are right; at \[2\] it gives 7 where 6 is right"),
    ],
)
def test_a_wrong_value_is_described(value, words):
    with np.errstate(all="raise"):
        assert __import__("re").search(words, difference(np.array([2.0, 4.0, 6.0]), value, 1e-6))


def test_whole_numbers_should_come_as_integers_and_truth_as_booleans_or_cost_half():
    assert difference(np.array([1, 2]), np.array([1.0, 2.0]), 0)
    assert not difference(np.array([1, 2]), np.array([1, 2], dtype=np.uint8), 0)
    assert difference(np.array([True, False]), np.array([1, 0]), 0)
    assert "1 of 2" in difference(np.array([True, False]), np.array([True, True]), 0)


def test_values_in_tuples_and_dicts_are_compared_one_by_one():
    assert not difference((1, {"a": np.ones(2)}), (1, {"a": [1.0, 1.0]}), 1e-6)
    assert "value 1: entry 'a'" in difference((1, {"a": np.ones(2)}), (1, {"a": [1.0, 2.0]}), 1e-6)
    assert difference((1, 2), (1,), 0) and difference({"a": 1}, {"b": 1}, 0)


def test_a_property_of_answers_that_do_not_fit_does_not_hold():
    calls = [call(np.zeros(2))]
    verdict = judge(EXERCISE, [(EXERCISE.questions[2], calls, [Answer("text")])])
    assert verdict.score == 0 and not verdict.right


def test_hidden_inputs_follow_from_the_secret_and_the_student():
    question = EXERCISE.questions[1]

    def drawn(secret, student):
        return question.calls(EXERCISE.generator(question, secret, student))[0].args[0].tolist()

    assert drawn(b"s", "ann") == drawn(b"s", "ann")
    assert drawn(b"s", "ann") != drawn(b"s", "bob") != drawn(b"t", "bob")
    with pytest.raises(ValueError, match="secret"):
        EXERCISE.generator(question)


def test_infinite_numbers_are_compared_where_they_are_expected():
    expected = np.array([0.0, -np.inf, 2.0])
    assert difference(expected, np.array([1e-9, -np.inf, 2.0]), 1e-6) == ""
    assert difference(expected, np.array([0.0, np.inf, 2.0]), 1e-6)
    assert difference(expected, np.array([0.0, -np.inf, np.inf]), 1e-6)
    assert (
        difference(np.array([1.0, 2.0]), np.array([1.0, np.nan]), np.inf)
        == "1 of 2 values are not finite, the first at [1]"
    )


def test_a_known_mistake_that_gives_nan_is_named_by_its_nan():
    def no_guard(values):
        return values / np.linalg.norm(values)

    def guarded(values):
        return values / max(np.linalg.norm(values), 1e-300)

    exercise = Exercise(guarded, guarded)
    exercise.case("zeros", lambda rng: call(np.zeros(3)), tolerance=1e-6)
    exercise.case("ones", lambda rng: call(np.ones(3)))
    exercise.mistake(why="zero is forgotten", says="zero is divided by zero")(no_guard)
    verdict = judged(exercise, no_guard)
    assert verdict.named.name == "no_guard" and verdict.score == 1


def test_two_numbers_that_differ_are_told_with_digits_that_differ():
    assert "it gives 0.9600192 where 0.96 is right" in difference(np.array([0.96]), np.array([0.9600192]), 1e-6)


def test_the_right_numbers_in_the_wrong_dtype_cost_some_points_and_not_all():
    exercise = Exercise(np.argsort, np.argsort)
    exercise.case("three", lambda rng: call(rng.standard_normal(3)))
    exercise.case("four", lambda rng: call(rng.standard_normal(4)))
    verdict = judged(exercise, lambda x: np.argsort(x).astype(float))
    assert verdict.score == 1 and not verdict.right and "integer array" in verdict.reasons[1]
    assert verdict.named.name == "floats for whole numbers"
    assert judged(exercise, lambda x: -1.0 * np.argsort(x)).score == 0


@pytest.mark.parametrize("huge", [-1e30, -np.inf, 1e25])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_number_changed_alone_by_one_percent_is_wrong_also_beside_huge_ones(huge, dtype):
    expected = np.array([3.1, -0.5, huge, 0.25, 7.0], dtype=dtype)
    assert not difference(expected, expected.astype(np.float32), 1e-6)
    for place in range(len(expected)):
        changed = expected.copy()
        changed[place] = 0.0 if np.isinf(huge) and place == 2 else 1.01 * changed[place]
        assert difference(expected, changed, 1e-6)
    assert difference(expected, np.where(expected == np.float64(3.1).astype(dtype), 999, expected), 1e-6)


def test_booleans_whole_numbers_and_nothing_are_told_as_what_they_are():
    assert "gives False where True is right" in difference(np.array([True, True]), np.array([True, False]), 0)
    large = difference(np.array([2**53 + 1]), np.array([2**53]), 0)
    assert "gives 9007199254740992 where 9007199254740993 is right" in large
    assert difference((1, 2), 3, 0) == "expected 2 values, got one value"
    assert difference((1, 2), None, 0) == "expected 2 values, got None"
    state, weights = np.ones(2), np.ones((1, 3))
    for one, shape in ((state, "(2,)"), (weights, "(1, 3)"), (np.ones((2, 2)), "(2, 2)")):
        assert difference((state, weights), one, 0) == f"expected 2 values, got one array of shape {shape}"
    assert not difference((1, 2), np.array([1, 2]), 0) and not difference((state, state), np.ones((2, 2)), 0)
    assert not difference(([1.0, 1.0], state), np.ones((2, 2)), 0)
    assert difference({"a": 1}, 3, 0) == "expected a dict, got one value"
    assert difference(np.ones(3), 1.0, 0) == "expected shape (3,), got one number"


def test_numbers_of_python_and_of_numpy_are_the_same_to_the_judge():
    assert not difference(3, np.int64(3), 0) and not difference(np.float64(0.5), 0.5, 1e-6)
    assert not difference((2, 1), (np.int8(2), np.uint64(1)), 0) and not difference([1, 2], np.array([1, 2]), 0)


def halves(x, f, *, times=1):
    """A function of an array, a function and an option."""
    for _ in range(times):
        x = f(x) / 2
    return x


def test_calls_have_keyword_arguments_and_functions_and_their_arrays_stay_as_they_were():
    exercise = Exercise(halves, halves)
    weights = np.array([[1.0, 2.0], [0.5, -1.0]])
    exercise.case(
        "an affine map, twice",
        lambda rng: call(np.ones((3, 2)), form("affine", weights, np.zeros(2)), times=2),
        tolerance=1e-6,
    )
    exercise.case("a dict of arrays", lambda rng: call(np.ones((3, 2)), f=form("square")), tolerance=1e-6)
    assert judged(exercise, halves).score == 2

    def in_place(x, f, *, times=1):
        for _ in range(times):
            x[:] = f(x)
            x /= 2
        return x

    verdict = judged(exercise, in_place)
    assert verdict.score == 1 and all(a.changed_input for finding in verdict.findings for a in finding.answers)
    assert judged(exercise, lambda x, f, times=1: f(x) / 2).score == 1


def test_a_right_function_that_changes_a_dict_of_arrays_in_place_costs_half_and_is_told():
    def summed(parameters):
        return parameters["a"] + parameters["deeper"]["b"]

    def in_place(parameters):
        parameters["a"] += parameters["deeper"]["b"]
        return parameters["a"]

    exercise = Exercise(summed, summed)
    exercise.case("two", lambda rng: call({"a": rng.random(3), "deeper": {"b": rng.random(3)}}), tolerance=1e-6)
    exercise.property("twice", lambda rng: [call({"a": np.ones(2), "deeper": {"b": np.ones(2)}})] * 2)(
        lambda calls, answers: np.array_equal(*answers)
    )
    verdict = judged(exercise, in_place)
    assert verdict.score == 1 and verdict.named.name == "inputs changed" and not verdict.right
    assert {finding.reason for finding in verdict.findings} == {CHANGED.words}


def test_a_mistake_made_in_place_is_named_and_one_that_is_right_where_inputs_change_is_not():
    def in_place(function):
        def changing(x):
            value = function(x)
            x[:] = -1
            return value

        return changing

    def right_but_for_three(x):
        return 3 * x if len(x) == 3 else 2 * x

    exercise = Exercise(double, double)
    for n in (2, 3, 4, 5):
        exercise.case(f"{n}", lambda rng, n=n: call(rng.random(n)), tolerance=1e-6)
    exercise.mistake(why="three looks like two", says="three is taken for two")(tripled)
    exercise.mistake(why="three looks like three", says="three is special")(right_but_for_three)
    assert judged(exercise, in_place(tripled)).named.name == "tripled"
    assert judged(exercise, in_place(tripled)).score == 0
    verdict = judged(exercise, in_place(double))
    assert verdict.named.name == "inputs changed" and verdict.score == 2
    verdict = judged(exercise, in_place(right_but_for_three))
    assert verdict.named.name == "right_but_for_three" and verdict.score == 1.5
    assert verdict.first_wrong.question.name == "3"


def test_a_message_says_the_place_by_the_names_of_its_axes():
    axes = ("round", "position")
    right = np.arange(12).reshape(2, 3, 2)
    wrong = right.copy()
    wrong[1, 2, 0] = 0
    assert "right; at sequence 1, round 2, position 0 it gives 0" in difference_of(right, wrong, 0, axes).words
    assert "at sequence [0, 1], round 2, position 0 it" in difference_of(right[None], wrong[None], 0, axes).words
    assert "at round 2, position 0 it" in difference_of(right[1], wrong[1], 0, axes).words
    assert "at position 0 it" in difference_of(right[1, 2], wrong[1, 2], 0, axes).words
    assert difference(3, 4, 0) == "it gives 4 where 3 is right"


def test_a_list_of_rows_and_a_dict_of_lists_say_what_is_missing_or_too_many():
    rows = difference_of(np.zeros((3, 2)), [[0, 0], [0], [0, 0]], 0, ("token", "place")).words
    assert rows == "the answer is a list of rows of different lengths: expected 2, at token 1 it has 1"
    assert "array was expected" in difference(np.zeros(2), [[0], [0, 0]], 0)
    table, axes = {2: [0, 2, 5], 7: [1]}, ("bucket", "position")
    for answer, words in [
        ({2: [0, 2], 7: [1]}, "bucket 2: position 5 is missing"),
        ({2: [0, 2, 5], 7: [1, 3]}, "bucket 7: position 3 should not be there"),
        ({2: [0, 2, 6], 7: [1]}, "bucket 2: position 5 is missing, and position 6 should not be there"),
        ({2: [0, 5, 2], 7: [1]}, "bucket 2: value 1: it gives 5 where 2 is right"),
        ({2: [0, 2, 5], 7: 1}, "bucket 7: expected 1 values, got one value"),
        ({2: [0, 2, 5], 7: [[1], [1, 2]]}, "bucket 7: expected 1 values, got 2 values"),
        ({2: [0, 2, 5]}, "there is nothing for bucket 7"),
        ({2: [0, 2, 5], 7: [1], 0: []}, "bucket 0 should not be there"),
        ({2: [0, 2, 5], 7: [1], "x" * 999: []}, f"bucket '{'x' * 39} should not be there"),
        ({2: [0, 2, 5], 8: [1]}, "there is nothing for bucket 7, and bucket 8 should not be there"),
    ]:
        assert difference_of(table, answer, 0, axes).words == words


def test_an_answer_that_is_an_object_is_observed_and_the_object_never_seen():
    class Line:
        def __init__(self, slope):
            self.slope = slope

    def line(slope):
        return Line(slope)

    def observe(answer, call):
        return answer.slope * np.arange(3.0)

    exercise = Exercise(line, line, observe=observe)
    exercise.case("a slope", lambda rng: call(2.0), tolerance=1e-6)
    assert judged(exercise, line).score == 1
    assert judged(exercise, lambda slope: Line(3)).score == 0
    assert "AttributeError" in judged(exercise, lambda slope: 3).reasons[0]


def test_one_tie_does_not_hide_a_mistake_that_other_questions_show():
    def largest_last(x):
        return np.argsort(x, kind="stable")

    def largest_first(x):
        return np.argsort(-x, kind="stable")

    exercise = Exercise(largest_last, largest_last)
    for number in range(5):
        exercise.case(f"random {number}", lambda rng: call(rng.standard_normal(6)))
    exercise.case("a tie", lambda rng: call(np.array([1.0, 1.0, 0.0])))
    exercise.mistake(why="falling order is the other one", says="the largest comes first")(largest_first)
    reversed_ties = judged(exercise, lambda x: np.argsort(x, kind="stable")[::-1])
    assert reversed_ties.named.name == "largest_first" and len(reversed_ties.named.shown_by) == 5


def test_a_known_mistake_is_asked_the_same_question_once_and_few_answers_are_remembered(monkeypatch):
    def counted(x):
        asked.append(x)
        return 3 * x

    asked = []
    exercise = Exercise(double, double)
    for n in range(5):
        exercise.case(f"{n}", lambda rng, n=n: call(np.arange(n + 1.0)))
    exercise.mistake(why="to count", says="it is counted")(counted)
    names = [judged(exercise, tripled).named.name for _ in range(3)]
    assert names == ["counted"] * 3 and len(asked) == 5
    monkeypatch.setattr(judging, "MOST_REMEMBERED", 2)
    assert judged(exercise, lambda x: 3 * x + 1).named is None and judged(exercise, tripled).named.name == "counted"
    judging._remembered.clear()
    assert judged(exercise, tripled).named.name == "counted" and len(judging._remembered) <= 2


def test_a_mistake_is_not_named_where_the_answers_that_tell_are_others():
    assert verdict_on(lambda x: np.cos(x)).named is None
    mixed = verdict_on(lambda x: tripled(x) if len(np.atleast_1d(x)) == 3 else np.sin(x))
    assert mixed.named is None


def test_none_is_no_missing_return_where_none_is_an_answer():
    def half(x):
        return None if x % 2 else x // 2

    for known, words in ((True, "it gives None where 2 is right"), (False, "perhaps a return is missing")):
        exercise = Exercise(half, half, none_is_an_answer=known)
        exercise.case("three", lambda rng: call(3))
        exercise.case("four", lambda rng: call(4))
        exercise.property("six", lambda rng: [call(4)])(lambda calls, answers: True)
        verdict = judged(exercise, lambda x: None)
        assert [words in reason for reason in verdict.reasons[-2:]] == [True, True] and verdict.score == 1
        assert (verdict.named and verdict.named.name) == ("none for an answer" if known else None)


def test_an_exercise_without_points_is_right_or_wrong_and_a_wrong_answer_is_named():
    exercise = Exercise(double, double, without_points=True)
    for n in (3, 4, 5):
        exercise.case(f"{n} numbers", lambda rng, n=n: call(rng.standard_normal(n)), tolerance=1e-6)
    exercise.mistake(why="nothing is done", says="the numbers stay as they are")(np.copy)
    right, wrong = judged(exercise, lambda x: x + x), judged(exercise, lambda x: x)
    assert exercise.max_score == right.score == wrong.score == 0
    assert right.right and right.named is None and "without points" in as_html(right)
    assert not wrong.right and wrong.named.name == "copy" and "without points" in as_html(wrong)
    result = selftest([exercise])
    assert result.good and (result.mistakes, result.caught, result.named) == (1, 1, 1)
    exercise.mistake(why="it is right", says="nothing is wrong")(lambda x: x + x)
    assert not selftest([exercise]).good


def test_what_chance_has_a_hand_in_is_named_by_a_relation_of_the_exercise():
    def by_chance(right, got, call):
        return [got] if right.shape == got.shape and set(np.abs(got)) == set(np.abs(right)) else []

    relation = Relation("signs by chance", "the signs are drawn", by_chance)
    exercise = Exercise(np.negative, np.negative, relations=(relation,))
    for n in (8, 9, 10):
        exercise.case(f"{n} numbers", lambda rng, n=n: call(rng.standard_normal(n)), tolerance=1e-6)
    draws = np.random.default_rng(1)
    for _ in range(3):
        verdict = judged(exercise, lambda x: x * draws.choice([-1, 1], size=x.shape))
        assert verdict.named.sentence == "This is what you get when the signs are drawn."
    assert judged(exercise, lambda x: draws.standard_normal(x.shape)).named is None
    assert judged(exercise, lambda x: -x).named is None


def test_a_check_shows_each_of_several_values_in_a_row_of_its_name_and_functions_in_words():
    def forgets_the_second(y1, y2, d_y1, d_y2, f, g):
        x1, x2, d_x1, d_x2 = exercise_named("reversible_backward").reference(y1, y2, d_y1, d_y2, f, g)
        return x1, x2, d_x1, d_y2

    shown = check("reversible_backward", forgets_the_second)._repr_html_()
    assert "d_x2: " in shown and "value 3" not in shown
    assert ">your d_x2<" in shown and ">right d_x2<" in shown and ">your answer<" not in shown
    assert "x -&gt; x * x, with its pull" in shown and "Form(" not in shown
    assert "made of 2.0" in shown and "background:transparent" in shown


def test_every_answer_of_several_values_has_names_for_them():
    for exercise in [one for lab in LABS.values() for one in lab.exercises]:
        question = exercise.questions[0]
        answer = exercise.expected(question.calls(exercise.generator(question))[0])
        assert len(exercise.results) == (len(answer) if isinstance(answer, tuple) else 0), exercise.name


def test_a_refusal_is_right_where_it_is_a_value_error_that_names_what_is_asked():
    def halve(numbers):
        for place, number in enumerate(numbers):
            if number % 2:
                raise ValueError(f"number {place} is odd")
        return [number // 2 for number in numbers]

    exercise = Exercise(halve, halve, axes=("number",))
    exercise.case("even numbers", lambda rng: call([2, 4, 6]))
    exercise.case("an odd one", lambda rng: call([2, 4, 7]), refused="2")

    def score_of(function):
        verdict = judge(exercise, ask(exercise, function, exercise.questions, exercise.generator))
        return verdict.score, verdict.reasons[-1:]

    def in_other_words(numbers):
        odd = [place for place, number in enumerate(numbers) if number % 2]
        if odd:
            raise ValueError(f"odd: {odd}")
        return [number // 2 for number in numbers]

    def counted_from_one(numbers):
        try:
            return halve(numbers)
        except ValueError:
            raise ValueError("number 3 is odd") from None

    def without_a_word(numbers):
        return [number // 2 for number in numbers]

    def of_another_kind(numbers):
        assert not numbers[2] % 2, "number 2 is odd"
        return halve(numbers)

    def unwritten(numbers):
        raise NotImplementedError("write the function here")

    assert score_of(halve)[0] == score_of(in_other_words)[0] == 2
    assert score_of(counted_from_one) == (
        1,
        ["an odd one: expected a ValueError that names 2, got ValueError: number 3 is odd (line 5 of the function)"],
    )
    assert score_of(without_a_word) == (1, ["an odd one: expected a ValueError that names 2, got an answer"])
    assert score_of(of_another_kind)[0] == 1
    assert judge(exercise, ask(exercise, unwritten, exercise.questions, exercise.generator)).outcome == "blank"


def test_the_items_of_a_list_have_the_names_that_the_exercise_gives():
    def pairs():
        return [(np.zeros(2), np.ones((2, 3))), (np.zeros(2), np.ones((2, 3)))]

    def wrong():
        found = pairs()
        found[1][1][1, 2] = 5
        return found

    exercise = Exercise(pairs, pairs, axes=("batch", ("tokens", "weights"), "row", "place"))
    exercise.case("two batches", lambda rng: call())
    verdict = judge(exercise, ask(exercise, wrong, exercise.questions, exercise.generator))
    assert "batch 1: weights: 5 of 6 values are right; at row 1, place 2 it gives 5" in verdict.reasons[-1]
