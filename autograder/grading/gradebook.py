"""The one writer: results into nbgrader's gradebook and feedback, in the folder OUT.

nbgrader keeps what it is good at. It meets notebooks that are rebuilt and judged already; its autograder reads the
points off them and its feedback shows the reasons. Manual grades that a person entered before are kept by it.
"""

import os
import shutil
from pathlib import Path

from autograder.grading.nbgrader_config import configure_grading, nbgrader_at_work

CONFIG = '''"""nbgrader's configuration of this folder, for its formgrader: python -m autograder formgrader ."""

from pathlib import Path

from autograder.grading.nbgrader_config import configure_grading

configure_grading(get_config(), Path(__file__).parent)  # noqa: F821 - nbgrader gives get_config
'''


class GradebookFault(RuntimeError):
    """nbgrader would not take something; the message says what, and where its own words are."""


class Gradebook:
    """nbgrader's side of OUT."""

    def __init__(self, out, db_url=None, late=None):
        self.out = Path(out).resolve()
        self.how = (self.out, db_url, late)
        self.settings = str(late)
        self.said = []
        self.log = self.out / "nbgrader.log"

    def prepare(self):
        """Make the folder and its configuration."""
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")

    def register(self, lab, source, due=None):
        """Enter a lab by its source, and return its release as a notebook: the form that submissions are rebuilt in."""
        import nbformat
        from nbgrader.converters import GenerateAssignment

        copy = self.out / "nbgrader" / "source" / lab.name
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source.parent, copy, ignore=shutil.ignore_patterns(".*"))
        what = f"the lab {lab.name} (has it changed since this folder was made? then grade into a new one)"
        self._convert(GenerateAssignment, lab.name, ".", what)
        release = self.out / "nbgrader" / "release" / lab.name / f"{lab.name}.ipynb"
        return nbformat.read(release, as_version=4)

    def enter(self, student, lab, notebook, handed_in_at=None):
        import nbformat
        from nbgrader.converters import Autograde

        judged = self.out / "nbgrader" / "judged" / student / lab
        judged.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, judged / f"{lab}.ipynb")
        self._convert(Autograde, lab, student, f"the submission of {student}")

    def write_feedback(self, student, lab):
        from nbgrader.converters import GenerateFeedback

        self._convert(GenerateFeedback, lab, student, f"the submission of {student}")

    def feedback_of(self, student, lab):
        return self.out / "feedback" / student / lab / f"{lab}.html"

    def back_up(self):
        pass

    def close(self):
        pass

    def auto_scores(self):
        import sqlite3

        if not (self.out / "gradebook.db").exists():
            return {}
        with sqlite3.connect(self.out / "gradebook.db") as database:
            rows = database.execute("""
                select sa.student_id, a.name, sum(g.auto_score) from submitted_assignment sa
              join assignment a on sa.assignment_id = a.id
 join submitted_notebook sn on sn.assignment_id = sa.id join grade g on g.notebook_id = sn.id group by sa.student_id, a.name""").fetchall()
        return {(x, y): z for x, y, z in rows}

    def _convert(self, converter, lab, student, what):
        from nbgrader.converters.base import NbGraderException
        from nbgrader.coursedir import CourseDirectory
        from traitlets.config import Config

        config = Config()
        configure_grading(config, self.out)
        with nbgrader_at_work(self.log):
            course = CourseDirectory(config=config, assignment_id=lab, student_id=student)
            try:
                _of_one_notebook(converter)(coursedir=course, config=config, force=True).start()
            except NbGraderException as error:
                raise GradebookFault(f"nbgrader refused {what}; its own words are in {self.log}") from error


def _of_one_notebook(converter):
    """Return a converter that takes the course's names as they are; nbgrader would read them as patterns of files."""

    class OfOneNotebook(converter):
        def init_notebooks(self):
            folder = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
            self.assignments = {folder: [os.path.join(folder, f"{self.coursedir.assignment_id}.ipynb")]}

    return OfOneNotebook
