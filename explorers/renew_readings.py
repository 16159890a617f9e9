"""Choose the dialogues of the explorer *reading the model* anew, for the stored model as it is: one CPU minute.

`python -m explorers.renew_readings` writes readings.json and the explorer's still. Run it when another model has been
stored in data/results/dialogues.npz. The still needs Chromium, as in `explorers.stills`.
"""

import json

from explorers import ReadingExplorer
from explorers.readings import CHOSEN, KINDS, Readings, sources_of, stored_choice
from trax_bridge.trained import own_dialogues, stored_model


def choose():
    """The held-out dialogues that the rules want: {name of the rule: number}, each another one."""
    model, parameters, vocabulary = stored_model()
    scores = {name: {} for name in KINDS}
    for number, turns in enumerate(own_dialogues("held_out")):
        tokens = vocabulary.encode_dialogue(turns)
        fitting = {name: kind for name, kind in KINDS.items() if len(tokens) <= kind.most_tokens}
        if fitting and max(sources_of([vocabulary.words[token] for token in tokens])) >= 0:
            (dialogue,) = Readings(model, parameters, vocabulary, [turns]).dialogues
            for name, kind in fitting.items():
                scores[name][number] = kind.score(dialogue, kind.symbol(dialogue))
    chosen = {}
    for name, of_rule in scores.items():
        left = [number for number in of_rule if number not in chosen.values()]
        chosen[name] = max(left, key=of_rule.get)
    return chosen


def write(dialogues, alternative_text):
    """Write readings.json."""
    chosen = {"dialogues": dialogues, "alternative_text": alternative_text}
    CHOSEN.write_text(json.dumps(chosen, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    stored_choice.cache_clear()


def main():
    chosen = choose()
    write(chosen, "")
    ReadingExplorer.alternative_text = ReadingExplorer().in_words()
    write(chosen, ReadingExplorer.alternative_text)
    print(f"dialogues {chosen}\n{ReadingExplorer.alternative_text}")

    from explorers.stills import make_stills  # needs Playwright, which nothing above does

    make_stills([ReadingExplorer])


if __name__ == "__main__":
    main()
