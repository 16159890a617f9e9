"""A run as a whole: workers, the journal, what a kill leaves, the lock, a full disk.

One class is graded undisturbed, by this process alone; every other way of grading it has to come to the same reports,
byte for byte.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Grade, Gradebook

from autograder.__main__ import _parser, main
from autograder.commands import Usage
from autograder.commands.grade import _checked_folders
from autograder.grading import workers
from autograder.grading.gradebook import Gradebook as Gradebooks
from autograder.grading.journal import Journal
from autograder.grading.out import OutFault, only_run, told, write_whole
from autograder.grading.sample import sample_submissions
from autograder.grading.sandbox import temporary, tiers
from autograder.grading.workers import AHEAD, Beside, Here

STUDENTS = ("right", "half-right", "wrong", "blank", "unreadable")
EXAMINED = len(STUDENTS) - 1  # of one that cannot be read nothing is run
REPORTS = ("report.json", "grades.csv")  # report.html says besides how long each took


@pytest.fixture(scope="module")
def class_(tmp_path_factory, lab, secret):
    """A folder with submissions and a secret."""
    folder = tmp_path_factory.mktemp("class")
    contents = sample_submissions(lab)
    for student in STUDENTS:
        hand_in(folder / "in", student, lab, contents[student])
    (folder / "secret").write_bytes(secret)
    return folder


@pytest.fixture(scope="module")
def undisturbed(class_):
    """What one run of this process alone wrote, and how many seconds it took."""
    begin = time.monotonic()
    assert main(command(class_, class_ / "undisturbed", "--jobs", "1")) == 0
    return class_ / "undisturbed", time.monotonic() - begin


def hand_in(folder, student, lab, content):
    path = folder / student / lab.name / f"{lab.name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def command(class_, out, *more):
    return ["grade", str(class_ / "in"), "--out", str(out), "--secret", str(class_ / "secret"), *more]


def reports(out):
    return [(out / name).read_bytes() for name in REPORTS]


def n_examined(out):
    """How many examinations the journal of a folder has."""
    try:
        with sqlite3.connect(f"file:{out / 'journal.db'}?mode=ro", uri=True) as database:
            return database.execute("select count(*) from examined").fetchone()[0]
    except sqlite3.OperationalError:  # not yet there
        return 0


# --- workers ----------------------------------------------------------------------------------------------------


def dies_at_three(job):
    if job == 3:
        os._exit(1)
    return {"job": job, "pid": os.getpid()}


def test_a_worker_that_dies_costs_only_the_job_that_killed_it():
    tasks = [(f"tag {job}", job) for job in range(8)] + [("nothing to do", None)]
    with Beside(2) as pool:
        found = dict(pool.run(tasks, dies_at_three))
    assert found.pop("nothing to do") is None and found.pop("tag 3") == {
        "fault": "the process that examined it died twice"
    }
    assert {tag: one["job"] for tag, one in found.items()} == {f"tag {job}": job for job in range(8) if job != 3}
    assert os.getpid() not in {one["pid"] for one in found.values()}


def test_no_more_is_asked_for_than_the_workers_can_soon_take():
    asked = []

    def tasks():
        for job in range(20):
            asked.append(job)
            yield job, job

    with Beside(2) as pool:
        for done, _ in enumerate(pool.run(tasks(), abs), start=1):
            assert len(asked) <= done + AHEAD * 2
    assert [found for _, found in Here().run(((job, job) for job in range(3)), abs)] == [0, 1, 2]


# --- the same reports, however it is run ------------------------------------------------------------------------


def test_a_run_that_is_killed_goes_on_where_it_was(class_, undisturbed, tmp_path):
    run_and_kill(class_, tmp_path / "out", lambda: n_examined(tmp_path / "out") >= 2)
    assert_resumed(class_, tmp_path / "out", undisturbed[0])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_a_run_that_is_killed_at_any_moment_goes_on_where_it_was(class_, undisturbed, tmp_path, seed):
    draw, out = random.Random(seed), tmp_path / "out"
    for _ in range(draw.choice((1, 1, 2, 3))):  # again in the middle of going on
        end = time.monotonic() + draw.uniform(0, 1.2 * undisturbed[1])
        run_and_kill(class_, out, lambda end=end: time.monotonic() >= end)
    assert_resumed(class_, out, undisturbed[0])


def run_and_kill(class_, out, is_time):
    """Start the command with two workers, and kill it, as a power cut would, when it is time, if it still runs."""
    run = subprocess.Popen(
        [sys.executable, "-m", "autograder", *command(class_, out, "--jobs", "2")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while run.poll() is None and not is_time():
        time.sleep(0.02)
    run.kill()
    run.wait()


def assert_resumed(class_, out, undisturbed):
    """The same command goes on: it examines only the rest, and comes to the same."""
    before = n_examined(out)
    ran = subprocess.run(
        [sys.executable, "-m", "autograder", *command(class_, out, "--jobs", "2")], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert f"Examined now: {EXAMINED - before} of {len(STUDENTS)};" in ran.stdout
    assert reports(out) == reports(undisturbed)
    assert grades(out) == grades(undisturbed)
    for student in STUDENTS:
        assert len(list((out / "feedback" / student).rglob("*.html"))) == 1
    assert not list(out.rglob("*.partial"))


def grades(out):
    with sqlite3.connect(out / "gradebook.db") as database:
        return sorted(
            database.execute(
                "select student_id, base_cell.name, auto_score, manual_score, needs_manual_grade from grade "
                "join base_cell on base_cell.id = grade.cell_id "
                "join submitted_notebook on submitted_notebook.id = grade.notebook_id "
                "join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id"
            )
        )


def test_only_what_changed_is_examined_again(class_, undisturbed, lab, tmp_path, capsys):
    shutil.copytree(class_ / "in", tmp_path / "in")
    shutil.copytree(undisturbed[0], tmp_path / "out")
    (tmp_path / "secret").write_bytes((class_ / "secret").read_bytes())
    assert main(command(tmp_path, tmp_path / "out")) == 0
    assert f"Examined now: 0 of {len(STUDENTS)};" in capsys.readouterr().out
    assert reports(tmp_path / "out") == reports(undisturbed[0])
    hand_in(tmp_path / "in", "blank", lab, sample_submissions(lab)["right"])
    assert main(command(tmp_path, tmp_path / "out")) == 0
    assert f"Examined now: 1 of {len(STUDENTS)};" in capsys.readouterr().out
    found = {one["student"]: one for one in json.loads((tmp_path / "out" / "report.json").read_text())["submissions"]}
    assert found["blank"]["score"] == found["right"]["score"] > 0
    assert len(list((tmp_path / "out" / "handed_in" / "blank").rglob("*.ipynb"))) == 2  # the earlier one, too
    assert main(["regrade", str(tmp_path / "out")]) == 0
    assert f"Examined now: 0 of {len(STUDENTS)};" in capsys.readouterr().out
    assert main(["regrade", str(tmp_path / "out"), "--student", "right", "--student", "blank"]) == 0
    assert f"Examined now: 2 of {len(STUDENTS)};" in capsys.readouterr().out
    (tmp_path / "secret").write_bytes(b"another secret, so that other questions are put")
    assert main(["regrade", str(tmp_path / "out")]) == 0
    assert f"Examined now: {EXAMINED} of {len(STUDENTS)};" in capsys.readouterr().out


def test_what_a_person_changes_in_the_gradebook_counts_in_the_next_run(class_, undisturbed, lab, tmp_path, capsys):
    out, who = tmp_path / "out", {}
    shutil.copytree(undisturbed[0], out)
    shutil.copytree(class_ / "in", tmp_path / "in")
    (tmp_path / "secret").write_bytes((class_ / "secret").read_bytes())
    for student in STUDENTS:
        (tmp_path / "in" / student / lab.name / "timestamp.txt").write_text("2026-11-02 12:00 UTC")

    def graded(*more):
        assert main(command(tmp_path, out, *more)) == 0
        who.update({one["student"]: one for one in json.loads((out / "report.json").read_text())["submissions"]})
        return capsys.readouterr().out

    def late(student):
        return who[student]["late"] and (who[student]["late"]["seconds"], round(who[student]["late"]["penalty"], 9))

    graded("--due", "2026-11-01 12:00 UTC", "--late", "10%/day")
    assert late("right") == (86400, 5.5) and late("blank") == (86400, 0)
    # points by hand: what coming late costs follows, and whoever reads a report is told
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        book.find_grade("check_offset_rounds", lab.name, lab.name, "blank").manual_score = 10
        book.find_grade("check_offset_rounds", lab.name, lab.name, "blank").needs_manual_grade = False
        book.grant_extension(lab.name, "right", hours=23)
        book.db.commit()
    assert "A person gave points to blank;" in graded()
    assert late("right") == (3600, 5.5) and late("blank") == (86400, 1)
    assert "a person gave points in the gradebook: with them it counts 9 points" in who["blank"]["notes"][-1]
    assert "9.0 / 55.0" in (out / "feedback" / "blank" / lab.name / f"{lab.name}.html").read_text()
    # another answer for which the tests give the same: the person has to look again
    assert waiting(out) == []
    content = json.loads(sample_submissions(lab)["blank"])
    content["cells"][0]["source"] = "# of the student's own"
    content["cells"][0] |= {"cell_type": "code", "outputs": [], "execution_count": None, "metadata": {}, "id": "own"}
    hand_in(tmp_path / "in", "blank", lab, json.dumps(content).encode())
    graded()
    assert who["blank"]["score"] == 0 and waiting(out) == ["blank"]
    # the date moved in the formgrader; an older gradebook put back; none at all; a student who is gone
    shutil.copy(out / "gradebook.db", tmp_path / "older.db")
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        book.find_assignment(lab.name).duedate = None
        book.db.commit()
    graded()
    assert late("right") is late("blank") is None
    shutil.copy(tmp_path / "older.db", out / "gradebook.db")
    shutil.rmtree(tmp_path / "in" / "wrong")
    assert "Graded earlier, and not among the submissions now: wrong." in graded()
    assert late("right") == (3600, 5.5)
    (out / "gradebook.db").unlink()
    assert "manual grades stand in the newest back-up" in graded()
    assert len(grades(out)) == (len(STUDENTS) - 1) * len(lab.exercises)


def test_a_second_lab_in_the_same_folder_is_told(class_, undisturbed, lab, tmp_path, capsys):
    out, other = tmp_path / "out", "lab04_sort_and_chunk"
    shutil.copytree(undisturbed[0], out)
    (tmp_path / "secret").write_bytes((class_ / "secret").read_bytes())
    (tmp_path / "in" / "zoe" / other).mkdir(parents=True)
    (tmp_path / "in" / "zoe" / other / f"{other}.ipynb").write_text("no notebook")
    assert main(command(tmp_path, out)) == 0
    assert f"In the gradebook stands {lab.name}, too. The reports tell of this run alone" in capsys.readouterr().out
    assert main(["feedback", str(out), "--student", "right"]) == 0
    assert f"The last run was not of all of {lab.name}, so some texts lack" in capsys.readouterr().out
    assert main(["regrade", str(out), "--lab", lab.name]) == 2
    assert f"{lab.name} was not graded by the last run" in capsys.readouterr().err


def waiting(out):
    """The students whose manual points a person has to look at again."""
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        return sorted({grade.student.id for grade in book.db.query(Grade) if grade.needs_manual_grade})


def test_a_run_that_was_killed_at_once_goes_on(class_, undisturbed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(undisturbed[0], out)
    for path in out.iterdir():
        if path.name not in (".lock", "last_run.json"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    killed = "import os, sys; from autograder.grading.out import replaced\n"
    killed += "with replaced(sys.argv[1]) as file: os.kill(os.getpid(), 9)"
    for name in ("last_run.json", "settings.json"):  # killed while it was written
        subprocess.run([sys.executable, "-c", killed, out / name], check=False)
    assert len(list(out.iterdir())) == 4
    folders = _checked_folders(class_ / "in", out)
    assert folders == (class_ / "in", out)
    (out / "thesis.tex").touch()
    with pytest.raises(Usage, match="was not made by grading"):
        _checked_folders(class_ / "in", out)


def test_the_formgrader_opens_on_a_gradebook_of_a_server_too(tmp_path, monkeypatch, capsys):
    from autograder.grading import formgrader

    monkeypatch.setattr(formgrader, "serve", lambda out, **how: f"serves {out.name}")
    Gradebooks(tmp_path / "served", "postgresql+psycopg://ann@localhost/none").prepare()
    parsed = _parser().parse_args(["formgrader", str(tmp_path / "served")])
    assert parsed.run(parsed) == "serves served"
    Gradebooks(tmp_path / "new").prepare()
    assert main(["formgrader", str(tmp_path / "new")]) == 2
    assert "holds no gradebook" in capsys.readouterr().err


def test_ctrl_c_says_that_what_was_graded_is_kept(class_, tmp_path, monkeypatch, capsys):
    def stopped(*names, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograder.grading.run.grade_folder", stopped)
    assert main(command(class_, tmp_path / "out")) == 130
    assert "what was graded is kept, and the same command goes on" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bubblewrap is for Linux")
def test_what_a_killed_grader_left_running_is_ended(class_):
    left = [
        "import os, subprocess; from autograder.grading.sandbox import temporary, tiers",
        "about = ['--unshare-pid', '--bind', '/', '/', '--setenv', 'X', f'{temporary.folder()}/unit3']",
        "quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}",
        "started = subprocess.Popen([tiers.detect().bwrap, *about, 'sleep', '60'], **quiet)",
        "print(started.pid, temporary.folder(), flush=True); os._exit(1)",
    ]
    printed = subprocess.run([sys.executable, "-c", "\n".join(left)], stdout=subprocess.PIPE, text=True).stdout
    pid, folder = printed.split()
    assert psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE and Path(folder).is_dir()
    temporary.sweep()
    assert not Path(folder).exists()
    end = time.monotonic() + 20
    while psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_a_version_rests_on(monkeypatch, tmp_path):
    from autograder.grading import version

    names = [path.relative_to(version.AUTOGRADER.parent).as_posix() for path in version._files(3)]
    assert {"autograder/exercises/lab03/angular_hash.py", "autograder/checking/judge.py"} <= set(names)
    assert {"autograder/grading/room/probe.py", "reformer/angular.py", "autograder/grading/kernel.py"} <= set(names)
    assert not any("lab04" in name or name.endswith("report.py") for name in names)
    before = {lab: version.version_of.__wrapped__(lab) for lab in ("lab03_angular_lsh", "lab04_sort_and_chunk")}
    copy = tmp_path / "course"
    shutil.copytree(version.AUTOGRADER, copy / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(version.REFORMER, copy / "reformer", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(version, "AUTOGRADER", copy / "autograder")
    monkeypatch.setattr(version, "REFORMER", copy / "reformer")
    assert {lab: version.version_of.__wrapped__(lab) for lab in before} == before  # wherever the course lies
    with (copy / "autograder/exercises/lab03/angular_hash.py").open("a") as file:
        file.write("# changed\n")
    after = {lab: version.version_of.__wrapped__(lab) for lab in before}
    assert [lab for lab in before if after[lab] != before[lab]] == ["lab03_angular_lsh"]
    monkeypatch.setattr(version, "_version", lambda name: "another")
    assert version.version_of.__wrapped__("lab04_sort_and_chunk") != before["lab04_sort_and_chunk"]


# --- a cluster --------------------------------------------------------------------------------------------------


def test_a_cluster_comes_to_the_same_though_a_worker_is_killed(class_, undisturbed, tmp_path):
    distributed = pytest.importorskip("distributed", reason="the package distributed is not installed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        out, killed = tmp_path / "out", []

        def kill_one():
            with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
                end = time.monotonic() + 120
                while n_examined(out) < 1 and time.monotonic() < end:
                    time.sleep(0.05)
                busy = [name for name, jobs in client.processing().items() if jobs]
                killed.append(client.run(os.getpid, workers=busy[:1])[busy[0]])
                os.kill(killed[0], signal.SIGKILL)

        killer = threading.Thread(target=kill_one, daemon=True)
        killer.start()
        try:
            assert main(command(class_, out, "--scheduler", cluster.scheduler_address)) == 0
        finally:
            killer.join(60)
        assert killed and not Path(f"/proc/{killed[0]}/cwd").exists()
    assert reports(out) == reports(undisturbed[0])


def test_a_cluster_that_cannot_be_used_is_refused(class_, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(workers, "SECONDS", 2)
    distributed = pytest.importorskip("distributed", reason="the package distributed is not installed")
    assert main(command(class_, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1")) == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in capsys.readouterr().err
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        assert main(command(class_, tmp_path / "out", "--scheduler", cluster.scheduler_address)) == 2
    assert "has 2 threads: dask worker --nthreads 1" in capsys.readouterr().err


# --- OUT --------------------------------------------------------------------------------------------------------


def test_a_second_run_is_refused_while_one_is_at_work(class_, undisturbed, tmp_path, capsys):
    with only_run(tmp_path / "out"):
        assert main(command(class_, tmp_path / "out")) == 3
    said = capsys.readouterr().err
    shutil.copytree(undisturbed[0], tmp_path / "graded")
    with only_run(tmp_path / "graded"):
        for name in ("feedback", "export"):
            assert main([name, str(tmp_path / "graded")]) == 2
            assert "another run" in capsys.readouterr().err
    assert not any((tmp_path / "graded" / name).exists() for name in ("hand_back", "export.csv"))
    assert f"another run, process {os.getpid()}, writes in {tmp_path / 'out'}" in said and said.count("\n") == 1
    with only_run(tmp_path / "out"):  # let go of
        pass


def test_a_file_is_whole_or_as_it_was(tmp_path, monkeypatch):
    write_whole(tmp_path / "report.json", "old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutFault, match="the disk is full; what was graded is kept"):
        write_whole(tmp_path / "report.json", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"] and (
        tmp_path / "report.json"
    ).read_text() == "old"


def test_a_journal_that_is_damaged_is_told_as_such(class_, undisturbed, tmp_path, capsys):
    shutil.copytree(undisturbed[0], tmp_path / "out")
    content = (tmp_path / "out" / "journal.db").read_bytes()
    for damaged in (b"no database", content[: len(content) // 2], content[:4096] + b"\0" * (len(content) - 4096)):
        (tmp_path / "out" / "journal.db").write_bytes(damaged)
        assert main(command(class_, tmp_path / "out")) == 3
        said = capsys.readouterr().err
        assert "journal.db is damaged or no journal" in said and "Traceback" not in said
    (tmp_path / "out" / "journal.db").unlink()
    assert main(command(class_, tmp_path / "out")) == 0
    assert reports(tmp_path / "out") == reports(undisturbed[0])


def test_the_journal_keeps_the_newest_of_each(tmp_path):
    with Journal(tmp_path) as journal:
        for number in range(5):
            journal.keep("ann", "lab", f"key {number}", {"number": number})
        journal.keep("bob", "lab", "key 0", {"of": "bob"})
        kept = [journal.examined("ann", "lab", f"key {number}") for number in range(5)]
        assert kept == [None, None, {"number": 2}, {"number": 3}, {"number": 4}]
        journal.enter("ann", "lab", "mark", {"late": None})
        assert journal.entered("ann", "lab") == ("mark", {"late": None}) and journal.not_shown() == {("ann", "lab")}
        journal.show("ann", "lab")
        assert journal.not_shown() == set()
        journal.enter("ann", "lab", "another", {})
        assert journal.not_shown() == {("ann", "lab")}


FULL_DISK = """
set -e
cd "$COURSE"
grade() { "$PYTHON" -m autograder grade "$1" --out /mnt/out --secret "$SECRET" --jobs 1; }
mkdir /mnt/first && cp -r "$CLASS/unreadable" /mnt/first/
grade /mnt/first > /dev/null
cp /mnt/out/report.json /mnt/before
dd if=/dev/zero of=/mnt/filler bs=64k 2> /dev/null || true
for name in a b c d; do mkdir -p /mnt/first 2> /dev/null; done
set +e
grade "$CLASS"; echo "code $?"
cmp /mnt/out/report.json /mnt/before && echo "the old report is whole"
rm /mnt/filler
grade "$CLASS" > /dev/null; echo "code $?"
cp /mnt/out/report.json /mnt/out/grades.csv "$KEPT"
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bubblewrap makes the small disk")
def test_a_full_disk_is_told_as_such_and_the_same_command_goes_on(class_, undisturbed, tmp_path):
    env = {**os.environ, "PYTHON": sys.executable, "SECRET": str(class_ / "secret"), "CLASS": str(class_ / "in")}
    env |= {"COURSE": os.getcwd(), "KEPT": str(tmp_path)}
    walls = [
        str(tiers.detect().bwrap),
        "--dev-bind",
        "/",
        "/",
        "--size",
        str(12 * 2**20),
        "--tmpfs",
        "/mnt",
        "--",
        "bash",
        "-c",
        FULL_DISK,
    ]
    ran = subprocess.run(walls, env=env, capture_output=True, text=True)
    assert "/mnt/out cannot be written: the disk is full; what was graded is kept" in ran.stderr, (
        ran.stderr + ran.stdout
    )
    assert "Traceback" not in ran.stderr
    assert "code 3" in ran.stdout and "the old report is whole" in ran.stdout and "code 0" in ran.stdout
    assert reports(tmp_path) == reports(undisturbed[0])


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="bubblewrap makes the folder one that can only be read"
)
def test_a_folder_that_can_only_be_read_is_told_as_such(class_, undisturbed):
    out = undisturbed[0]
    before = reports(out)
    walls = [str(tiers.detect().bwrap), "--dev-bind", "/", "/", "--ro-bind", str(out), str(out), "--"]
    ran = subprocess.run(
        [*walls, sys.executable, "-m", "autograder", *command(class_, out)], capture_output=True, text=True
    )
    assert ran.returncode == 2 and ran.stderr == f"autograder: {out} cannot be written (Read-only file system)\n"
    assert reports(out) == before
    for code, words in ((13, "you have no right to write there"), (30, "the disk can only be read")):
        with pytest.raises(OutFault, match=words), told(out):
            raise RuntimeError("nbgrader's own words") from OSError(code, "refused")
    with pytest.raises(RuntimeError, match="own words"), told(out):
        raise RuntimeError("own words")
