"""`ask`: a question to answer before the result is shown, with a reply to every choice.

One object gives the buttons of a live notebook and the `<details>` of a page without a kernel.
"""

import html

import ipywidgets as widgets
from IPython.display import display


def ask(question, choices, *, right):
    """Ask for a prediction: one button for each choice, and a reply when one is pressed.

    Parameters
    ----------
    question : the question, as a sentence; text between backticks is set as code
    choices : dict from each choice to the reply it gets
    right : the choice that is right

    Raises ValueError if there are fewer than two choices, `right` is none of them, or a reply is empty.
    """
    if len(choices) < 2 or right not in choices:
        raise ValueError(f"right needs to be one of at least two choices, got {right!r} and {list(choices)}")
    if not all(reply.strip() for reply in choices.values()):
        raise ValueError("choices needs a reply for every choice, got an empty one")
    display(Question(question, choices, right))


class Question:
    """A question with its choices and replies; a notebook shows it live, a page without a kernel as `<details>`."""

    def __init__(self, question, choices, right):
        self.question, self.choices, self.right = question, choices, right
        self.reply = widgets.HTML()
        self.buttons = [widgets.Button(description=choice, layout={"width": "auto"}) for choice in choices]
        for button in self.buttons:
            button.style.button_color = "transparent"
            button.style.text_color = "var(--jp-ui-font-color1, #222)"
            button.layout.border = "1px solid var(--jp-border-color1, #bbb)"
            button.on_click(lambda pressed: self.choose(pressed.description))
        title = widgets.HTML(f"<b>Predict.</b> {as_html(question)}")
        self.widget = widgets.VBox([title, widgets.VBox(self.buttons), self.reply], layout={"max_width": "46em"})

    def choose(self, choice):
        """Mark a choice and show its reply, as pressing its button does."""
        for button in self.buttons:
            button.style.font_weight = "bold" if button.description == choice else "normal"
        self.reply.value = f'<div role="status" aria-live="polite">{self.reply_to(choice)}</div>'

    def reply_to(self, choice):
        """Return the reply to a choice as HTML."""
        mark = "✓ Yes." if choice == self.right else "✗ Not this one."
        return f"<b>{mark}</b> {as_html(self.choices[choice])}"

    def _repr_mimebundle_(self, **kwargs):
        bundle = self.widget._repr_mimebundle_(**kwargs)
        still = "".join(
            f"<details><summary>{as_html(choice)}</summary><p>{self.reply_to(choice)}</p></details>"
            for choice in self.choices
        )
        bundle["text/html"] = f'<div class="ask"><p><b>Predict.</b> {as_html(self.question)}</p>{still}</div>'
        bundle["text/plain"] = f"Predict. {self.question} " + " / ".join(self.choices)
        return bundle


def as_html(text):
    """Escape a sentence and set what stands between backticks as code."""
    parts = html.escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
