"""Late hand-ins: times as people and platforms write them, what coming late costs, and that nbgrader agrees."""

import json
import os
import re
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.plugins import LateSubmissionPlugin

from autograder.grading.gradebook import Gradebook
from autograder.grading.graded import Late
from autograder.grading.labs import source_of
from autograder.grading.late import LateFault, handed_in_at, late_policy, read_time
from autograder.grading.nbgrader_config import configure_grading, settings_of
from tests.autograder.judged_notebooks import judged

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
DAY = 86_400


class Ours(LateSubmissionPlugin):
    """Half a point for each second; what the tests below want of an instructor's own."""

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        odd = {"nan": float("nan"), "inf": float("inf"), "text": "two", "all": 1e9, "less": -3, "none": None}
        if student_id == "bad":
            raise KeyError("no such student")
        return odd.get(student_id, total_seconds_late / 2)


@pytest.fixture
def in_berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-30 13:00 +0100",
        "2026-11-30 13:00+01:00",
        "2026-11-30T12:00:00Z",
        "2026-11-30 12:00:00.000000 UTC",  # `nbgrader submit`
        "2026-11-30 13:00 Europe/Berlin",
        "2026-11-30 06:30:00 -0530",
        " 2026-11-30 17:45 Asia/Kathmandu\n",
    ],
)
def test_a_time_with_a_zone_is_read_to_the_second(text):
    assert read_time(text) == NOON and read_time(text).tzinfo is UTC


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be set here")
def test_a_time_without_a_zone_is_the_machine_s_for_a_due_date_and_utc_for_nbgrader(in_berlin, tmp_path):
    assert read_time("2026-11-30 13:00") == read_time("2026-11-30 12:00", zone=UTC) == NOON
    assert read_time("2026-07-01 13:00") == datetime(2026, 7, 1, 11, tzinfo=UTC)  # summer
    (tmp_path / "timestamp.txt").write_text("2026-11-30 12:00:00")  # as nbgrader's zip collection writes it
    assert handed_in_at(tmp_path) == (NOON, "")


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-11-30", "2026-11-31 12:00", "2026-11-30 24:30", "30.11.2026 12:00", "2026-11-30 12:00 CST"]
    + ["2026-11-30 12:00 Europe/Nowhere", "2026-11-30 12:00 ../../etc/passwd", "2026-11-30 12:00 Europe"]
    + [
        "2026-11-30 12:00 +9900",
        "0001-01-01 00:00 +2300",
        "٢٠٢٦-11-30 12:00",
        "2026-11-30 12:00" + " " * 200,
        "\x1b[2J",
    ],
)
def test_what_is_no_time_is_refused_in_one_sentence_that_shows_the_form(text):
    with pytest.raises(LateFault) as told:
        read_time(text)
    assert "2026-11-30 23:59, with +0100, UTC or Europe/Berlin" in str(told.value)
    assert str(told.value).isprintable() and len(str(told.value)) < 250


def test_a_stranger_s_timestamp_is_read_with_care(tmp_path):
    assert handed_in_at(tmp_path) == (None, "")  # nobody says anything
    path = tmp_path / "timestamp.txt"
    for content in (b"", b"2026-11-30 12:00 +0100" * 10**6, b"\xff\xfe2\x000\x00", b"\x00" * 500, b"tomorrow"):
        path.write_bytes(content)
        when, note = handed_in_at(tmp_path)
        assert (
            when is None and note.startswith("when it was handed in is not known: timestamp.txt: ") and len(note) < 400
        )
    path.unlink()
    (tmp_path / "elsewhere").write_text("2026-11-30 12:00")
    path.symlink_to(tmp_path / "elsewhere")
    assert handed_in_at(tmp_path)[0] is None and "link" in handed_in_at(tmp_path)[1]
    path.unlink()
    os.mkfifo(path)
    assert handed_in_at(tmp_path)[0] is None


@pytest.mark.parametrize(
    ("words", "penalties"),
    [  # of 40 points, by seconds late
        ("none", {1: None, 9 * DAY: None}),
        ("zero", {1: 40, DAY: 40}),
        ("10%/day", {1: 4, DAY: 4, DAY + 1: 8, 20 * DAY: 40}),
        ("2.5/day", {1: 2.5, 3 * DAY: 7.5, 99 * DAY: 40}),
        ("10%/day after 2 hours", {7200: None, 7201: 4, DAY + 7200: 4, DAY + 7201: 8}),
        ("zero after 0.5 hours", {1800: None, 1801: 40}),
        ("ours:Ours", {1: 0.5, 1000: 40}),
    ],
)
def test_a_policy_costs_what_its_words_say_and_never_more_than_the_points_reached(words, penalties, monkeypatch):
    monkeypatch.setitem(sys.modules, "ours", sys.modules[Ours.__module__])
    plugin = late_policy(words)()
    assert {seconds: plugin.late_submission_penalty("ann", 40.0, seconds) for seconds in penalties} == penalties
    assert plugin.late_submission_penalty("ann", 0.0, 1) in (None, 0)


