"""A made-up class: submissions of labs 01 to 07, right, half right, mistaken, blank, late and hostile, and what each
must come to.

    python -m benchmarks.made_up_class FOLDER [--size N] [--seed N] [--every-mistake] [--lab LAB]

FOLDER/submissions holds them as nbgrader lays them out, FOLDER/manifest.json says of each what it is, what is planted
in it, and the outcome and points it must come to. The same size and seed give the same bytes. A submission is a student
and a lab; a student who has no folder for a lab did not hand it in.

A mistaken submission has a known mistake in every exercise, each mistake once in the class, as far as there is room: an
exercise has up to 79 of them. `--every-mistake` adds submissions until all are planted.
"""

import argparse
import functools
import inspect
import json
import random
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from autograder import exercises
from autograder.grading.names import student_id
from autograder.grading.nbgrader_config import ROOT
from autograder.grading.sample import answers_of, as_bytes, with_answers, written
from autograder.grading.text import clean
from benchmarks.hostile_answers import HOSTILE

# Lab 08 is left out: its mistakes are settings and numbers, and no text that Trax would run.
LABS = {name: lab for name, lab in exercises.LABS.items() if not any(one.needs_trax for one in lab.exercises)}
SIZE, SEED = 200, 17
SHARES = {"right": 0.16, "half-right": 0.07, "blank": 0.04, "hostile": 0.15}  # of a class; the others are mistaken
WAYS = {"late": 0.08, "renamed": 0.05, "beside": 0.05}  # how the others are handed in, where not as they should
DUE = "2026-11-20 22:00:00 UTC"
IN_TIME, TOO_LATE = "2026-11-20 18:30:00 UTC", "2026-11-21 01:30:00 UTC"
SECONDS_LATE = 3.5 * 3600
NAMES = (
    *("ada", "Zoë", "Łukasz", "王伟", "أمينة", "Ольга", "o'neil", "jean-luc", "Anne Marie", "Ngọc", "İpek", "Ærø"),
    *("김민준", "שרה", "दीपा", "ひろし", "Θάλεια", "s1234567", "m.k", "UPPER", "x_y", "a+b", "50%", "Ștefan", "ñandú"),
    *("-dash", "=1+1", "&amp;", "<b>bold", "Zoe\u0308", "two  blanks", "9", "#hash", "semi;colon", "a,b", "emoji 🦊"),
)


@dataclass(frozen=True)
class Expected:
    """What an exercise of a submission must come to.

    answer : what stands there: "right", "blank", "hostile", or "mistake"
    source : where the text is from: the name of the function, or of the kind
    points : the least and the most it may get
    says : the sentence that must stand among the reasons, or ""
    """

    answer: str
    source: str
    points: tuple
    says: str = ""


@dataclass(frozen=True)
class MadeUp:
    """A submission: whose, of what kind, how it is handed in, the text of each answer, and what must come of it.

    way : "in time", "late", "renamed", "beside", where an earlier attempt lies beside the last, or "again", where one
        was graded before
    """

    folder: str
    lab: str
    kind: str
    way: str
    outcomes: tuple
    expected: dict
    answers: dict = field(repr=False, default_factory=dict)

    @property
    def student(self):
        return student_id(self.folder)

    @property
    def planted(self):
        return [name for name, one in self.expected.items() if one.answer == "mistake"]

    def as_dict(self):
        plain = asdict(replace(self, answers={}))
        del plain["answers"]
        return {"student": self.student, **plain, "seconds_late": SECONDS_LATE * (self.way == "late")}


# --- who hands in what ------------------------------------------------------------------------------------------


