"""The gradebook in PostgreSQL: a real server, started here; the same grades, rows and feedback as in a file."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from autograder.grading import changed_lab
from autograder.grading.gradebook import DatabaseFault, Gradebook
from autograder.grading.graded import Late
from autograder.grading.labs import source_of
from autograder.grading.nbgrader_config import ROOT
from tests.autograder.judged_notebooks import ROWS, changed, judged, rows, without_offset_rounds

DUE = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
PASSWORD = "s3cr3t%/?"
IN_URL = "s3cr3t%25%2F%3F"


def programs():
    """The folder of the server's programs, the newest there is; None where there are none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    folders = [*([Path(found).parent] if found else []), *folders]
    return next((path for path in reversed(folders) if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


@pytest.fixture(scope="module")
def server():
    """The address of a server of its own, without a database's name; stopped when the tests are done."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: python -m pip install 'psycopg[binary]'")
    bin_folder = programs()
    if bin_folder is None or os.name == "nt":
        pytest.skip("there is no PostgreSQL server here; Debian's package is called postgresql")
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        owner, data = {}, Path(folder) / "data"
        if os.geteuid() == 0:  # the server refuses to run as root
            owner = {"user": "nobody", "group": os.stat(folder).st_gid, "extra_groups": []}
            shutil.chown(folder, "nobody")
        (Path(folder) / "password").write_text(PASSWORD)
        (Path(folder) / "password").chmod(0o644)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        def run(name, *arguments):
            command = [bin_folder / name, "-D", data, *arguments]
            done = subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, "LC_ALL": "C"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                **owner,
            )
            assert done.returncode == 0, done.stdout

        run("initdb", "-U", "course", "-A", "scram-sha-256", f"--pwfile={folder}/password", "-N", "-E", "UTF8")
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", settings, "start")
        try:
            yield f"postgresql+psycopg://course:{IN_URL}@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture
def url(server, request):
    """The address of a database that is new and empty."""
    name = re.sub(r"\W", "_", request.node.name)[:40]
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return f"{server}/{name}"


def rows_at(url):
    """All that a server's gradebook says, as the one in a file says it."""

    def plain(value):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value

    engine = create_engine(url)
    with engine.connect() as connection:
        found = {name: connection.execute(text(query)).fetchall() for name, query in ROWS.items()}
    engine.dispose()
    return {name: sorted((tuple(map(plain, row)) for row in each), key=repr) for name, each in found.items()}


def test_three_submissions_come_to_the_same_rows_and_feedback_in_a_file_and_in_postgresql(url, lab, tmp_path):
    places = {
        "file": Gradebook(tmp_path / "file", late="10%/day"),
        "server": Gradebook(tmp_path / "server", url, "10%/day"),
    }
    pages = {}
    for place, gradebook in places.items():
        gradebook.prepare()
        release = gradebook.register(lab, source_of(lab), due=DUE)
        came = {"ann": DUE, "böb": DUE + timedelta(hours=1), "cleo": None}
        late = [
            gradebook.enter(student, lab.name, judged(release, lab, share, answer="x = 'ü\U0001f600'"), came[student])
            for student, share in (("ann", 1.0), ("böb", 0.5), ("cleo", 0.0))
        ]
        assert late == [None, Late(3600, 2.75), None]
        pages[place] = [gradebook.write_feedback(student, lab.name).read_text("utf-8") for student in came]
        points = {who: standing[0] for who, standing in gradebook.standing().items()}
        assert points == {("ann", lab.name): 55.0, ("böb", lab.name): 27.5, ("cleo", lab.name): 0.0}
        gradebook.close()
    assert pages["file"] == pages["server"]
    in_file, at_server = rows(tmp_path / "file"), rows_at(url)
    assert len(at_server["grades"]) == 3 * len(lab.exercises)
    for name in ROWS:
        assert [[float(x) if isinstance(x, bool) else x for x in row] for row in at_server[name]] == [
            list(row) for row in in_file[name]
        ], name
    assert not (tmp_path / "server" / "gradebook.db").exists()
    # nbgrader's own export, run in OUT, looks into the same database; and a later run needs no address
    command = [sys.executable, "-m", "nbgrader", "export"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=tmp_path / "server", env=env, check=True, capture_output=True)
    assert re.search(r",böb,.*,27\.5,2\.75,24\.75,55", (tmp_path / "server" / "grades.csv").read_text("utf-8"))
    said = Gradebook(tmp_path / "server").back_up()
    assert "pg_dump" in said and PASSWORD not in said and IN_URL not in said


def test_a_changed_lab_is_taken_with_manual_grades_kept(url, lab, tmp_path):
    gradebook = Gradebook(tmp_path / "out", url)
    gradebook.prepare()
    release = gradebook.register(lab, source_of(lab))
    gradebook.enter("ann", lab.name, judged(release, lab, 0.5))
    with create_engine(url).begin() as connection:
        connection.execute(text("update grade set manual_score = 3"))
    gradebook.register(lab, changed(lab, tmp_path, without_offset_rounds))
    assert "ann,lab03_angular_lsh,check_offset_rounds,3.0," in (tmp_path / "out" / changed_lab.REMOVED).read_text(
        "utf-8"
    )
    grades = {one[1]: one[3] for one in rows_at(url)["grades"]}
    assert "check_offset_rounds" not in grades and set(grades.values()) == {3.0, None}
    assert grades["check_turned"] is None


def test_what_is_wrong_with_a_server_is_told_in_one_sentence_without_the_password(server, lab, tmp_path, monkeypatch):
    port = server.rpartition(":")[2]
    down, wrong = server.replace(port, "1"), server.replace(IN_URL, "wr0ng")
    for address, words in [
        (f"{down}/postgres", "postgresql+psycopg://127.0.0.1:1/postgres cannot be used: connection failed"),
        (f"{wrong}/postgres", "password authentication failed"),
        (f"{server}/none", 'database "none" does not exist'),
        ("postgresql+psycopg://a:s3cr3t@host:port/x", "cannot be read; expected one such as"),
        ("s3cr3t", "cannot be read; expected one such as"),
        ("sqlite:///s3cr3t.db", "is kept in OUT, as gradebook.db"),
        ("nosuch://a:s3cr3t@host/x", "no driver for nosuch://host/x is installed"),
        ("postgresql+pg8000://a:s3cr3t@host/x", "no driver for postgresql+pg8000://host/x is installed"),
    ]:
        with pytest.raises(DatabaseFault) as told:
            Gradebook(tmp_path / "out", address).register(lab, source_of(lab))
        said = str(told.value)
        assert words in said and not re.search(r"s3cr3t|wr0ng|\n", said), said
