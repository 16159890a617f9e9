"""The made-up class: what is in it, that a judgement of a run can fail, and, in the long part, the class graded."""

import ast
import copy
import json
import subprocess
from collections import Counter

import pytest

from autograder.grading.nbgrader_config import ROOT
from benchmarks import class_of_200
from benchmarks.capacity import as_table, as_text, most_workers, plan
from benchmarks.grading import command, times_of
from benchmarks.hostile_answers import HOSTILE
from benchmarks.made_up_class import LABS, SIZE, content_of, describe, hand_in_again, judge_run, make_class, write_class
from reformer import UNITS

MISTAKES = Counter(
    (exercise.name, one.name) for lab in LABS.values() for exercise in lab.exercises for one in exercise.mistakes
)


@pytest.fixture(scope="module")
def everything():
    """The class in which every known mistake is planted."""
    return make_class(every_mistake=True)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small class as it is handed in: its folder, its submissions, its manifest."""
    folder, made = tmp_path_factory.mktemp("class") / "small", make_class(40)
    return folder, made, write_class(folder, made)


def planted(made):
    return Counter((name, one.expected[name].source) for one in made for name in one.planted)


def test_every_known_mistake_is_planted_once(everything):
    assert planted(everything) == MISTAKES


def test_the_class_of_200_has_all_kinds_of_all_labs_and_no_mistake_twice():
    made = make_class()
    counts = describe(made)
    assert len(made) == len({(one.student, one.lab) for one in made}) == SIZE
    assert set(counts["by lab"]) == set(LABS) and max(counts["by lab"].values()) - min(counts["by lab"].values()) <= 1
    assert set(counts["by kind"]) == {"right", "half-right", "mistaken", "blank", "hostile"}
    assert set(counts["by way"]) == {"in time", "late", "renamed", "beside"}
    assert {one.kind for one in made} >= set(HOSTILE)
    assert max(planted(made).values()) == 1 and not planted(made) - MISTAKES
    assert counts["mistakes planted"] == sum(planted(made).values()) > 600


def test_the_same_seed_gives_the_same_class_and_another_seed_another():
    first, again, other = make_class(40, 1), make_class(40, 1), make_class(40, 2)
    assert [(one.as_dict(), content_of(one)) for one in first] == [(one.as_dict(), content_of(one)) for one in again]
    assert [one.as_dict() for one in first] != [one.as_dict() for one in other]


def test_what_is_handed_in_needs_nothing_that_a_lab_s_kernel_lacks(everything):
    for one in everything:
        unit = LABS[one.lab].unit
        there = {"arguments", *(name for number, taught in UNITS.items() if number < unit for name in taught.modules)}
        for name, text in one.answers.items():
            if text is not None and one.expected[name].answer != "hostile":
                tree = ast.parse(text)
                assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
                assert {module.removeprefix("reformer.") for module in modules_of_ours(tree)} <= there


def modules_of_ours(tree):
    """The modules of the course that a source imports."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = {f"{node.module}.{alias.name}" for node in found for alias in node.names if node.module == "reformer"}
    names |= {node.module for node in found if node.module != "reformer"}
    return {name for name in names if name.split(".")[0] in ("reformer", "autograder")}


def test_the_manifest_says_of_everything_that_lies_there_what_it_must_come_to(small):
    folder, _, manifest = small
    there = {(path.parent.name, path.name) for path in (folder / "submissions").glob("*/*")}
    assert json.loads((folder / "manifest.json").read_text("utf-8")) == json.loads(json.dumps(manifest))
    assert there == {(one["folder"], one["lab"]) for one in manifest["submissions"]}
    for one in manifest["submissions"]:
        assert list(one["expected"]) == [exercise.name for exercise in LABS[one["lab"]].exercises]
    assert len(there) + len(manifest["missing"]) == len({student for student, _ in there}) * len(LABS)


def test_who_hands_in_again_is_right_then(tmp_path):
    made = make_class(40)
    before = write_class(tmp_path / "class", made)["submissions"]
    after = hand_in_again(tmp_path / "class", made, 3)["submissions"]
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [(new["kind"], new["way"], new["seconds_late"]) for _, new in changed] == [("right", "again", 0)] * 3
    for old, new in changed:
        assert (old["student"], old["lab"]) == (new["student"], new["lab"]) and old["kind"] != "right"
        path = tmp_path / "class" / "submissions" / new["folder"] / new["lab"] / f"{new['lab']}.ipynb"
        assert b"NotImplementedError" not in path.read_bytes()