def make_class(size=SIZE, seed=SEED, *, labs=tuple(LABS), every_mistake=False):
    """Return the submissions of a class, by student and lab."""
    drawn = random.Random(f"{seed}/{size}")
    labs = [LABS[name] for name in labs]
    kinds = {lab.name: [] for lab in labs}
    turns = [labs[place % len(labs)].name for place in range(size)]
    for kind, lab in zip(_kinds(size, drawn), turns, strict=True):
        kinds[lab].append(kind)
    made = []
    for lab in labs:
        most = max(len(exercise.mistakes) for exercise in lab.exercises)
        more = most - kinds[lab.name].count("mistaken")
        kinds[lab.name] += ["mistaken"] * more * every_mistake
        made += _of_lab(lab, kinds[lab.name], random.Random(f"{seed}/{size}/{lab.name}"))
    return sorted(made, key=lambda one: (one.folder, one.lab))


def _kinds(size, drawn):
    """The kind of each submission, in an order by chance; of hostile ones there is each as often as any other."""
    counts = {kind: round(share * size) for kind, share in SHARES.items()}
    names = list(HOSTILE)
    drawn.shuffle(names)
    kinds = [names[place % len(names)] for place in range(counts.pop("hostile"))]
    kinds += [kind for kind, count in counts.items() for _ in range(count)]
    kinds += ["mistaken"] * (size - len(kinds))
    drawn.shuffle(kinds)
    return kinds


def _of_lab(lab, kinds, drawn):
    mistakes = {exercise.name: drawn.sample(exercise.mistakes, len(exercise.mistakes)) for exercise in lab.exercises}
    made = []
    for place, kind in enumerate(kinds):
        folder = NAMES[place] if place < len(NAMES) else f"student{place:03}"
        way = "in time"
        if kind not in HOSTILE:
            way = drawn.choices(["in time", *WAYS], [1 - sum(WAYS.values()), *WAYS.values()])[0]
        made.append(_made_up(folder, lab, kind, way, *_answers(lab, kind, mistakes, drawn)))
    return made


def _made_up(folder, lab, kind, way, outcomes, answers):
    expected = {name: one for name, (_, one) in answers.items()}
    texts = {name: text for name, (text, _) in answers.items()}
    return MadeUp(folder, lab.name, kind, way, outcomes, expected, texts)


# --- answers ----------------------------------------------------------------------------------------------------


