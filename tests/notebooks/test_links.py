"""Links between notebooks lead somewhere: from lessons to the learner's labs, and from labs to lessons."""

import re

import pytest

from classroom.kernel import LANGUAGE
from tests.notebooks.notebook_files import GLOSSARY, LABS, LESSONS, MAP, ROOMS, ROOT, SOLUTIONS, prose_of, read

NOTEBOOKS = pytest.mark.parametrize(
    "path", [*LESSONS, GLOSSARY, MAP, *ROOMS, *SOLUTIONS, *LABS], ids=lambda path: f"{path.parts[-2]}/{path.name}"
)


def links_of(path):
    return re.findall(r"\]\((?!https?:|attachment:)([^)]+)\)", prose_of(read(path)))


def target_of(path, link):
    """The file that a link in a notebook leads to; of a learner's copy, its original."""
    file = link.partition("#")[0]
    target = (path.parent / file).resolve() if file else path
    mine = ROOT / "my_labs"
    return ROOT / "labs" / target.relative_to(mine) if target.is_relative_to(mine) else target


def targets_of(path):
    return [target_of(path, link) for link in links_of(path)]


def anchors_of(path):
    """What a link into a notebook may name, in JupyterLab and on its web page: a cell.

    JupyterLab finds a heading, too, but only in a notebook that is open already.
    """
    return {f"cell-id={cell.id}" for cell in read(path).cells}


@NOTEBOOKS
def test_every_link_leads_to_a_file(path):
    for target in targets_of(path):
        assert target.is_file(), f"{path.name} links to {target}"


@NOTEBOOKS
def test_every_anchor_that_is_linked_to_is_a_cell_there(path):
    for link in links_of(path):
        _, has_anchor, anchor = link.partition("#")
        assert not has_anchor or anchor in anchors_of(target_of(path, link)), f"{path.name} links to {link}"


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
