"""The worked examples in the text of lab 07 are what the functions give."""

import numpy as np
import pytest

from autograder.exercises import exercise_named
from tests.notebooks.notebook_files import SOLUTIONS, read


def both(name):
    """The reference and the loop twin."""
    exercise = exercise_named(name)
    return exercise.reference, exercise.twin


@pytest.fixture(scope="module")
def text():
    notebook = read(next(path for path in SOLUTIONS if path.stem == "lab07_reformer"))
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_the_example_of_chunked_feed_forward(text):
    assert "The result is −1, 1, −5, 5, 0." in text
    for function in both("chunked_feed_forward"):
        inputs = np.array([[1.0], [3.0], [10.0], [20.0], [7.0]])
        result = function(inputs, lambda x: x - x.mean(axis=-2, keepdims=True), chunk_length=2)
        assert result.ravel().tolist() == [-1, 1, -5, 5, 0]


def test_the_example_of_axial_positions(text):
    shown = "| vector | (1, 10) | (1, 20) | (1, 30) | (2, 10) | (2, 20) | (2, 30) |"
    assert shown in text and f"{256 * 512 + 256 * 512:,}" in text and round(65536 * 1024 / 1e6) == 67
    for function in both("axial_positions"):
        result = function(np.array([[1.0], [2.0]]), np.array([[10.0], [20.0], [30.0]]))
        assert "| vector | " + " | ".join(f"({row:.0f}, {column:.0f})" for row, column in result) + " |" == shown


def test_the_example_of_cross_entropy(text):
    assert "is (0.693 + 1.386) / 2 = 1.040. With weights 1.5, 0.5 and 0 it is 0.866." in text
    logits = np.log([[0.25, 0.25, 0.5], [0.25, 0.625, 0.125], [0.01, 0.09, 0.9]])
    for function in both("cross_entropy"):
        for weights, loss in (([1, 1, 0], 1.040), ([1.5, 0.5, 0], 0.866)):
            assert function(logits, np.array([2, 0, 0]), np.array(weights, float)) == pytest.approx(loss, abs=5e-4)


def test_the_example_of_reformer_block(text):
    assert "| **y1** | (1, −1) | (11, 9) |" in text and "| **y2** | (4, 1) | (2, 5) |" in text
    norm, one, zero = {"norm": {"scale": np.ones(2), "bias": np.zeros(2)}}, np.eye(2), np.zeros(2)
    attention = norm | {"w_qk": one, "w_v": one, "w_out": one}
    feed_forward = norm | {"w_in": one, "b_in": zero, "w_out": one, "b_out": zero}
    x1, x2 = np.array([[0.0, 0.0], [10.0, 10.0]]), np.array([[3.0, 1.0], [1.0, 5.0]])
    for function in both("reformer_block"):
        parameters = {"attention": attention, "feed_forward": feed_forward}
        y1, y2 = function(x1, x2, parameters, np.ones((1, 2, 1)), n_heads=1, chunk_length=2)
        np.testing.assert_allclose(y1, [[1, -1], [11, 9]], atol=1e-5)
        np.testing.assert_allclose(y2, [[4, 1], [2, 5]], atol=1e-5)


def test_the_example_of_adam_step(text):
    shown = "| step 2 | 1, 2 | 0.37, 0.155 | 0.1964, 0.0849 | 1.947, 0.816 | 2.227, 1.464 | −0.01474, −0.00157 |"
    assert shown in text
    for function in both("adam_step"):
        state = np.array([0.004, -0.006]), np.zeros(2), np.zeros(2)
        for step, gradient in ((1, [3, -0.5]), (2, [1, 2])):
            parameter, *moments = state
            state = function(parameter, np.array(gradient, float), *moments, step, learning_rate=0.01)
            if step == 1:
                np.testing.assert_allclose(state, [[-0.006, 0.004], [0.3, -0.05], [0.18, 0.005]], atol=1e-9)
        np.testing.assert_allclose(state[0], [-0.01474, -0.00157], atol=5e-6)
        np.testing.assert_allclose(state[1:], [[0.37, 0.155], [0.1964, 0.0849]], atol=1e-9)
        np.testing.assert_allclose(state[1] / (1 - 0.9**2), [1.947, 0.816], atol=5e-4)
        np.testing.assert_allclose(np.sqrt(state[2] / (1 - 0.98**2)), [2.227, 1.464], atol=5e-4)


@pytest.mark.parametrize(
    ("row", "options"),
    [
        ("| as they are | 0.1, 0.3, 0.6, 1 | 0 | 1 | 2 | 3 |", {}),
        ("| temperature 0.5 | 0.033, 0.167, 0.467, 1 | 1 | 1 | 2 | 3 |", {"temperature": 0.5}),
        ("| `top_k=3` | 0, 0.222, 0.556, 1 | 1 | 1 | 2 | 3 |", {"top_k": 3}),
    ],
)
def test_the_example_of_sample_token(text, row, options):
    assert row in text
    cells = row.strip("| ").split(" | ")
    ends, tokens = [float(number) for number in cells[1].split(",")], [int(token) for token in cells[2:]]
    logits, evenly = np.log([0.1, 0.2, 0.3, 0.4]), (np.arange(2000) + 0.5) / 2000
    for function in both("sample_token"):
        assert function(np.tile(logits, (4, 1)), np.array([0.05, 0.15, 0.45, 0.95]), **options).tolist() == tokens
        drawn = function(np.tile(logits, (2000, 1)), evenly, **options)
        np.testing.assert_allclose(np.cumsum(np.bincount(drawn, minlength=4)) / 2000, ends, atol=1e-3)
