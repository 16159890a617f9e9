"""A Reformer learns to repeat booking codes: `python data/results/dialogues.py`.

Dialogues of data/dialogues, read word by word: two reversible layers with LSH attention of 2 rounds. A code is spelled,
and repeated anywhere from 9 to 120 tokens after it was last heard; repeats count ten times in the loss. Each time a
dialogue is drawn, its codes are drawn anew, as when it was made: none can be learned by heart.
Beside it, for comparison, the same model with attention to all keys, and one whose buckets are random: as full, but
they know nothing of the tokens.

Loss and share of the symbols foretold on held-out dialogues, on the way and at the end; by distance; with other
attention than in training; how often a code is right in sampled replies, by temperature; CPU seconds; and replies and
whole dialogues, unedited, go to dialogues.json. The parameters of the first Reformer go to dialogues.npz; what it says
is read and written with 8 rounds. A training takes less than three CPU minutes. One that is in the file already is not
run again.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy starts its threads

import argparse
import time
from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path
from unittest import mock

import numpy as np
import storing

from reformer.model import ReformerLM
from reformer.optimizer import learning_rate_at
from reformer.parameters import map_parameters, save_parameters
from reformer.training import start_training, train
from trax_bridge.batches import draw_batch, pad_and_bucket
from trax_bridge.chat import Reader, sample_reply
from trax_bridge.code_copying import copy_accuracy, find_codes, judge, redraw_codes, shares, weigh_repeats
from trax_bridge.dialogues import END_OF_TURN, SPEAKERS, UNKNOWN
from trax_bridge.trained import own_dialogues, own_vocabulary

HERE = Path(__file__).resolve().parent
MODEL = ReformerLM(
    vocabulary_size=479,
    max_length=256,
    d_model=64,
    d_ff=128,
    n_heads=2,
    n_layers=2,
    positions="sinusoidal",
    n_rounds=2,
    n_buckets=8,
    chunk_length=32,
    fast=True,
)
BOUNDARIES = (96, 128, 160, 192, 256)
BATCH_SIZE, REPEATS_COUNT, UNKNOWN_SHARE = 8, 10, 0.01
N_STEPS, STEPS_OF_A_TURN = 2000, 100
RATE = {"peak": 1e-2, "n_warmup": 100, "decay": "cosine", "n_steps": N_STEPS}
TRAINED = {"LSH-2": {}, "all keys": {"attention": "shared_qk"}, "random buckets": {}}
EVALUATED = {f"LSH-{rounds}": {"n_rounds": rounds} for rounds in (1, 2, 4, 8)} | {
    "all keys": {"attention": "shared_qk"}
}
READING = replace(MODEL, n_rounds=8)  # whoever talks with the model
SEEDS = {"LSH-2": (0, 1, 2), "all keys": (0,), "random buckets": (0,)}
N_ON_THE_WAY = 40  # of the held-out dialogues, to follow a training
DISTANCES = (16, 32, 64, 128)
TEMPERATURES = (0.0, 0.5, 1.0, 1.5)
N_REPLIES = 40  # at each temperature, with a code to repeat
LONGEST_TURN, N_TURNS = 40, 16


def batches(name, n_dialogues=None, batch_size=50):
    """Dialogues of a file as batches of `pad_and_bucket`."""
    sequences = [own_vocabulary().encode_dialogue(turns) for turns in own_dialogues(name)[:n_dialogues]]
    return pad_and_bucket(sequences, BOUNDARIES, batch_size=batch_size)


@cache
def known_dialogues():
    """What `draw_batch` needs to draw from the dialogues to train on."""
    every = batches("training", batch_size=len(own_dialogues("training")))
    buckets = [(tokens, weigh_repeats(own_vocabulary(), tokens, weights, REPEATS_COUNT)) for tokens, weights in every]
    unknown = own_vocabulary().numbers[UNKNOWN]
    return dict(buckets=buckets, batch_size=BATCH_SIZE, unknown=unknown, unknown_share=UNKNOWN_SHARE)


def draw(rng):
    """A batch to train on, with codes of its own."""
    inputs, targets, *others = draw_batch(rng, **known_dialogues())
    return *redraw_codes(rng, own_vocabulary(), inputs, targets), *others


def random_buckets(model, queries_keys, rng):
    """In the place of `blocks.hash_heads`: buckets of the same shape that know nothing of the vectors."""
    *rows, length, _ = queries_keys.shape
    return rng.integers(model.n_buckets, size=(*rows, model.n_rounds, length)).astype(model.bucket_dtype)


def hashing(name):
    """A context in which a model of that name hashes."""
    return mock.patch("reformer.blocks.hash_heads", random_buckets) if name == "random buckets" else nullcontext()


def train_model(name, seed, n_steps, progress=False, on_the_way=True):
    """Train a model. Returns the state, its CPU seconds, and its way: [step, seconds, loss, copy accuracy], ...

    Raises KeyboardInterrupt where it was stopped, which `train` does not.
    """
    model, state, seconds, way = replace(MODEL, **TRAINED[name]), None, 0.0, []
    few, rate = batches("held_out", N_ON_THE_WAY), partial(learning_rate_at, **RATE)
    state = start_training(model, np.random.default_rng(seed))
    with hashing(name):
        for last in range(min(STEPS_OF_A_TURN, n_steps), n_steps + 1, STEPS_OF_A_TURN):
            before = time.process_time()
            state = train(model, draw, state, n_steps=last, learning_rate=rate, progress=progress)
            seconds += time.process_time() - before
            if state.step < last:
                raise KeyboardInterrupt
            if on_the_way:
                loss, counts = judge(model, state.parameters, own_vocabulary(), few)
                way.append([last, round(seconds, 1), round(loss, 4), round(copy_accuracy(counts), 4)])
                print(f"{name}, seed {seed}: {way[-1]}", flush=True)
    return state, seconds, way


def figures(name, parameters):
    """Loss and codes of a trained model on all held-out dialogues, and with other attention than in training."""
    own = replace(MODEL, **TRAINED[name])
    with hashing(name):
        found = judged(own, parameters)
        found["read_with"] = {kind: judged(replace(MODEL, **fields), parameters) for kind, fields in EVALUATED.items()}
    return found


def judged(model, parameters):
    """Loss of a model on all held-out dialogues, and how many symbols of codes it foretells."""
    loss, counts = judge(model, parameters, own_vocabulary(), batches("held_out"))
    return {"loss": round(loss, 4), "copy_accuracy": round(copy_accuracy(counts), 4), **shares(counts, DISTANCES)}


def prompts():
    """Held-out dialogues up to a turn of Person 2 that repeats a code: (tokens, code in symbols), the first of each."""
    for turns in own_dialogues("held_out"):
        for number in range(1, len(turns), 2):
            before, after = (own_vocabulary().encode_dialogue(turns[: number + more]) for more in (0, 1))
            words = [own_vocabulary().words[token] for token in after]
            repeats = [mention for mention in find_codes(words) if mention.distance and mention.start > len(before)]
            n_known = len(own_vocabulary().encode_dialogue(turns[: number - 1]))
            # where Person 1 has just said it, a mere yes is as good
            if repeats and repeats[0].start - repeats[0].distance < n_known:
                yield [*before, own_vocabulary().numbers[SPEAKERS[1]]], tuple(words[repeats[0].start : repeats[0].end])
                break


def reply_to(parameters, tokens, temperature, rng):
    """The tokens of one turn that the Reformer says after those."""
    end, room = own_vocabulary().numbers[END_OF_TURN], min(LONGEST_TURN, MODEL.max_length - len(tokens) - 1)
    return sample_reply(Reader(READING, parameters), tokens, rng.random(room), temperature=temperature, stop=end)


def right_codes(parameters, temperature):
    """Share of sampled replies with a code, and with the right one; and some of them with what came before."""
    rng, told, right, examples = np.random.default_rng(0), 0, 0, []
    asked = list(prompts())[:N_REPLIES]
    for tokens, code in asked:
        reply = reply_to(parameters, tokens, temperature, rng)
        words = [own_vocabulary().words[token] for token in reply]
        said = {tuple(words[mention.start : mention.end]) for mention in find_codes(words)}
        told, right = told + bool(said), right + (code in said)
        if len(examples) < 3:
            line = own_vocabulary().decode(tokens).splitlines()[-2]
            examples.append([line, own_vocabulary().decode(reply), "".join(code).replace("+", "")])
    return {"a_code": round(told / len(asked), 4), "the_code": round(right / len(asked), 4), "examples": examples}


def whole_dialogue(parameters, temperature, seed=0):
    """A dialogue in which the model says everything, both persons' turns."""
    rng, tokens = np.random.default_rng(seed), []
    for number in range(N_TURNS):
        tokens.append(own_vocabulary().numbers[SPEAKERS[number % 2]])
        if len(tokens) + LONGEST_TURN + 1 > MODEL.max_length:
            tokens.pop()
            break
        tokens += [*reply_to(parameters, tokens, temperature, rng), own_vocabulary().numbers[END_OF_TURN]]
    return own_vocabulary().decode(tokens).splitlines()


