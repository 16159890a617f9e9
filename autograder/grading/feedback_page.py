"""nbgrader's feedback on a submission as a page, by an exporter that is kept for the next one."""

from nbgrader import utils
from nbgrader.api import BaseCell, Comment, Grade
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import GetGrades


class OfOpenGradebook(GetGrades):
    """Gets the grades out of a gradebook that is open, and all of a submission at once."""

    book = None

    def preprocess(self, nb, resources):
        told = resources["nbgrader"]
        entered = self.book.find_submission_notebook(told["notebook"], told["assignment"], told["student"])
        grades, comments = _rows(self.book.db, entered, Grade), _rows(self.book.db, entered, Comment)
        for cell in nb.cells:
            about = cell.metadata.get("nbgrader", {})
            if utils.is_solution(cell):
                about["comment"] = comments[about["grade_id"]].comment
            if utils.is_grade(cell):
                grade = grades[about["grade_id"]]
                about["score"], about["points"] = grade.score, grade.max_score
        penalty = entered.late_submission_penalty or 0
        told |= {"score": entered.score - penalty, "max_score": entered.max_score, "late_penalty": penalty}
        return nb, resources


def _rows(db, entered, kind):
    """The grades or the comments of a submission, by the ids of their cells."""
    rows = db.query(kind, BaseCell.name).join(BaseCell, BaseCell.id == kind.cell_id)
    return {name: row for row, name in rows.filter(kind.notebook_id == entered.id)}


def feedback_exporter(config):
    """Return nbgrader's exporter of feedback, and its preprocessor, which has to be given an open gradebook."""
    converter = GenerateFeedback(coursedir=CourseDirectory(config=config), config=config)
    exporter = converter.exporter_class(parent=converter, config=converter.config)
    grades = OfOpenGradebook(parent=exporter)
    exporter.register_preprocessor(grades)  # nbgrader's other one is switched off there, too
    return exporter, grades
