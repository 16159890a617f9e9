"""The one writer: results into nbgrader's gradebook and feedback, in the folder OUT.

nbgrader keeps what it is good at. It meets notebooks that are rebuilt and judged already; its autograder reads the
points off them and its feedback shows the reasons. Manual grades that a person entered before are kept by it.
"""

import os
import shutil
from pathlib import Path

from autograder.grading.judged import write_outputs
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

    def __init__(self, out):
        self.out = Path(out).resolve()
        self.log = self.out / "nbgrader.log"

    def prepare(self):
        """Make the folder and its configuration."""
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")

    def register(self, lab, source):
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

    def enter(self, student, lab, notebook, results, printed):
        """Enter a judged submission: its points into the gradebook, its reasons into feedback.

        student : an id, as `names.student_id` makes it
        """
        import nbformat
        from nbgrader.converters import Autograde

        write_outputs(notebook, {result.name: result for result in results}, printed)
        judged = self.out / "nbgrader" / "judged" / student / lab.name
        judged.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, judged / f"{lab.name}.ipynb")
        self._convert(Autograde, lab.name, student, f"the submission of {student}")
        self.write_feedback(student, lab)

    def write_feedback(self, student, lab):
        """Write nbgrader's page for a student, from the gradebook, with what a person entered there since."""
        from nbgrader.converters import GenerateFeedback

        self._convert(GenerateFeedback, lab.name, student, f"the feedback of {student}")

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
