"""The worked examples in the text of lab 08 are what the functions give."""

import numpy as np
import pytest

from autograder.checking.call import form
from autograder.exercises import exercise_named
from reformer.sampling import sample_token
from tests.notebooks.notebook_files import SOLUTIONS, read


def both(name):
    """The reference and the loop twin."""
    exercise = exercise_named(name)
    return exercise.reference, exercise.twin


@pytest.fixture(scope="module")
def text():
    notebook = read(next(path for path in SOLUTIONS if path.stem == "lab08_trax_chatbot"))
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_the_example_of_pad_and_bucket(text):
    assert "`pad_and_bucket([[5, 6], [7, 8, 9], [4], [3, 2, 1]], [2, 4], batch_size=2)` has two batches" in text
    sequences = [[5, 6], [7, 8, 9], [4], [3, 2, 1]]
    for function in both("pad_and_bucket"):
        for tokens, weights in function(sequences, [2, 4], batch_size=2):
            shown = [np.asarray(array).astype(int).tolist() for array in (tokens, weights)]
            assert f"| {tokens.shape[1]} | {shown[0]} | {shown[1]} |" in text
        assert "With boundaries `[2]` sequence 1 is too long." in text
        with pytest.raises(ValueError, match="sequence 1 "):
            function(sequences, [2], batch_size=2)


def test_the_example_of_sample_reply(text):
    assert "The prompt is [2, 1], the numbers are 0.45, 0.85, 0.65, 0.15, 0.55." in text
    assert "The reply is [2, 3, 2]." in text
    chances = np.array([[1, 3, 3, 3], [1, 2, 3, 4], [4, 1, 2, 3], [2, 3, 4, 1]]) / 10
    for token in (1, 2, 3):
        assert f"| token {token} | {' | '.join(map(str, chances[token]))} |" in text
    uniforms, tokens = [0.45, 0.85, 0.65, 0.15, 0.55], [2, 1]
    for uniform in uniforms[:4]:
        token = int(sample_token(np.log(chances[tokens[-1]]), uniform))
        ends = ", ".join(f"{end:g}" for end in np.cumsum(chances[tokens[-1]]))
        assert f"| {tokens} | {uniform} | {ends} | {token}" in text
        tokens.append(token)
    for function in both("sample_reply"):
        options = {"temperature": 1.0, "stop": 0}
        assert function(form("row", np.log(chances)), [2, 1], np.array(uniforms), **options) == [2, 3, 2]


def test_the_example_of_reformer_lm(text):
    from autograder.exercises.lab08.reformer_lm import settings_of

    sizes = dict(d_model=8, n_heads=2, n_layers=1, n_rounds=1, n_buckets=4, chunk_length=4)
    options = ", ".join(f"{name}={number}" for name, number in sizes.items())
    assert f"`reformer_lm(7, 16, {options})` learns 839 numbers" in text
    assert settings_of(7, 16, **sizes).n_parameters == 839 == 56 + 128 + 192 + 16 + 280 + 16 + 32 + 119
    assert "| 56 + 128 |" in text and "| 192 + 16 |" in text and "| 280 + 16 |" in text and "| 32 + 119 |" in text


def test_the_example_of_training_loop(text):
    chances, weights = np.array([1 / 2, 1 / 4, 1 / 8, 1 / 2, 1 / 2]), np.array([1, 1, 1, 0, 0])
    surprises = -np.log(chances)
    assert f"| surprise | {' | '.join(f'{one:.3f}' for one in surprises)} |" in text
    assert f"| weight | {' | '.join(map(str, weights))} |" in text
    tokens = [4, 1, 3, 0, 0]
    assert f"| tokens | {' | '.join(map(str, tokens))} |" in text
    assert f"| the model has read, by its shift | {' | '.join(map(str, [0, *tokens[:-1]]))} |" in text
    assert (
        f"/ 3 = {np.sum(weights * surprises) / 3:.3f}. With the padding in it would be {np.mean(surprises):.3f}."
        in text
    )
