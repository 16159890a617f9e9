"""Predictions: every choice gets its reply, live and as a still page."""

import pytest

from classroom.ask import Question, ask

CHOICES = {"2": "One too many.", "`1 + 0`": "That is 1.", "3": "Two too many."}


def test_a_choice_shows_its_own_reply_and_no_other():
    question = Question("How much is 1?", CHOICES, "`1 + 0`")
    for choice, reply in CHOICES.items():
        question.choose(choice)
        assert reply in question.reply.value
        assert ("✓" in question.reply.value) == (choice == "`1 + 0`")
        assert 'aria-live="polite"' in question.reply.value


def test_pressing_a_button_chooses():
    question = Question("How much is 1?", CHOICES, "`1 + 0`")
    question.buttons[0].click()
    assert "One too many." in question.reply.value


def test_a_page_without_a_kernel_holds_every_reply_to_open():
    still = Question("Is 1 < 2?", CHOICES, "3")._repr_mimebundle_()["text/html"]
    assert still.count("<details>") == 3
    assert all(reply in still for reply in CHOICES.values())
    assert "<code>1 + 0</code>" in still and "1 &lt; 2" in still


def test_a_live_notebook_gets_the_widget_as_well():
    assert "application/vnd.jupyter.widget-view+json" in Question("?", CHOICES, "3")._repr_mimebundle_()


@pytest.mark.parametrize(
    ("choices", "right", "word"),
    [({"a": "x"}, "a", "right"), ({"a": "x", "b": "y"}, "c", "right"), ({"a": "x", "b": " "}, "a", "choices")],
)
def test_a_question_that_cannot_be_answered_is_refused_by_name(choices, right, word):
    with pytest.raises(ValueError, match=f"^{word} needs"):
        ask("?", choices, right=right)