def read_blindly(parameters, n_rounds):
    """Copy accuracy of a Reformer that reads with random buckets: what chunks show without a hash that sees."""
    with hashing("random buckets"):
        return judged(replace(MODEL, n_rounds=n_rounds), parameters)["copy_accuracy"]


def says(stored):
    """What the stored model reads with random buckets, and what it says, by temperature."""
    parameters = map_parameters(lambda array: array.astype(np.float32), stored)
    return {
        "read_blindly": {f"LSH-{rounds}": read_blindly(parameters, rounds) for rounds in (2, 8)},
        "replies": {str(warm): right_codes(parameters, warm) for warm in TEMPERATURES},
        "dialogues": {str(warm): whole_dialogue(parameters, warm) for warm in TEMPERATURES[1:]},
    }


def trained(name, seed, progress, out):
    """What is stored of a training; of the first Reformer also what it says, and its parameters."""
    state, seconds, way = train_model(name, seed, N_STEPS, progress)
    row = {"cpu_seconds": round(seconds, 1), **figures(name, state.parameters), "way": way}
    row["copying_appears"] = {
        f"{share:.0%}": next(([step, at] for step, at, _, accuracy in way if accuracy >= share), None)
        for share in (0.1, 0.5, 0.95)
    }
    print(f"{name}, seed {seed}: {row}", flush=True)
    if (name, seed) == ("LSH-2", 0):
        small = map_parameters(lambda array: array.astype(np.float16), state.parameters)
        save_parameters(out / "dialogues.npz", small)
        row |= {"first_losses": [round(loss, 4) for loss in state.losses[:30]], **says(small)}
    return row


