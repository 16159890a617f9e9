"""Links between notebooks lead somewhere: from lessons to the learner's labs, and from labs to lessons."""

import re

import pytest

from classroom.kernel import LANGUAGE
from tests.notebooks.notebook_files import LABS, LESSONS, ROOT, SOLUTIONS, read

NOTEBOOKS = pytest.mark.parametrize(
    "path", LESSONS + SOLUTIONS + LABS, ids=lambda path: f"{path.parts[-2]}/{path.name}"
)


def links_of(path):
    prose = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    return re.findall(r"\]\((?!https?:|#|attachment:)([^)]+)\)", prose)


def targets_of(path):
    """What a notebook links to, with the original of each learner's copy in its place."""
    targets = [(path.parent / link.partition("#")[0]).resolve() for link in links_of(path)]
    mine = ROOT / "my_labs"
    return [ROOT / "labs" / target.relative_to(mine) if target.is_relative_to(mine) else target for target in targets]


@NOTEBOOKS
def test_every_link_leads_to_a_file(path):
    for target in targets_of(path):
        assert target.is_file(), f"{path.name} links to {target}"


@NOTEBOOKS
def test_no_link_leads_to_a_lab_that_is_not_the_learners(path):
    assert not [link for link in links_of(path) if re.search(r"(^|/)(labs|solutions)/", link)]


@pytest.mark.parametrize("lab", SOLUTIONS, ids=lambda path: path.stem)
def test_a_lab_and_a_lesson_of_its_unit_link_to_each_other(lab):
    unit = lab.stem[3:5]
    lessons = [lesson for lesson in LESSONS if lesson.name.startswith(unit)]
    assert any(lesson in targets_of(lab) for lesson in lessons)
    assert any(ROOT / "labs" / lab.parent.name / lab.name in targets_of(lesson) for lesson in lessons)


def test_the_first_lesson_links_to_every_lesson_and_lab():
    assert set(targets_of(LESSONS[0])) >= {*LESSONS[1:], *LABS}


@NOTEBOOKS
def test_a_notebook_is_stored_with_what_jupyterlab_would_write_when_it_is_opened(path):
    metadata = read(path).metadata
    assert metadata.language_info == LANGUAGE
    assert metadata.kernelspec == {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