def report_of(manifest):
    """A report in which all is as the manifest says."""
    submissions = []
    for one in manifest["submissions"]:
        exercises = [
            {"name": name, "score": expected["points"][0], "reasons": [expected["says"]]}
            for name, expected in one["expected"].items()
        ]
        late = {"seconds": one["seconds_late"], "penalty": 0} if one["seconds_late"] else None
        known = {"student": one["student"], "lab": one["lab"], "outcome": one["outcomes"][0], "late": late}
        submissions.append({**known, "score": sum(each["score"] for each in exercises), "exercises": exercises})
    for student, lab in manifest["missing"]:
        submissions.append({"student": student, "lab": lab, "outcome": "missing", "score": 0, "exercises": []})
    return {"submissions": submissions}


def spoil(report, manifest, what):
    """Change one thing in a report that was as it must be."""
    place = next(place for place, one in enumerate(manifest["submissions"]) if one["kind"] == "mistaken")
    one = report["submissions"][place]
    if what == "outcome":
        one["outcome"] = "infrastructure-error"
    elif what == "points":
        one["exercises"][0]["score"] += 1000
        one["score"] += 1000
    elif what == "sum":
        one["score"] += 1
    elif what == "late":
        one["late"] = {"seconds": 17, "penalty": 0}
    elif what == "row":
        del report["submissions"][place]
    elif what == "missing":
        report["submissions"][-1]["outcome"] = "blank"
    elif what == "name":
        for exercise in one["exercises"]:
            exercise["reasons"] = ["This is what you get when something else is the matter."]


def test_a_run_that_is_as_it_must_be_has_no_faults(small):
    *_, manifest = small
    judged = judge_run(report_of(manifest), manifest)
    assert judged["faults"] == judged["misses"] == [] and judged["named"] == judged["planted"] > 50


@pytest.mark.parametrize("what", ["outcome", "points", "sum", "late", "row", "missing", "name"])
def test_whatever_is_otherwise_is_said(what, small):
    *_, manifest = small
    report = copy.deepcopy(report_of(manifest))
    spoil(report, manifest, what)
    judged = judge_run(report, manifest)
    assert bool(judged["faults"]) == (what != "name")
    assert bool(judged["misses"]) == (what == "name") == (judged["named"] < judged["planted"])


def test_a_plan_grows_with_the_class_and_splits_it_where_one_writer_is_too_slow():
    cost = {"CPU s": 3.6, "writer's CPU s": 0.36, "bytes": 1_000_000}
    small, large = plan(cost, (1000, 1_000_000))
    assert (small["CPU hours"], small["hours on two cores"], small["nodes"], small["folders"], small["GB"]) == (
        1,
        0.5,
        1,
        1,
        1,
    )
    assert (large["nodes"], large["writer's hours"], large["folders"], large["GB"]) == (8, 100, 13, 1000)
    assert most_workers(cost) == pytest.approx(9)
    assert as_table([large]).splitlines()[-1] == "| 1,000,000 | 1,000 | 500 | 8 | 100 | 13 | 1,000 GB |"


def test_the_committed_results_are_of_a_class_in_which_all_was_right():
    results = json.loads(class_of_200.RESULTS.read_text("utf-8"))
    assert results["size"] == SIZE and results["faults"] == []
    assert results["class"] == json.loads(json.dumps(describe(make_class())))
    assert results["named"] >= 0.95 * results["planted"] == 0.95 * results["class"]["mistakes planted"]
    assert results["harmless, beside nbgrader"]["CPU time, nbgrader / ours"] > 1


def graded(folder, out, jobs):
    """Grade a class by the one command; return report.json's bytes."""
    subprocess.run(command(folder, out, jobs), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return (out / "report.json").read_bytes()


def assert_right(report, manifest):
    judged = judge_run(json.loads(report), manifest)
    assert judged["faults"] == []
    assert judged["named"] >= 0.95 * judged["planted"], judged["misses"]


@pytest.mark.long
def test_the_class_of_200_comes_to_what_it_must_with_any_number_of_workers_and_when_some_hand_in_again(tmp_path):
    folder, made = tmp_path / "class", make_class()
    manifest = write_class(folder, made)
    reports = [graded(folder, tmp_path / f"out{jobs}", jobs) for jobs in (1, 2)]
    assert reports[0] == reports[1]
    assert_right(reports[0], manifest)
    before = times_of(tmp_path / "out1")
    assert_right(graded(folder, tmp_path / "out1", 2), hand_in_again(folder, made, 8))
    assert sum(times not in before.values() for times in times_of(tmp_path / "out1").values()) == 8


@pytest.mark.long
def test_every_known_mistake_is_named(tmp_path, everything):
    manifest = write_class(tmp_path / "class", everything)
    assert_right(graded(tmp_path / "class", tmp_path / "out", 2), manifest)


def test_the_page_for_graders_plans_by_what_is_stored():
    cost = json.loads(class_of_200.RESULTS.read_text(encoding="utf-8"))["one submission"]
    assert as_text(cost) in (ROOT / "autograder" / "README.md").read_text(encoding="utf-8")
