"""The grades as the gradebook has them: manual scores, comments and late penalties that nbgrader keeps included."""

from collections import defaultdict
from dataclasses import dataclass, field

from autograder.grading.nbgrader_config import configure_grading, nbgrader_at_work


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

    points : by the exercise's name, in the lab's order
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
    """Return the grades in OUT's gradebook, by student and lab: `{(student, lab): Grade}`."""
    from nbgrader.api import Gradebook, SubmittedAssignment
    from traitlets.config import Config

    config = Config()
    configure_grading(config, out)
    with nbgrader_at_work(), Gradebook(config.CourseDirectory.db_url) as gradebook:
        max_scores = {cell.id: cell.max_score for cell in _graded_cells(gradebook)}
        points, comments = _points(gradebook, max_scores), _comments(gradebook)
        submissions = gradebook.db.query(SubmittedAssignment).all()
        grades = [
            Grade(
                one.student_id,
                one.name,
                points.get(one.id, {}),
                comments.get(one.id, {}),
                one.late_submission_penalty or 0.0,
                one.total_seconds_late,
            )
            for one in submissions
        ]
    return {(one.student, one.lab): one for one in sorted(grades, key=lambda one: (one.student, one.lab))}


def _graded_cells(gradebook):
    from nbgrader.api import GradeCell, TaskCell

    return [*gradebook.db.query(GradeCell).all(), *gradebook.db.query(TaskCell).all()]


def _points(gradebook, max_scores):
    """Return the points by submission and exercise, in the order of the cells."""
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
