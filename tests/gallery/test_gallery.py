"""The gallery as a whole: short mode, the training that rooms share, the map, and what imports what."""

import ast
import os
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest

import gallery
from gallery import MODE, ROOMS, learning, steps
from gallery import map as gallery_map
from start import ROOT

MODULES = sorted((ROOT / "gallery").glob("*.py"))
BESIDE_THE_ROOMS = {"__init__", "allowed", "learning", "loops", "map"}
MOST_LINES = 120


def test_a_training_has_a_tenth_of_its_steps_in_short_mode_and_all_of_them_elsewhere(monkeypatch):
    monkeypatch.delenv(MODE, raising=False)
    assert (steps(600), steps(7)) == (600, 7)
    monkeypatch.setenv(MODE, "short")
    assert (steps(600), steps(7)) == (60, 1)


def test_the_story_names_every_room():
    assert all(f"{name}  {room.module}" in gallery.__doc__ for name, room in ROOMS.items())
    assert [*ROOMS] == [f"G{number}" for number in range(1, 9)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_belongs_to_a_room_or_serves_all_and_is_short(path):
    assert path.stem in BESIDE_THE_ROOMS | {room.module for room in ROOMS.values()}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    words = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            words |= {*range(node.body[0].lineno, node.body[0].end_lineno + 1)}
    lines = path.read_text(encoding="utf-8").splitlines()
    code = [line for number, line in enumerate(lines, 1) if line.strip() and number not in words]
    assert sum(not line.lstrip().startswith("#") for line in code) <= MOST_LINES or path.stem == "loops"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_room_imports_what_is_beside_the_rooms_and_no_other_room(path):
    rooms = {room.module for room in ROOMS.values()}
    imported = {
        node.module.partition(".")[2]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("gallery.")
    }
    assert not imported & rooms


def test_the_core_knows_nothing_of_the_gallery():
    for path in (ROOT / "reformer").rglob("*.py"):
        assert "gallery" not in path.read_text(encoding="utf-8"), path


class Line:
    """A network of one number, which learns the slope of a line."""

    def init_parameters(self, rng, dtype):
        return {"slope": rng.standard_normal(1).astype(dtype)}

    def loss_and_gradients(self, parameters, x, y, *, seed):
        off = parameters["slope"] * x - y
        return np.mean(off**2), {"slope": np.atleast_1d(np.mean(2 * off * x)).astype(np.float32)}


def test_learning_finds_a_slope_and_the_same_seed_the_same_numbers():
    x = np.random.default_rng(0).standard_normal(200).astype(np.float32)
    found = [learning.learn(Line(), (x, 3 * x), seed=seed, n_steps=400)["slope"][0] for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    np.testing.assert_allclose(found, 3, atol=0.05)
    early = learning.learn(Line(), (x, 3 * x), seed=0, n_steps=5)["slope"][0]
    assert abs(early - 3) > 0.5


# --- the map ---


def test_every_room_has_a_square_of_its_own():
    squares = gallery_map.squares()
    assert [*squares] == [*ROOMS]
    assert len({pairs.tobytes() for pairs in squares.values()}) == len(ROOMS)
    assert all(pairs.shape == (gallery_map.N, gallery_map.N) and pairs.dtype == bool for pairs in squares.values())


def test_the_pairs_grow_from_one_question_to_all_and_then_shrink():
    shares = {name: pairs.mean() for name, pairs in gallery_map.squares().items()}
    assert shares["G1"] < shares["G2"] < shares["G3"] < shares["G4"] < shares["G5"] == 1
    assert 1 > shares["G6"] > shares["G7"] > shares["G8"]


def test_what_may_be_seen_is_never_later_and_room_g7_sees_less_of_it():
    squares = gallery_map.squares()
    for name in ("G6", "G7"):
        assert not np.any(np.triu(squares[name], 1)) and np.all(np.diag(squares[name]))
    assert np.all(squares["G7"] <= squares["G6"])


def test_the_picture_in_the_repository_is_what_the_script_draws(tmp_path):
    """But for how letters are drawn, which depends on fonts and versions."""
    gallery_map.draw(tmp_path / "map.png")
    stored, drawn = (matplotlib.image.imread(path) for path in (gallery_map.PICTURE, tmp_path / "map.png"))
    assert stored.shape == drawn.shape
    far = np.abs(stored - drawn).max(axis=-1) > 0.2
    assert far.mean() < 0.005, "`python -m gallery.map` draws it anew"


def test_the_words_of_the_map_name_every_room_and_those_to_come(monkeypatch):
    says = gallery_map.says()
    assert all(f"{name} {room.title}" in says for name, room in ROOMS.items())
    monkeypatch.setattr(gallery_map, "notebook_of", lambda name: None if name in ("G2", "G8") else "there")
    assert "still to come: G2, G8." in gallery_map.says()
    monkeypatch.setattr(gallery_map, "notebook_of", lambda name: "there")
    assert "to come" not in gallery_map.says()


def test_the_package_is_found_where_a_folder_has_its_name():
    """Lessons run in notebooks/, where the rooms' notebooks lie in gallery/; a learner's kernel has no PYTHONPATH."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", "import gallery; print(*gallery.ROOMS)"]
    ran = subprocess.run(command, cwd=gallery_map.ROOT / "notebooks", env=environment, capture_output=True, text=True)
    assert ran.stdout.split() == [*gallery_map.ROOMS], ran.stderr