def test_a_plug_in_of_the_instructor_s_is_held_to_a_finite_number(monkeypatch):
    monkeypatch.setitem(sys.modules, "ours", sys.modules[Ours.__module__])
    plugin = late_policy("ours:Ours")()
    assert [plugin.late_submission_penalty(name, 40.0, 9) for name in ("all", "less", "none")] == [40, 0, None]
    for name, words in (
        ("nan", "finite number, got nan"),
        ("inf", "got inf"),
        ("text", "got 'two'"),
        ("bad", "KeyError"),
    ):
        with pytest.raises(LateFault, match=words):
            plugin.late_submission_penalty(name, 40.0, 9)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("cheap", "no policy"),
        ("110%/day", "no policy"),
        ("-1/day", "no policy"),
        ("1e3/day", "no policy"),
        ("nan/day", "no policy"),
        ("no_such_module:Thing", "cannot be imported (ModuleNotFoundError"),
        ("json:JSONDecoder", "a class made from nbgrader.plugins.LateSubmissionPlugin"),
        ("json:nothing", "a class made from"),
    ],
)
def test_what_is_no_policy_is_refused_in_one_sentence(words, told, tmp_path):
    for job in (lambda: late_policy(words), lambda: Gradebook(tmp_path, late=words)):
        with pytest.raises(LateFault, match=re.escape(told)):
            job()
    assert not list(tmp_path.iterdir())


@pytest.fixture
def entered(tmp_path, lab, release):
    """Enter a submission with half of the 55 points that came some seconds after noon, by a policy; all in one OUT."""

    def enter(seconds, policy=None, due=NOON, student="ann", extension=None):
        gradebook = Gradebook(tmp_path / "out", late=policy)
        gradebook.prepare()
        notebook = judged(gradebook.register(lab, source_of(lab), due=due), lab, 0.5)
        if extension:
            with gradebook._session(writing=True) as book:
                book.grant_extension(lab.name, student, **extension)
        late = gradebook.enter(
            student, lab.name, notebook, NOON + timedelta(seconds=seconds) if seconds is not None else None
        )
        gradebook.close()
        return late

    return enter


def test_a_penalty_is_nbgrader_s_and_stands_in_the_gradebook_and_in_feedback(entered, lab, tmp_path):
    from nbgrader.api import Gradebook as Book

    def page():
        return Gradebook(tmp_path / "out").write_feedback("ann", lab.name).read_text("utf-8")

    assert entered(DAY + 60, "10%/day") == Late(DAY + 60, 5.5)
    assert "Score: 22.0 / 55.0" in page() and "Late submission penalty (Score: -5.5)" in page()
    with Book(f"sqlite:///{tmp_path / 'out' / 'gradebook.db'}") as book:
        submission = book.find_submission(lab.name, "ann")
        assert (submission.late_submission_penalty, submission.total_seconds_late) == (5.5, DAY + 60)
    assert entered(DAY + 60) == Late(DAY + 60, 5.5)  # the policy is kept in OUT, and the due date in the gradebook
    assert entered(DAY + 60, due=None) == Late(DAY + 60, 5.5)
    assert entered(DAY + 60, "none") == Late(DAY + 60, 0.0)  # noted all the same
    assert entered(DAY + 60, "zero", extension={"days": 1}) == Late(60, 27.5)
    assert entered(0) is None  # handed in again, in time
    assert "Score: 27.5 / 55.0" in page() and "Late submission penalty" not in page()
    assert entered(None) is None


def test_without_a_due_date_nothing_is_late(entered):
    assert entered(99 * DAY, "zero", due=None) is None


def test_the_settings_are_for_nobody_else_and_a_policy_that_is_gone_stops_no_export(tmp_path, monkeypatch):
    from traitlets.config import Config

    monkeypatch.setitem(sys.modules, "ours", sys.modules[Ours.__module__])
    gradebook = Gradebook(tmp_path, late="ours:Ours")
    gradebook.prepare()
    assert settings_of(tmp_path) == {"db_url": None, "late": "ours:Ours"}
    assert (tmp_path / "settings.json").stat().st_mode & 0o077 == 0 or os.name == "nt"
    monkeypatch.delitem(sys.modules, "ours")
    config = Config()
    configure_grading(config, tmp_path)
    with pytest.raises(LateFault, match="ours:Ours cannot be imported"):
        config.AssignLatePenalties.plugin_class().late_submission_penalty("ann", 1.0, 1.0)
    (tmp_path / "settings.json").write_text(json.dumps(["?"]))
    with pytest.raises(RuntimeError, match="settings.json cannot be read"):
        Gradebook(tmp_path)


def test_a_time_that_cannot_be_read_is_told_in_its_own_words(tmp_path):
    (tmp_path / "timestamp.txt").write_text("yesterday, I think")
    assert handed_in_at(tmp_path)[0] is None
    assert "timestamp.txt: 'yesterday, I think' is no time" in handed_in_at(tmp_path)[1]