def settings():
    """What a reader needs to run the same again."""
    return {
        "model": asdict(MODEL),
        "trained": TRAINED,
        "boundaries": BOUNDARIES,
        "batch_size": BATCH_SIZE,
        "repeats_count": REPEATS_COUNT,
        "unknown_share": UNKNOWN_SHARE,
        "codes": "drawn anew with each batch",
        "steps": N_STEPS,
        "rate": RATE,
        "evaluated": EVALUATED,
        "reading_rounds": READING.n_rounds,
        "n_on_the_way": N_ON_THE_WAY,
        "temperatures": TEMPERATURES,
        "n_replies": N_REPLIES,
    }


def main(arguments=None):
    """Train what is not there yet, judge, store after each training."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--names", nargs="+", choices=TRAINED, default=list(TRAINED))
    parser.add_argument("--seeds", nargs="+", type=int, help="the same for all; without it three, or one of the others")
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    parser.add_argument("--progress", action="store_true", help="show progress bars")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / "dialogues.json"
    every = [(name, seed) for name in asked.names for seed in asked.seeds or SEEDS[name]]
    waiting = [
        (name, seed) for name, seed in every if str(seed) not in storing.read(path).get("trainings", {}).get(name, {})
    ]
    for number, (name, seed) in enumerate(waiting, start=len(every) - len(waiting) + 1):
        print(f"training {number} of {len(every)}: {name}, seed {seed}", flush=True)
        try:
            row = trained(name, seed, asked.progress, asked.out)
        except KeyboardInterrupt:
            print(f"{number - 1} of {len(every)} trainings are kept, this one is not. Run it again for the rest.")
            raise
        trainings = storing.read(path).get("trainings", {})
        trainings[name] = dict(sorted((trainings.get(name, {}) | {str(seed): row}).items()))
        storing.write(path, settings(), {"trainings": trainings})


if __name__ == "__main__":
    main()