def _answers(lab, kind, mistakes, drawn):
    """Return the outcomes that may come, and of each exercise the text of the answer and what is expected of it."""
    if kind in HOSTILE:
        return HOSTILE[kind].outcomes, _hostile(lab, HOSTILE[kind], drawn)
    n_answered = {"blank": 0, "half-right": len(lab.exercises) // 2}.get(kind, len(lab.exercises))
    answers = {}
    for place, exercise in enumerate(lab.exercises):
        if place >= n_answered:
            answers[exercise.name] = None, Expected("blank", "", (0, 0))
        elif kind == "mistaken" and mistakes[exercise.name]:
            answers[exercise.name] = _mistaken(exercise, mistakes[exercise.name].pop())
        else:
            answers[exercise.name] = _right(lab, exercise, drawn)
    return ("blank" if kind == "blank" else "graded",), answers


def _right(lab, exercise, drawn):
    """A right answer in one of the styles that are known: the instructor's, the loop twin's, others."""
    full = (exercise.max_score, exercise.max_score)
    function = drawn.choice([None, exercise.twin, *exercise.solutions])
    if function is None:
        return _instructors(lab.name)[exercise.name], Expected("right", "instructor", full)
    return _text(exercise.name, function), Expected("right", f"{function.__module__}.{function.__name__}", full)


def _mistaken(exercise, mistake):
    most = 0 if exercise.without_points else exercise.max_score - 0.01
    says = clean(f"This is what you get when {mistake.says}.")
    return _text(exercise.name, mistake.function), Expected("mistake", mistake.name, (0, most), says)


def _hostile(lab, hostile, drawn):
    """Right answers, and a bad one to an exercise that has points."""
    chosen = drawn.choice([exercise.name for exercise in lab.exercises if exercise.max_score])
    answers = {exercise.name: _right(lab, exercise, drawn) for exercise in lab.exercises}
    for exercise in lab.exercises:
        text, one = answers[exercise.name]
        full = exercise.max_score
        if hostile.refused:
            answers[exercise.name] = text, Expected("hostile", one.source, (0, 0))
        elif exercise.name == chosen:
            points = {True: (full, full), False: (0, 0), None: (0, full)}[hostile.keeps]
            text = hostile.answer(exercise, text) if hostile.answer else text
            answers[exercise.name] = text, Expected("hostile", one.source, points)
    return answers


@functools.cache
def _instructors(name):
    return answers_of(LABS[name])


@functools.cache
def _text(name, function):
    exercise = next(one for lab in LABS.values() for one in lab.exercises if one.name == name)
    return written(exercise, function) + "\n"


# --- handing in -------------------------------------------------------------------------------------------------


def write_class(folder, made):
    """Write FOLDER/submissions and FOLDER/manifest.json; FOLDER must not have them yet. Returns the manifest."""
    (folder / "submissions").mkdir(parents=True)
    for one in made:
        _hand_in(folder / "submissions", one)
    return _write_manifest(folder, made)


def hand_in_again(folder, made, n):
    """Let n students who handed in in time, and not all right, hand in again, all right. Returns the new manifest."""
    could = [place for place, one in enumerate(made) if one.kind in ("mistaken", "half-right", "blank")]
    could = [place for place in could if made[place].way == "in time"]
    made = list(made)
    for place in random.Random(len(made)).sample(could, n):
        lab, drawn = LABS[made[place].lab], random.Random(place)
        answers = {exercise.name: _right(lab, exercise, drawn) for exercise in lab.exercises}
        made[place] = _made_up(made[place].folder, lab, "right", "again", ("graded",), answers)
        _hand_in(folder / "submissions", made[place])
    return _write_manifest(folder, made)


def _write_manifest(folder, made):
    students = {one.student for one in made}
    there = {(one.student, one.lab) for one in made}
    missing = sorted((who, lab) for who in students for lab in {one.lab for one in made} if (who, lab) not in there)
    manifest = {"due": DUE, "submissions": [one.as_dict() for one in made], "missing": missing}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return manifest


def _hand_in(submissions, one):
    place = submissions / one.folder / one.lab
    place.mkdir(parents=True, exist_ok=True)
    name, content = f"{one.lab}.ipynb", content_of(one)
    (place / "timestamp.txt").write_text(f"{TOO_LATE if one.way == 'late' else IN_TIME}\n", encoding="utf-8")
    if one.way == "renamed":
        name = f"{one.lab} (1) final.ipynb"
    elif one.way == "beside":
        first = dict(list(one.answers.items())[:2])
        (place / f"{one.lab}-attempt1.ipynb").write_bytes(content_of(replace(one, answers=first)))
    hostile = HOSTILE.get(one.kind)
    if hostile and hostile.files:
        hostile.files(place, name, content)
    else:
        (place / name).write_bytes(content)


def content_of(one):
    """The bytes of a submission's notebook."""
    notebook = with_answers(_blank(one.lab), {name: text for name, text in one.answers.items() if text is not None})
    hostile = HOSTILE.get(one.kind)
    if hostile and hostile.notebook:
        (bad,) = [name for name, expected in one.expected.items() if expected.answer == "hostile"]
        notebook = hostile.notebook(notebook, bad)
    content = as_bytes(notebook)
    return hostile.content(content) if hostile and hostile.content else content


@functools.cache
def _blank(name):
    return json.loads((ROOT / "labs" / name / f"{name}.ipynb").read_text(encoding="utf-8"))


# --- judging a run ----------------------------------------------------------------------------------------------


def judge_run(report, manifest):
    """Compare a run's report.json with the manifest.

    Returns a dict: "rows", how many the report must have; "faults", what is otherwise than it must be, in words;
    "planted" and "named", how many mistakes are in the class, and of how many the sentence stands among the reasons;
    "misses", the others, with the reasons given.
    """
    found = {(one["student"], one["lab"]): one for one in report["submissions"]}
    faults, misses, n_planted = [], [], 0
    for one in manifest["submissions"]:
        got = found.get((one["student"], one["lab"]))
        who = f"{one['student']}, {one['lab']} ({one['kind']}, {one['way']})"
        if got is None:
            faults.append(f"{who}: not in the report")
            continue
        faults += [f"{who}: {fault}" for fault in _faults_of(one, got)]
        if got["outcome"] != "infrastructure-error":
            misses += _misses_of(one, got)
        n_planted += sum(bool(expected["says"]) for expected in one["expected"].values())
    for student, lab in manifest["missing"]:
        got = found.get((student, lab))
        if got is None or (got["outcome"], got["score"]) != ("missing", 0):
            faults.append(f"{student}, {lab}: not handed in, and {got and got['outcome']}")
    expected = len(manifest["submissions"]) + len(manifest["missing"])
    if len(report["submissions"]) != expected:
        faults.append(f"{len(report['submissions'])} submissions in the report, not {expected}")
    return {
        "rows": expected,
        "faults": faults,
        "planted": n_planted,
        "named": n_planted - len(misses),
        "misses": misses,
    }


def _faults_of(one, got):
    faults = [] if got["outcome"] in one["outcomes"] else [f"outcome {got['outcome']}, not {one['outcomes']}"]
    if got["score"] is None:
        return faults
    late = got["late"]["seconds"] if got["late"] else 0
    if late != one["seconds_late"]:
        faults.append(f"{late} s late, not {one['seconds_late']}")
    if not _close(got["score"], sum(exercise["score"] for exercise in got["exercises"])):
        faults.append(f"{got['score']} points, which is not the sum")
    for exercise in got["exercises"]:
        expected = one["expected"][exercise["name"]]
        least, most = expected["points"]
        if not least <= exercise["score"] <= most:
            what = f"{expected['answer']} {expected['source']}"
            faults.append(f"{exercise['name']} ({what}): {exercise['score']} points, {exercise['reasons'][:2]}")
    return faults


def _misses_of(one, got):
    for exercise in got["exercises"]:
        expected = one["expected"][exercise["name"]]
        if expected["says"] and expected["says"] not in exercise["reasons"]:
            yield {
                "student": one["student"],
                "lab": one["lab"],
                "exercise": exercise["name"],
                "mistake": expected["source"],
                "reasons": exercise["reasons"][:3],
            }


def _close(one, other):
    return abs(one - other) < 1e-6


def describe(made):
    """Count a class: submissions by kind, by way, by lab, and the mistakes that are planted."""
    kinds = Counter("hostile" if one.kind in HOSTILE else one.kind for one in made)
    ways, labs = Counter(one.way for one in made), Counter(one.lab for one in made)
    n_planted = sum(len(one.planted) for one in made)
    return {"by kind": dict(kinds), "by way": dict(ways), "by lab": dict(labs), "mistakes planted": n_planted}


def add_arguments(parser):
    parser.add_argument("--size", type=int, default=SIZE, help="submissions (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="the class follows from it (default: %(default)s)")
    parser.add_argument("--lab", action="append", choices=list(LABS), help="this lab only; may be given again")
    parser.add_argument("--every-mistake", action="store_true", help="add submissions until every mistake is planted")


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.made_up_class",
        description=inspect.cleandoc(__doc__),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path)
    add_arguments(parser)
    options = parser.parse_args()
    made = made_from(options)
    write_class(options.folder, made)
    for name, counts in describe(made).items():
        print(f"{name}: {counts}")


def made_from(options):
    labs = options.lab or list(LABS)
    return make_class(options.size, options.seed, labs=labs, every_mistake=options.every_mistake)


if __name__ == "__main__":
    main()
