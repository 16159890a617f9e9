"""The one writer: results into nbgrader's gradebook, and nbgrader's feedback from it, in the folder OUT.

nbgrader keeps what it is good at: its tables, its release of a lab, its late penalties, its feedback, its formgrader.
It meets notebooks that are rebuilt and judged already. What its autograder does with such a notebook is done here in
one transaction for each submission, with the same rows and files; manual grades that a person entered stay.
"""

import os
import shutil
import warnings
from contextlib import contextmanager
from datetime import UTC
from functools import cached_property
from pathlib import Path

from autograder.grading.database import COURSE, Database, DatabaseFault, GradebookFault
from autograder.grading.graded import Late
from autograder.grading.late import TIMES, late_policy
from autograder.grading.nbgrader_config import configure_grading, keep_settings, nbgrader_at_work, settings_of
from autograder.grading.text import shown

__all__ = ["DatabaseFault", "Gradebook", "GradebookFault"]
CONFIG = '''"""nbgrader's configuration of this folder, for its formgrader: python -m autograder formgrader ."""

from pathlib import Path

from autograder.grading.nbgrader_config import configure_grading

configure_grading(get_config(), Path(__file__).parent)  # noqa: F821 - nbgrader gives get_config
'''


class Gradebook:
    """nbgrader's side of OUT. Of several processes one may write; others may read meanwhile, each with its own.

    out : the folder
    db_url : SQLAlchemy's address of a server's database; None for the one chosen before, or else a file in OUT
    late : what coming late costs, in words that `late.late_policy` reads; None for what was chosen before, or nothing

    Raises DatabaseFault or LateFault for what cannot be. `said` gathers sentences for the instructor.
    """

    def __init__(self, out, db_url=None, late=None):
        self.out = Path(out).resolve()
        self.log = self.out / "nbgrader.log"
        self.said, self._engines = [], {}
        before = settings_of(self.out)
        self.settings = {"db_url": db_url or before["db_url"], "late": late or before["late"]}
        self.database = Database(self.out, self.settings["db_url"])
        late_policy(self.settings["late"] or "none")

    def prepare(self):
        """Make the folder and its configuration."""
        self.out.mkdir(parents=True, exist_ok=True)
        keep_settings(self.out, self.settings)
        (self.out / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")

    def back_up(self):
        """Copy a gradebook that there is into OUT/backups. Returns what a person has to do about it, or None.

        Raises DatabaseFault for one that is damaged.
        """
        return self.database.back_up()

    def close(self):
        """Let go of the database."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()

    def register(self, lab, source, due=None):
        """Enter a lab by its source, and return its release as a notebook: the form that submissions are rebuilt in.

        A lab that has changed is taken. What a person entered for cells that are gone is kept in a file before; that,
        and manual scores above a maximum that has sunk, are told in `said`.

        due : when it is due, an aware datetime; None leaves what the gradebook has, which is nothing at first
        """
        import nbformat

        copy = self.out / "nbgrader" / "source" / lab.name
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source.parent, copy, ignore=shutil.ignore_patterns(".*"))
        said = []
        with self._transaction() as book:
            assignment = book.update_or_create_assignment(lab.name)
            if due is not None:
                assignment.duedate = due.astimezone(UTC).replace(tzinfo=None)
            self._generate(lab, book, said)
        self.said += said
        release = self.out / "nbgrader" / "release" / lab.name / f"{lab.name}.ipynb"
        return nbformat.read(release, as_version=4)

    def _generate(self, lab, book, said):
        """Let nbgrader make the release of a lab, and save its cells in the open gradebook on the way."""
        from nbgrader.converters import GenerateAssignment
        from nbgrader.converters.base import NbGraderException
        from nbgrader.coursedir import CourseDirectory
        from nbgrader.preprocessors import SaveCells
        from sqlalchemy.exc import SQLAlchemyError

        from autograder.grading.changed_lab import saving_cells

        class GenerateOne(GenerateAssignment):
            """Takes the course's names as they are, which nbgrader would read as patterns, and remembers a fault."""

            fault = None

            def init_notebooks(self):
                folder = self._format_source(lab.name, ".")
                self.assignments = {folder: [os.path.join(folder, f"{lab.name}.ipynb")]}

            def convert_single_notebook(self, notebook_filename):
                try:
                    super().convert_single_notebook(notebook_filename)
                except Exception as fault:
                    self.fault = fault
                    raise

        ours, config = saving_cells(book, self.out, said), self._config
        with nbgrader_at_work(self.log):
            course = CourseDirectory(config=config, assignment_id=lab.name)
            converter = GenerateOne(coursedir=course, config=config, force=True, no_database=True)
            converter.preprocessors = [ours if one is SaveCells else one for one in converter.preprocessors]
            try:
                converter.start()
            except NbGraderException as error:
                if isinstance(converter.fault, OSError | SQLAlchemyError):  # the disk, or the database
                    raise converter.fault from None
                words = f"nbgrader refused the lab {lab.name}; its own words are in {shown(str(self.log))}"
                raise GradebookFault(words) from error

    def enter(self, student, lab, notebook, handed_in_at=None, look_again=False):
        """Enter a judged submission: its points, and when it came. Returns how late it is, or None if it is not.

        student : an id, as `names.student_id` makes it; lab : its name
        notebook : the rebuilt notebook, with outputs by `judged.write_outputs`
        handed_in_at : an aware datetime, or None where nobody knows
        look_again : whether a person has to look where they gave points, though the tests give what they gave before

        Raises GradebookFault for a notebook that cannot be taken, DatabaseFault for a gradebook that takes nothing, and
        LateFault for a late policy of the instructor's that fails. Then the gradebook is as it was.
        """
        from autograder.grading.points import comments_in, points_in

        time = handed_in_at.astimezone(UTC).replace(tzinfo=None) if handed_in_at else None
        points, comments = points_in(notebook), comments_in(notebook)
        with self._transaction() as book:
            book.update_or_create_student(student)
            submission = book.update_or_create_submission(lab, student, timestamp=time)
            (entered,) = submission.notebooks
            _enter_rows(book.db, entered, points, comments, look_again)
            late = self._late(book.db, submission, entered)
            self._write_notebooks(student, lab, notebook, time)
        return late

    def _late(self, db, submission, entered):
        """Enter the penalty of a late submission as nbgrader does, and return it."""
        entered.late_submission_penalty = None
        seconds = submission.total_seconds_late if submission.assignment.duedate else 0
        if not seconds:
            return None
        db.flush()
        with nbgrader_at_work(self.log):
            self._penalties.init_plugin()
            plugin = self._penalties.plugin_inst
            penalty = plugin.late_submission_penalty(submission.student_id, entered.score, seconds)
        entered.late_submission_penalty = penalty
        return Late(seconds, penalty or 0.0)

    def _write_notebooks(self, student, lab, notebook, time):
        """Write the judged notebook, and a second time as the one that nbgrader has graded."""
        import nbformat

        try:
            content = nbformat.writes(notebook, version=4).encode("utf-8") + b"\n"
        except (ValueError, TypeError, nbformat.ValidationError) as error:
            raise GradebookFault(f"the notebook cannot be written ({type(error).__name__})") from error
        for step in ("judged", "autograded"):
            folder = self.out / "nbgrader" / step / student / lab
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / f"{lab}.ipynb", content)
            (folder / TIMES).unlink(missing_ok=True)
            if time:
                _write(folder / TIMES, time.isoformat(" ").encode())

    def standing(self, student=None):
        """Return what stands in the gradebook, by student and lab, as values that JSON can hold: `{(student, lab): [the
        tests' points, those that count before a penalty, the penalty, when it was due, and when it came]}`.

        student : this one only; None for all
        """
        from nbgrader.api import Assignment, Grade, SubmittedAssignment, SubmittedNotebook
        from sqlalchemy import func, select

        given = (Assignment.duedate, SubmittedAssignment.extension, SubmittedAssignment.timestamp)
        what = (SubmittedAssignment.student_id, Assignment.name, *given, SubmittedNotebook.late_submission_penalty)
        query = select(*what, func.sum(Grade.auto_score), func.sum(Grade.score))
        query = query.join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        query = query.join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        query = query.join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        query = query.group_by(*what)
        if student is not None:
            query = query.where(SubmittedAssignment.student_id == student)
        if self.database.is_missing():
            return {}
        found = {}
        with self._session(writing=False) as book:
            for one, lab, due, extension, came, penalty, tests, points in book.db.execute(query):
                due = due + extension if due and extension else due
                found[one, lab] = [tests, points, penalty, due and due.isoformat(), came and came.isoformat()]
        return found

    def feedback_of(self, student, lab):
        """The page that `write_feedback` writes."""
        return self.out / "feedback" / student / lab / f"{lab}.html"

    def write_feedback(self, student, lab):
        """Write nbgrader's feedback of a submission that was entered, and return the page's path.

        Manual grades and comments are in it. The gradebook is only read. lab : its name
        """
        graded = self.out / "nbgrader" / "autograded" / student / lab / f"{lab}.ipynb"
        told = {"student": student, "assignment": lab, "notebook": lab, "db_url": ""}
        resources = {"unique_key": lab, "output_files_dir": f"{lab}_files", "nbgrader": told}
        with self._session(writing=False) as book, nbgrader_at_work(self.log):
            if not graded.is_file():
                raise GradebookFault(f"nothing of {student} was entered for {lab}, so there is no feedback")
            exporter, grades = self._exporter
            grades.book = book
            try:
                page, _ = exporter.from_filename(str(graded), resources=resources)
            except (KeyError, ValueError) as error:  # of a submission, or of a cell, that the gradebook does not have
                words = f"the gradebook has not what {student} handed in for {lab}, or the lab has changed since"
                raise GradebookFault(f"{words}; grade it again") from error
        path = self.feedback_of(student, lab)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, page.encode("utf-8", errors="backslashreplace"), 0o644)
        return path

    @cached_property
    def _config(self):
        from traitlets.config import Config

        config = Config()
        configure_grading(config, self.out, self.settings)
        return config

    @cached_property
    def _penalties(self):
        from nbgrader.preprocessors import AssignLatePenalties

        return AssignLatePenalties(config=self._config)

    @cached_property
    def _exporter(self):
        from autograder.grading.feedback_page import feedback_exporter

        return feedback_exporter(self._config)

    def _engine(self, writing):
        if writing not in self._engines:
            engine = self.database.engine(writing=writing)
            if writing:
                self.database.make_tables(engine)
            self._engines[writing] = engine
        return self._engines[writing]

    @contextmanager
    def _session(self, *, writing):
        """nbgrader's gradebook on one transaction: what it calls a commit is kept when all is done, or else nothing."""
        from nbgrader.api import Gradebook as Book
        from sqlalchemy.exc import SAWarning
        from sqlalchemy.orm import Session

        engine = self._engine(writing)
        with self.database.faults_in_words(), engine.connect() as connection, connection.begin():
            book = Book.__new__(Book)  # without its way to open, which looks for every table
            book.engine, book.course_id, book.authenticator = engine, COURSE, None
            with Session(connection, join_transaction_mode="rollback_only") as book.db, warnings.catch_warnings():
                warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own way to make a submission
                yield book
                book.db.flush()

    def _transaction(self):
        return self._session(writing=True)


def _enter_rows(db, entered, points, comments, look_again):
    """Enter the points and remarks of a submission, by the ids of its cells."""
    from nbgrader.api import BaseCell, Comment, Grade

    from autograder.grading.points import enter_points

    grades = db.query(Grade, BaseCell.name).join(BaseCell, BaseCell.id == Grade.cell_id)
    grades = {name: grade for grade, name in grades.filter(Grade.notebook_id == entered.id)}
    if set(grades) != set(points):
        raise GradebookFault(f"the cells {sorted(set(grades) ^ set(points))} stand in the lab or in the notebook only")
    for name, grade in grades.items():
        enter_points(grade, points[name], look_again)
    remarks = db.query(Comment, BaseCell.name).join(BaseCell, BaseCell.id == Comment.cell_id)
    for remark, name in remarks.filter(Comment.notebook_id == entered.id):
        remark.auto_comment = comments.get(name)


def _write(path, content, mode=0o444):
    """Write a file, whole or not at all."""
    if os.name == "nt" and path.exists():
        path.chmod(0o644)  # Windows replaces no file that may only be read
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.write_bytes(content)
    partial.chmod(mode)
    os.replace(partial, path)
