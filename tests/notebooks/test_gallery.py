"""Rooms of the gallery keep their form, run offline in short mode, and are found from the road."""

import re
from statistics import median

import pytest

from gallery import MODE, ROOMS
from gallery import map as gallery_map
from tests.gallery.storing import store
from tests.notebooks import notebook_files
from tests.notebooks.notebook_files import LESSONS, MAP, code_of, outputs_of, prose_between_code, prose_of, read, run
from tests.notebooks.test_lessons import minutes_of_section, sections_of
from tests.notebooks.test_links import links_of, targets_of

EVERY_ROOM = pytest.mark.parametrize("path", notebook_files.ROOMS, ids=lambda path: path.stem)
MOST_LINES = {"draws": 30, "ask": 30, "code": 14}
MOST_MINUTES = 20


def name_of(path):
    return path.stem.partition("_")[0]


def kind_of(cell):
    is_drawing = "draws" in cell.metadata.get("tags", [])
    return "draws" if is_drawing else "ask" if cell.source.startswith("ask(") else "code"


def assert_is_clean(notebook):
    """No cell wrote to stderr, and every picture has words."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not [output for output in cell.outputs if output.get("name") == "stderr"], cell.source
        if cell.cell_type == "code" and "figures.show" in cell.source:
            (figure,) = outputs_of(cell, "text/html")
            assert len(re.search(r'<img alt="([^"]+)"', figure).group(1).split()) >= 8


@pytest.mark.parametrize("path", [MAP, *notebook_files.ROOMS], ids=lambda path: path.stem)
def test_a_room_runs_from_top_to_bottom_without_a_network_in_short_mode(path):
    assert_is_clean(run(path, **{MODE: "short"}))


@pytest.mark.long
@EVERY_ROOM
def test_a_room_runs_from_top_to_bottom_in_full_mode_and_its_seconds_are_noted(path):
    notebook = read(path)
    seconds = "import time as _time\nprint('CPU seconds', _time.process_time())"
    assert MODE not in "".join(code_of(notebook)), "a room does not set its own mode"
    done = run(path, **{MODE: "full"}, last=seconds)
    assert_is_clean(done)
    spent = float(re.search(r"CPU seconds ([\d.]+)", done.cells[-1].outputs[0].text)[1])
    store(name_of(path), "the notebook in full mode", {"cpu_seconds": spent})  # a room may take 30


@EVERY_ROOM
def test_a_room_opens_and_closes_as_all_do(path):
    notebook = read(path)
    first, prose, room = notebook.cells[0].source, prose_of(notebook), ROOMS[name_of(path)]
    assert first.startswith(f"# {name_of(path)} · {room.title}\n")
    assert all(part in first for part in ("**The question:**", "**On the map:**", "**Time:**", "**Door:**"))
    assert room.pairs in first, "a room says where it stands on the map"
    assert MAP in targets_of(path)
    assert prose.count("You may have heard") == 1
    assert all(part in prose for part in ("\n## Optional exercise", "\n## Sources", "**Next door:**"))
    assert any(re.match(rf"{room.unit:02}", target.name) for target in targets_of(path)), "a door leads back"


@EVERY_ROOM
def test_cells_of_a_room_are_small_and_its_prose_is_short(path):
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    lines = {kind: [] for kind in MOST_LINES}
    for cell in cells:
        lines[kind_of(cell)].append(sum(bool(line.strip()) for line in cell.source.splitlines()))
    assert median(lines["code"]) <= 7
    for kind, most in MOST_LINES.items():
        assert max(lines[kind], default=0) <= most, kind
    notebook = read(path)
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith("## Optional exercise")]
    assert max(prose_between_code(notebook)) <= 120


@EVERY_ROOM
def test_a_room_takes_the_minutes_that_it_states_and_at_most_twenty(path):
    notebook = read(path)
    stated = int(re.search(r"\*\*Time:\*\* (\d+) minutes", notebook.cells[0].source)[1])
    needed = sum(minutes_of_section(s) for s in sections_of(notebook) if s and not s[0][0].startswith("## Optional"))
    assert stated <= MOST_MINUTES and abs(stated - needed) <= 3, f"it takes {needed:.1f} minutes"


@EVERY_ROOM
def test_a_room_asks_before_it_tells_and_has_one_exercise_that_is_left_empty(path):
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert any(kind_of(cell) == "ask" for cell in cells)
    assert sum(cell.source.count("check(") for cell in cells) == 1
    assert sum("raise NotImplementedError" in cell.source for cell in cells) == 1


@EVERY_ROOM
def test_every_drawing_of_a_room_is_shown_with_words(path):
    for source in code_of(read(path)):
        assert "plt.show" not in source
        assert ("plt.subplots" in source) == ("figures.show" in source)


def test_a_room_is_entered_from_the_map_and_from_the_unit_that_is_its_door():
    assert MAP in targets_of(LESSONS[0])
    for path in notebook_files.ROOMS:
        assert path in targets_of(MAP)
        unit = f"{ROOMS[name_of(path)].unit:02}"
        assert any(path in targets_of(lesson) for lesson in LESSONS if lesson.name.startswith(unit)), path.name


def test_the_table_of_rooms_is_up_to_date():
    text = MAP.read_text(encoding="utf-8")
    assert gallery_map.with_table(text) == text, "`python -m gallery.map` writes it anew"


def test_links_of_the_map_lead_to_rooms_and_back_to_the_road():
    assert set(links_of(MAP)) == {"../00_start_here.ipynb", *(path.name for path in notebook_files.ROOMS)}
