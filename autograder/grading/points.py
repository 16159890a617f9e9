"""Points as nbgrader's gradebook has them: read off a judged notebook, entered beside what a person gave."""

import math

from nbgrader import utils
from nbgrader.preprocessors import SaveAutoGrades

from autograder.grading.database import GradebookFault


class SavePoints(SaveAutoGrades):
    """nbgrader's way to enter points, but for one thing: a person is asked to look again only at what has changed.

    Given the same points again, a cell with a manual grade stays as the person left it.
    """

    def _add_score(self, cell, resources):
        name = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        enter_points(grade, utils.determine_grade(cell, self.log)[0])
        self.gradebook.db.commit()


def enter_points(grade, points, look_again=False):
    """Enter the points of a cell into nbgrader's Grade; a person has to look where theirs stand on other points.

    look_again : or on another answer
    """
    changed, grade.auto_score = grade.auto_score != points, points
    if grade.manual_score is None:
        grade.needs_manual_grade = points is None
    elif changed or look_again or points is None:
        grade.needs_manual_grade = True


def points_in(notebook):
    """Return the points of the check cells of a judged notebook, by their ids. Raises GradebookFault.

    nbgrader gives full points to a cell without an output. Here each has to say its points, from 0 to its maximum.
    """
    points = {}
    for cell in notebook.cells:
        if not utils.is_grade(cell):
            continue
        name, most = cell.metadata["nbgrader"]["grade_id"], float(cell.metadata["nbgrader"]["points"])
        said = [output.data.get("text/plain") for output in cell.outputs if output.output_type == "execute_result"]
        try:
            (points[name],) = map(float, said)
        except (TypeError, ValueError):
            raise GradebookFault(f"the cell {name} does not say its points") from None
        if not (math.isfinite(points[name]) and 0 <= points[name] <= most):
            raise GradebookFault(f"the cell {name} says {points[name]:g} points; from 0 to {most:g} are possible")
    return points


def comments_in(notebook):
    """Return what nbgrader remarks on the answers of a judged notebook, by the cells' ids: that nothing was written."""
    answers = [cell for cell in notebook.cells if utils.is_solution(cell)]
    return {cell.metadata["nbgrader"]["grade_id"]: _remark(cell) for cell in answers}


def _remark(cell):
    return "No response." if cell.metadata["nbgrader"].get("checksum") == utils.compute_checksum(cell) else None
