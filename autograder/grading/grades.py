"""The grades as the gradebook has them: manual scores, comments and late penalties that nbgrader keeps included."""

import os
from collections import defaultdict
from dataclasses import dataclass, field

from autograder.grading.gradebook import GradebookFault
from autograder.grading.nbgrader_config import configure_grading, nbgrader_at_work
from autograder.grading.text import shown


@dataclass(frozen=True)
class Points:
    """The points of one exercise: of the tests, and what a person gave in their place or on top; None is nothing."""

    tests: float | None
    by_hand: float | None
    extra: float | None
    max_score: float

    @property
    def score(self):
        given = self.by_hand if self.by_hand is not None else self.tests
        return (given or 0.0) + (0.0 if given is None else self.extra or 0.0)


@dataclass(frozen=True)
class Grade:
    """What one student has for one lab.

    points : by the exercise's name
    comments : what a person wrote to them, by the name of the cell
    penalty, seconds_late : what coming late costs, and how late it was
    """

    student: str
    lab: str
    points: dict[str, Points]
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    seconds_late: float = 0.0

    @property
    def score(self):
        return sum(points.score for points in self.points.values())

    @property
    def final_score(self):
        return max(0.0, self.score - self.penalty)

    @property
    def max_score(self):
        return sum(points.max_score for points in self.points.values())


def read_grades(out):
    """Return the grades in OUT's gradebook, by student and lab: `{(student, lab): Grade}`. Raises GradebookFault."""
    from nbgrader.api import Gradebook, SubmittedAssignment
    from sqlalchemy.exc import SQLAlchemyError
    from traitlets.config import Config

    config = Config()
    configure_grading(config, out)
    with nbgrader_at_work():
        os.chdir(out)  # as nbgrader does: an address may name the file as it lies there
        kind, _, file = config.CourseDirectory.db_url.partition(":///")
        if kind == "sqlite" and not os.path.isfile(file):
            raise GradebookFault(f"there is no gradebook in {shown(str(out))}; `grade` makes one")
        try:
            with Gradebook(config.CourseDirectory.db_url) as gradebook:
                max_scores = {cell.id: cell.max_score for cell in _graded_cells(gradebook)}
                points, comments = _points(gradebook, max_scores), _comments(gradebook)
                submissions = gradebook.db.query(SubmittedAssignment).all()
                grades = [_grade(one, points.get(one.id, {}), comments.get(one.id, {})) for one in submissions]
        except SQLAlchemyError as error:
            words = f"the gradebook in {shown(str(out))} cannot be read ({type(error).__name__})"
            raise GradebookFault(words) from error
    return {(one.student, one.lab): one for one in sorted(grades, key=lambda one: (one.student, one.lab))}


def _grade(submission, points, comments):
    penalty, seconds = submission.late_submission_penalty or 0.0, submission.total_seconds_late
    return Grade(submission.student_id, submission.name, points, comments, penalty, seconds)


def _graded_cells(gradebook):
    from nbgrader.api import GradeCell, TaskCell

    return [*gradebook.db.query(GradeCell).all(), *gradebook.db.query(TaskCell).all()]


def _points(gradebook, max_scores):
    """Return the points by submission and exercise."""
    from nbgrader.api import BaseCell, SubmittedNotebook
    from nbgrader.api import Grade as Row

    found = defaultdict(dict)
    rows = gradebook.db.query(Row, BaseCell.name, SubmittedNotebook.assignment_id)
    rows = rows.join(BaseCell, Row.cell_id == BaseCell.id)
    rows = rows.join(SubmittedNotebook, Row.notebook_id == SubmittedNotebook.id)
    for row, name, submission in rows.all():
        points = Points(row.auto_score, row.manual_score, row.extra_credit, max_scores.get(row.cell_id, 0.0))
        found[submission][name.removeprefix("check_")] = points
    return found


def _comments(gradebook):
    """Return what a person wrote, by submission and cell; nbgrader's own "No response." is left out."""
    from nbgrader.api import BaseCell, Comment, SubmittedNotebook

    found = defaultdict(dict)
    rows = gradebook.db.query(Comment.manual_comment, BaseCell.name, SubmittedNotebook.assignment_id)
    rows = rows.join(BaseCell, Comment.cell_id == BaseCell.id)
    rows = rows.join(SubmittedNotebook, Comment.notebook_id == SubmittedNotebook.id)
    for text, name, submission in rows.filter(Comment.manual_comment.isnot(None)).all():
        found[submission][name] = text
    return found
