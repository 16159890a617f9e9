"""Figures come with words, and a learner's failing function does not stop a notebook."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt

from classroom import figures

matplotlib.use("agg")


@pytest.fixture
def shown(monkeypatch):
    """What figures.show hands to the notebook, as a list of HTML texts."""
    texts = []
    monkeypatch.setattr(figures, "display", lambda output: texts.append(output.data))
    return texts


def test_a_figure_is_shown_with_its_words_twice_as_alternative_text_and_caption(shown):
    figure, _ = plt.subplots()
    figures.show(figure, 'Bars of "equal" height.')
    assert shown[0].count("Bars of &quot;equal&quot; height.") == 2
    assert '<img alt="Bars of' in shown[0] and "<figcaption" in shown[0]
    assert plt.get_fignums() == []


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="^says needs"):
        figures.show(plt.figure(), "  ")
    plt.close("all")


def test_a_function_that_fails_gives_a_line_instead_of_a_picture(capsys):
    with figures.drawn_from("angular_hash"):
        plt.subplots()
        raise NotImplementedError
    assert "once angular_hash works. Now: NotImplementedError" in capsys.readouterr().out
    assert plt.get_fignums() == []


def test_a_cell_that_cannot_go_on_says_why_in_a_line(capsys):
    notebook = {"__name__": "__main__"}
    exec("def reformer_lm():\n    raise NotImplementedError\n\ndef loop():\n    return [][1]", notebook)
    said = []
    for fails in (notebook["reformer_lm"], notebook["loop"], lambda: losses, lambda: pytest.fail):  # noqa: F821
        with figures.going_on():
            fails()
        said.append(capsys.readouterr().out)
    assert said[0] == "Left out: reformer_lm is not written yet\n"
    assert said[1].startswith("Left out: loop stopped with IndexError")
    assert said[2] == "Left out: there is no losses, so run the cells above first\n"
    assert said[3] == ""


def test_sectors_bear_the_number_of_their_bucket():
    figure, ax = plt.subplots()
    figures.draw_sectors(ax, lambda directions: (directions[:, 1] < 0).astype(int))
    assert sorted(text.get_text() for text in ax.texts) == ["0", "1"]
    heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert heights["0"] == pytest.approx(0.62, abs=0.01) and heights["1"] == pytest.approx(-0.62, abs=0.01)
    plt.close(figure)


def test_points_show_their_bucket_by_more_than_colour():
    figure, ax = plt.subplots()
    figures.draw_points(ax, np.eye(2), np.array([0, 1]))
    assert {line.get_marker() for line in ax.lines} == set(figures.MARKERS[:2])
    assert [text.get_text() for text in ax.texts] == ["0", "1"]
    plt.close(figure)


def test_numbers_of_sectors_and_points_can_be_left_out_where_arrows_bear_them():
    figure, ax = plt.subplots()
    figures.draw_sectors(ax, lambda directions: (directions[:, 1] < 0).astype(int), numbered=False)
    figures.draw_points(ax, np.eye(2), np.array([0, 1]), numbered=False)
    assert not ax.texts and len(ax.patches) == 2 and len(ax.lines) == 2
    plt.close(figure)


ROTATION = np.array([[2.0, 0.0, 0.5], [0.0, 1.5, 0.5]])  # column 2 ends inside the polygon of the others


def test_columns_are_drawn_at_true_length_and_the_line_round_them_leaves_out_those_that_never_win():
    figure, ax = plt.subplots()
    figures.draw_hash(ax, ROTATION, np.eye(2), reach=2.5)
    arrows = [text for text in ax.texts if not text.get_text()]
    assert [tuple(arrow.xy) for arrow in arrows] == [(2, 0), (0, 1.5), (0.5, 0.5), (-2, 0), (0, -1.5), (-0.5, -0.5)]
    assert [text.get_text() for text in ax.texts if text.get_text()] == list("012345")
    *points, line = ax.lines
    assert [point.get_marker() for point in points] == list(figures.MARKERS[:2])
    assert {tuple(corner) for corner in line.get_xydata()} == {(2, 0), (0, 1.5), (-2, 0), (0, -1.5)}
    plt.close(figure)


def test_a_hash_drawn_without_arrows_has_the_same_sectors_and_points():
    figure, (with_arrows, without) = plt.subplots(1, 2)
    figures.draw_hash(with_arrows, ROTATION, np.eye(2), reach=2.5)
    figures.draw_hash(without, ROTATION, np.eye(2))
    assert not without.texts
    assert len(without.patches) == len(with_arrows.patches) == 5, "the circle, and a sector for each corner"
    assert [line.get_marker() for line in without.lines] == list(figures.MARKERS[:2])
    plt.close(figure)


def test_there_is_a_marker_for_every_colour():
    assert len(figures.COLOURS) == len(figures.MARKERS) == len(set(figures.MARKERS)) == len(set(figures.COLOURS))


def test_a_look_up_shows_each_weight_by_area_and_in_per_cent():
    figure, ax = plt.subplots()
    figures.draw_look_up(ax, np.array([2.0, 0]), np.array([[1.0, 0], [3, 3]]), np.array([0.2, 0.8]))
    assert [text.get_text() for text in ax.texts if text.get_text()] == ["query", "key 0: 20%", "key 1: 80%"]
    light, heavy = (disc.get_sizes()[0] for disc in ax.collections)
    assert heavy == pytest.approx(4 * light)
    assert {line.get_marker() for line in ax.lines} >= set(figures.MARKERS[:2])
    plt.close(figure)


@pytest.mark.parametrize("direction", [(2.0, 0.0), (-2.0, 0.0), (0.0, 2.0), (0.0, -2.0), (1.5, 1.5), (-1.5, -1.5)])
def test_the_label_of_an_arrow_stands_beyond_its_tip_and_not_on_it(direction):
    figure, ax = plt.subplots(figsize=(3, 3))
    ax.set(xlim=(-4, 4), ylim=(-4, 4))
    figures.draw_arrows(ax, [direction], ["query"])
    figure.canvas.draw()
    (label,) = (text for text in ax.texts if text.get_text())
    assert not label.get_window_extent().contains(*ax.transData.transform(direction))
    plt.close(figure)


def test_letters_stand_in_rows_and_are_darker_where_the_weight_is_greater():
    figure, ax = plt.subplots()
    figures.draw_letters(ax, "ab\nde", np.array([0, 0.2, 0.8, 0, 0]), asking=4, n_columns=3)
    assert [text.get_text() for text in ax.texts] == list("ab↵de")
    places = [text.get_position() for text in ax.texts]
    assert places == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1)]
    shades = ax.images[0].get_array()
    assert shades.shape == (2, 3) and shades[0, 2] > shades[0, 1] > shades[0, 0] == shades[1, 2] == 0
    assert [text.get_color() for text in ax.texts] == ["black", "black", "white", "black", "black"]
    (frame,) = ax.patches
    assert (frame.get_x() + 0.5, frame.get_y() + 0.5) == places[4]
    plt.close(figure)


def test_the_number_of_an_arrow_can_be_read_upon_the_marker_of_a_point():
    figure, ax = plt.subplots()
    figures.draw_hash(ax, ROTATION, np.eye(2), reach=2.5)
    numbers = [text for text in ax.texts if text.get_text()]
    markers = max(line.get_zorder() for line in ax.lines)
    assert all(number.get_zorder() > markers and number.get_path_effects() for number in numbers)
    plt.close(figure)


def test_words_bear_the_number_of_their_bucket_and_an_empty_place_is_a_dotted_frame():
    figure, ax = plt.subplots()
    figures.draw_words(ax, 2, ["same", None, "word"], [3, -1, 0])
    assert [text.get_text() for text in ax.texts] == ["same", "3", "word", "0"]
    assert [patch.get_linestyle() for patch in ax.patches] == ["solid", ":", "solid"] and not ax.patches[1].get_fill()
    plt.close(figure)
