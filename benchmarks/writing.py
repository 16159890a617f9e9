"""What it costs in quality that an answer of LSH attention stays: `python -m benchmarks.writing`, two or three minutes.

Trains the two-layer model of `benchmarks.training` on its dialogues, the ordinary way. Then it is told new questions
and the right answers, word by word, and asked for each next word in three ways:

    evaluated    all at once, as in training
    again        everything computed again for every word; the last row counts
    newest       each word answered once, as the newest so far, as `reformer.sampling` writes

Stored in results/writing.json: loss and accuracy on the words of the answers, for several draws of rotations; how far
the probabilities of "newest" are from those of "again" (total variation, and share of words with the same likeliest
one); and the share of right words where the model writes by itself.
"""

import argparse
import json
from functools import partial

import numpy as np

from benchmarks.attention import RESULTS
from benchmarks.machine import describe_machine, describe_versions, today
from benchmarks.training import NUMBER, TEXT_LENGTH, VOCABULARY, draw_dialogue, draw_texts
from reformer.attention import softmax
from reformer.losses import cross_entropy
from reformer.model import ReformerLM
from reformer.optimizer import learning_rate_at
from reformer.sampling import sample
from reformer.training import start_training, train

N_STEPS, N_TEXTS, SEEDS = 800, 48, (0, 1, 2)


def train_model(seed):
    sizes = dict(n_rounds=2, n_buckets=10, chunk_length=16)
    model = ReformerLM(vocabulary_size=len(VOCABULARY), max_length=TEXT_LENGTH, fast=True, **sizes)
    rate = partial(learning_rate_at, peak=4e-3, n_warmup=100, decay="cosine", n_steps=N_STEPS)
    draw = partial(draw_texts, n_sequences=16)
    state = start_training(model, np.random.default_rng(seed))
    return model, train(model, draw, state, n_steps=N_STEPS, learning_rate=rate, progress=False).parameters


def next_words(model, parameters, asked, answer, seed):
    """Logits of the words of the answer, (words, V), each after the right words before it, in the three ways."""
    tokens = np.array([[NUMBER[word] for word in [*asked, *answer]]])
    known, score = len(asked), partial(model.logits, parameters, seed=seed)
    newest = score(tokens[:, :-1], settled=known)
    again = [score(tokens[:, :n])[0, -1] for n in range(known, tokens.shape[1])]
    return {
        "evaluated": score(tokens[:, :-1])[0, known - 1 :],
        "again": np.stack(again),
        "newest": newest[0, known - 1 :],
    }


def measure(model, parameters, seed):
    rng = np.random.default_rng(1000)  # the same dialogues for every draw of rotations
    dialogues = [draw_dialogue(rng)[:2] for _ in range(N_TEXTS)]
    found = [next_words(model, parameters, asked, answer, seed) for asked, answer in dialogues]
    logits = {way: np.concatenate([ways[way] for ways in found]) for way in found[0]}
    right = np.array([NUMBER[word] for _, answer in dialogues for word in answer])
    row = {"seed": seed}
    for way, scores in logits.items():
        loss = cross_entropy(scores, right, np.ones(len(right), np.float32))
        accuracy = np.mean(np.argmax(scores, axis=-1) == right)
        row[way] = {"loss": round(float(loss), 4), "accuracy": round(float(accuracy), 4)}
    probabilities = {way: softmax(scores) for way, scores in logits.items()}
    apart = np.sum(np.abs(probabilities["newest"] - probabilities["again"]), axis=-1) / 2
    same = np.argmax(logits["newest"], axis=-1) == np.argmax(logits["again"], axis=-1)
    row |= {"total_variation": round(float(np.mean(apart)), 4), "same_first_choice": round(float(np.mean(same)), 4)}
    written = [write_answer(model, parameters, asked, len(answer), seed) for asked, answer in dialogues]
    hits = np.concatenate([words == expected for words, expected in zip(written, _numbers(dialogues), strict=True)])
    return row | {"written_by_itself": round(float(np.mean(hits)), 4)}


def write_answer(model, parameters, asked, n_new, seed):
    prompt = np.array([[NUMBER[word] for word in asked]])
    return sample(model, parameters, prompt, n_new=n_new, rng=None, temperature=0, seed=seed)[0, len(asked) :]


def _numbers(dialogues):
    return [[NUMBER[word] for word in answer] for _, answer in dialogues]


def main():
    argparse.ArgumentParser(prog="python -m benchmarks.writing", description=__doc__.split("\n")[0]).parse_args()
    model, parameters = train_model(0)
    rows = [measure(model, parameters, seed) for seed in SEEDS]
    for row in rows:
        print(row)
    content = {"machine": describe_machine(), "versions": describe_versions("numpy"), "date": today()}
    content |= {"steps": N_STEPS, "texts": N_TEXTS, "rows": rows}
    (RESULTS / "writing.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
