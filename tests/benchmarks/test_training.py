"""The tasks and measures of `benchmarks.training`, without the training."""

import numpy as np

from benchmarks.training import (
    CODE_LENGTH,
    NUMBER,
    TEXT_LENGTH,
    VOCABULARY,
    arrays_in,
    draw_dialogue,
    draw_texts,
    gradient_errors,
    measure_stacks,
)
from reformer.model import ReformerLM


def test_a_dialogue_repeats_name_and_code_and_nothing_else_has_to_be_copied():
    rng = np.random.default_rng(0)
    distances = set()
    for _ in range(100):
        asked, answer, copied = draw_dialogue(rng)
        assert len(asked) + len(answer) <= TEXT_LENGTH + 1
        words = [word for word, is_copied in zip(answer, copied, strict=True) if is_copied]
        code_at = asked.index("code") + 2
        name_at = asked.index(words[0])
        assert words[1:] == asked[code_at : code_at + CODE_LENGTH] and len(words) == 1 + CODE_LENGTH
        assert all(word in NUMBER for word in asked + answer)
        distances.add((len(asked) + copied.index(True) - name_at, len(asked) - code_at))
    assert len(distances) > 20  # no fixed distance would do instead of looking


def test_only_the_answer_counts_and_its_copied_words_only_if_asked_for():
    answers, copied = (draw_texts(np.random.default_rng(3), n_sequences=20, copied_only=only) for only in (False, True))
    np.testing.assert_array_equal(answers.inputs, copied.inputs)
    assert np.all(copied.weights <= answers.weights)
    assert np.all(copied.weights.sum(axis=1) == 1 + CODE_LENGTH)
    for inputs, targets, weights in zip(*answers, strict=True):
        counted = [VOCABULARY[token] for token in targets[weights > 0]]
        assert counted[:3] == ["one", "moment", "please"] and counted[-1] == "<end>"
        np.testing.assert_array_equal(inputs[1:], targets[:-1])


def test_the_measures_of_stacks_show_flat_memory_and_equal_gradients():
    fields = dict(vocabulary_size=2, max_length=128, d_model=8, d_ff=16, attention="shared_qk", activation="gelu")
    shallow, deep = (measure_stacks(ReformerLM(**fields, n_layers=n), seed=0) for n in (1, 6))
    assert deep["reversible"]["held_bytes"] == shallow["reversible"]["held_bytes"]
    assert deep["residual"]["held_bytes"] > 4 * shallow["residual"]["held_bytes"]
    errors = gradient_errors(ReformerLM(**fields, n_layers=6), 0, np.float64)
    assert 0 < errors["together"] <= errors["worst"] < 1e-12


def test_arrays_are_found_in_any_nesting():
    a, b, c = np.zeros(1), np.ones(2), np.full(3, 2.0)
    found = arrays_in(((a, [b]), {"x": {"y": c}}))
    assert [array.tolist() for array in found] == [a.tolist(), b.tolist(), c.tolist()]
