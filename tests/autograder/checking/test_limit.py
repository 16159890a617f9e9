"""A function that does not end is stopped, named, and loses its question; whatever ends in time is left alone."""

import subprocess
import sys
import threading
import time

import pytest

import start
from autograder import check
from autograder.checking.judge import STOPS, ask, judge
from autograder.checking.limit import StillRunning, within
from autograder.exercises import exercise_named


def for_ever():
    while True:
        pass


def test_a_function_that_ends_in_time_gives_its_value_and_its_errors():
    assert within(5, lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)


def test_a_loop_that_does_not_end_is_stopped():
    begun = time.monotonic()
    with pytest.raises(StillRunning):
        within(0.1, for_ever)
    assert time.monotonic() - begun < 5


def test_a_function_is_stopped_by_the_processor_s_time_and_not_by_the_clock_of_a_busy_machine():
    assert within(0.3, lambda: time.sleep(1) or 3) == 3  # as if others had the processor for most of that second


def test_a_function_that_waits_without_end_is_stopped_by_the_clock():
    def waiting():
        while True:
            time.sleep(0.01)

    with pytest.raises(StillRunning):
        within(0.1, waiting)


def test_a_loop_that_swallows_errors_is_stopped_too():
    def swallowing():
        while True:
            try:
                for_ever()
            except Exception:
                pass

    def swallowing_once():
        try:
            for_ever()
        except:  # noqa: E722 - a learner writes it
            for_ever()

    for function in (swallowing, swallowing_once):
        with pytest.raises(StillRunning):
            within(0.1, function)


def test_nothing_is_raised_after_a_function_has_ended_and_no_thread_is_left():
    before = threading.active_count()
    outcomes = []
    for number in range(200):  # they end about when their time is up
        try:
            outcomes.append(within(0.001, lambda: sum(range(20 * number))))  # noqa: B023
        except StillRunning:
            outcomes.append(None)
    until = time.monotonic() + 0.2
    while time.monotonic() < until:
        pass
    assert len(outcomes) == 200
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


@pytest.mark.parametrize("seconds", [60, 0.001])
def test_profilers_and_debuggers_work_after_a_limit(seconds):
    """In a process of its own: where Python believes that something is to be raised, it would wait for ever."""
    code = f"""
import sys
from autograder.checking.limit import StillRunning, within
for n in range(200):
    try:
        within({seconds}, lambda: sum(range(20 * n)))
    except StillRunning:
        pass
called = []
for watch in (sys.setprofile, sys.settrace):
    watch(lambda frame, event, _: called.append(event))
    (lambda: None)()
    watch(None)
print(called.count("call"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=start.ROOT)
    assert done.stdout.strip() == "2", done.stderr


def test_an_interrupt_by_the_learner_passes_through():
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("chance_to_meet", interrupted)


def counted_up(same_side, n_planes, wanted_recall):
    """`tables_needed` with no thought of the ends."""
    n_tables = 1
    while 1 - (1 - same_side**n_planes) ** n_tables < wanted_recall - 1e-12:
        n_tables += 1
    return n_tables


def test_a_check_says_for_which_question_a_function_does_not_end(monkeypatch):
    monkeypatch.setattr(exercise_named("tables_needed"), "seconds", 0.2)
    verdict = check("tables_needed", counted_up)
    assert "your function was still running after 0.2 s, for same_side=0, n_planes=2, wanted_recall=0.5" in verdict.text
    assert "planes that always part the pair: no number of tables finds it" in verdict._repr_html_()
    right = exercise_named("tables_needed").max_score
    assert 0.7 * right < verdict.score < right


def test_after_two_calls_that_do_not_end_no_more_are_made():
    calls = []

    def counting(*arguments):
        calls.append(arguments)
        for_ever()

    exercise = exercise_named("chance_to_meet")
    verdict = judge(exercise, ask(exercise, counting, exercise.asked(hidden=False), exercise.generator, 0.1))
    assert len(calls) == STOPS and verdict.score == 0 and verdict.named is None
    assert verdict.findings[0].reason == "your function was still running after 0.1 s"
    assert verdict.findings[-1].reason.startswith("not asked any more")
