"""Train in Trax what lessons 07b and 08 train in NumPy: `python data/results/in_trax.py`.

Two trainings by Trax's own layers, loss and Adam, over three seeds each. "duplication": words of 31 symbols, each said
twice; one layer. "dialogues": the dialogues of data/dialogues, as in dialogues.py but without unknown words, and with
fewer lengths, since each one compiles anew. There the token vectors that Trax draws are made eight times as large
before the first step: as drawn, they have a fifth of the size of the position vectors, and copying did not appear
within 700 steps (seed 0). Beside seed 0, in the same process and by turns, `reformer` trains the same model from the
same numbers.

What was trained is read back by `from_trax` and judged in NumPy on held-out words or dialogues, with the rounds of the
training and with 8; a batch is computed by both libraries, to say that they agree. Figures, CPU seconds and their parts
and the way (step, CPU seconds, loss, accuracy) go to in_trax.json. NumPy and Trax have one thread each; "cpu_seconds"
has all but the import and the judging, `compile_seconds` the first step with each length. A training of duplication
takes about half a CPU minute, one of dialogues less than three; those in NumPy a quarter of a minute and three. One
that is in the file already is not run again.

This file is not called trax.py: `import trax` would find it in the place of Trax.
"""

import os

# before NumPy and jax start their threads
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import time
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import storing

from reformer import tasks
from reformer.model import ReformerLM
from reformer.optimizer import learning_rate_at
from reformer.training import evaluate, start_training, train
from trax_bridge import from_trax, load_trax, to_trax, training
from trax_bridge.batches import next_token_batch, pad_and_bucket
from trax_bridge.code_copying import copy_accuracy, judge, redraw_codes, shares, weigh_repeats
from trax_bridge.trained import own_dialogues, own_vocabulary
from trax_bridge.twins import computed_by_both

HERE = Path(__file__).resolve().parent
SHARED = dict(positions="learned", fast=True, d_model=64, d_ff=128, n_heads=2, n_rounds=2, n_buckets=8)
MODELS = {
    "duplication": ReformerLM(vocabulary_size=32, max_length=64, n_layers=1, chunk_length=16, **SHARED),
    "dialogues": ReformerLM(vocabulary_size=479, max_length=256, n_layers=2, chunk_length=32, **SHARED),
}
TOKENS_TIMES = {"duplication": 1, "dialogues": 8}  # how large token vectors start, by what Trax draws
ADAM = {"b2": 0.98, "eps": 1e-9, "weight_decay_rate": 0.0, "clip_grad_norm": 1.0}  # as in `reformer`
N_STEPS = {"duplication": 500, "dialogues": 2000}
STEPS_OF_A_TURN = {"duplication": 50, "dialogues": 100}
RATES = {
    "duplication": {"peak": 1e-2, "n_warmup": 50, "decay": "cosine", "n_steps": N_STEPS["duplication"]},
    "dialogues": {"peak": 1e-2, "n_warmup": 100, "decay": "cosine", "n_steps": N_STEPS["dialogues"]},
}
WORDS = {"n_sequences": 32, "length": 64, "n_symbols": 31}
BOUNDARIES = (160, 256)
BATCH_SIZE, REPEATS_COUNT = 8, 10
READ_WITH = (2, 8)  # rounds
SEEDS, BESIDE = (0, 1, 2), 0  # beside that seed, NumPy trains
N_BATCHES, N_ON_THE_WAY = 8, 40  # of words to judge on: 7,936 symbols; of held-out dialogues, to follow a training
DISTANCES = (16, 32, 64, 128)


# ---- what is learned -------------------------------------------------------------------------------------------------


def draw(name, rng):
    """A batch to train on, as Trax takes it: tokens, and how much each counts."""
    if name == "duplication":
        words = tasks.duplication(rng, **WORDS)
        return words.inputs, np.pad(words.weights[:, :-1], ((0, 0), (1, 0)))
    buckets = dialogues_to_draw()
    sizes = np.array([len(tokens) for tokens, _ in buckets])
    tokens, weights = buckets[rng.choice(len(buckets), p=sizes / sizes.sum())]
    rows = rng.integers(len(tokens), size=BATCH_SIZE)
    return redraw_codes(rng, own_vocabulary(), tokens[rows])[0], weights[rows]


@cache
def dialogues_to_draw():
    """All dialogues to train on, one (tokens, weights) for each length; repeated codes count more."""
    every = batches("training", batch_size=len(own_dialogues("training")))
    return [(tokens, weigh_repeats(own_vocabulary(), tokens, weights, REPEATS_COUNT)) for tokens, weights in every]


def batches(of, n_dialogues=None, batch_size=50):
    """Dialogues of a file as batches of `pad_and_bucket`."""
    sequences = [own_vocabulary().encode_dialogue(turns) for turns in own_dialogues(of)[:n_dialogues]]
    return pad_and_bucket(sequences, BOUNDARIES, batch_size=batch_size)


def after_a_zero(batch):
    """The batch with the token 0 in front of each sequence: what Trax's model does by itself."""
    return tuple(np.pad(rows, ((0, 0), (1, 0))) for rows in batch)


def for_numpy(name, batch):
    """The same batch for `reformer`; what is padded is told to it, which Trax's model has no way to know."""
    *counted, padding = next_token_batch(*after_a_zero(batch))
    return (*counted, padding) if name == "dialogues" else tuple(counted)


def judged(name, model, parameters, seed, few=False):
    """Loss on what the training has not seen, and the share of repeated symbols foretold, with what belongs to it."""
    if name == "duplication":
        rng = np.random.default_rng((seed, 1))
        words = [for_numpy(name, draw(name, rng)) for _ in range(2 if few else N_BATCHES)]
        return {key: round(value, 4) for key, value in evaluate(model, parameters, words).items()}
    held_out = [after_a_zero(batch) for batch in batches("held_out", N_ON_THE_WAY if few else None)]
    loss, counts = judge(model, parameters, own_vocabulary(), held_out)
    return {"loss": round(loss, 4), "accuracy": round(copy_accuracy(counts), 4), **shares(counts, DISTANCES)}


# ---- who learns it ---------------------------------------------------------------------------------------------------


class Clock:
    """CPU and wall seconds spent inside, added up."""

    def __init__(self):
        self.cpu = self.wall = self.last = 0.0

    def __enter__(self):
        self.began = time.process_time(), time.perf_counter()

    def __exit__(self, *problem):
        self.last = time.process_time() - self.began[0]
        self.cpu, self.wall = self.cpu + self.last, self.wall + time.perf_counter() - self.began[1]


class InTrax:
    """A model that Trax trains.

    start : the parameters that it started from
    clock : of all it takes but the import
    init_seconds : CPU seconds until there are numbers to start from
    compile_seconds : CPU seconds of the first step with each length, which compiles; the step itself is in it
    """

    def __init__(self, name, seed):
        self.name, self.clock, self.losses, self.compile_seconds, self.seen = name, Clock(), [], 0.0, set()
        self.rng = np.random.default_rng(seed)
        with self.clock:
            trax, model = load_trax(), MODELS[name]
            kept = ("d_model", "n_heads", "n_layers", "n_rounds", "n_buckets", "chunk_length")
            sizes = {field: getattr(model, field) for field in kept}
            self.layer = training.reformer_lm(model.vocabulary_size, model.max_length, **sizes)
            example = training.labeled(draw(name, np.random.default_rng(0)))[0]
            self.layer.init(trax.shapes.signature(example), rng=trax.fastmath.random.get_prng(seed))
            start = self.parameters
            self.start = start | {"tokens": start["tokens"] * np.float32(TOKENS_TIMES[name])}
            self.layer.weights = to_trax(model, self.start, self.layer.weights)
            self.trainer = training.start_training(self.layer, **ADAM)
        self.init_seconds = self.clock.cpu

    def go_on(self, last):
        """Train up to the step `last`."""
        while len(self.losses) < last:
            step = len(self.losses)
            with self.clock:
                batch = draw(self.name, self.rng)
                rate = learning_rate_at(step + 1, **RATES[self.name])
                self.losses.append(training.train_step(self.trainer, batch, step, rate))
            if batch[0].shape not in self.seen:
                self.seen.add(batch[0].shape)
                self.compile_seconds += self.clock.last

    @property
    def parameters(self):
        """As those of a model of `reformer`."""
        return from_trax(MODELS[self.name], self.layer.weights)


class InNumPy:
    """The same for a model that `reformer` trains, from the parameters that another one started from."""

    def __init__(self, name, seed, start):
        self.name, self.clock = name, Clock()
        with self.clock:
            state = start_training(MODELS[name], np.random.default_rng(seed))
            self.state = state._replace(parameters=start)

    def go_on(self, last):
        """Train up to the step `last`. Raises KeyboardInterrupt where it was stopped, which `train` does not."""
        rate = partial(learning_rate_at, **RATES[self.name])
        with self.clock:
            self.state = train(
                MODELS[self.name], self.draw, self.state, n_steps=last, learning_rate=rate, progress=False
            )
        if self.state.step < last:
            raise KeyboardInterrupt

    def draw(self, rng):
        return for_numpy(self.name, draw(self.name, rng))

    @property
    def parameters(self):
        return self.state.parameters

    @property
    def losses(self):
        return self.state.losses


def trained(name, seed):
    """What is stored of a training, and of the one beside it."""
    in_trax = InTrax(name, seed)
    learners = {"Trax": in_trax} | ({"NumPy": InNumPy(name, seed, in_trax.start)} if seed == BESIDE else {})
    ways = {kind: [] for kind in learners}
    turn = min(STEPS_OF_A_TURN[name], N_STEPS[name])
    for last in range(turn, N_STEPS[name] + 1, turn):
        for kind, learner in learners.items():
            learner.go_on(last)
            found = judged(name, MODELS[name], learner.parameters, seed, few=True)
            ways[kind].append([last, round(learner.clock.cpu, 1), found["loss"], found["accuracy"]])
            print(f"{kind}, {name}, seed {seed}: {ways[kind][-1]}", flush=True)
    row = {
        "init_seconds": round(in_trax.init_seconds, 1),
        "compile_seconds": round(in_trax.compile_seconds, 1),
        **figures(name, seed, in_trax, ways["Trax"]),
        "by_both": agreement(name, in_trax.parameters),
    }
    if seed == BESIDE:
        row["numpy"] = figures(name, seed, learners["NumPy"], ways["NumPy"])
        row["numpy_to_trax"] = round(row["numpy"]["cpu_seconds"] / row["cpu_seconds"], 2)
    return row


def figures(name, seed, learner, way):
    """What took how long, and what came of it."""
    readings = {rounds: replace(MODELS[name], n_rounds=rounds) for rounds in READ_WITH}
    return {
        "cpu_seconds": round(learner.clock.cpu, 1),
        "wall_seconds": round(learner.clock.wall, 1),
        "steps": len(learner.losses),
        "read_with": {
            f"LSH-{rounds}": judged(name, model, learner.parameters, seed) for rounds, model in readings.items()
        },
        "first_losses": [round(loss, 4) for loss in learner.losses[:10]],
        "way": way,
        "copying_appears": {
            f"{share:.0%}": next(([step, at] for step, at, _, accuracy in way if accuracy >= share), None)
            for share in (0.1, 0.5, 0.95)
        },
    }


def agreement(name, parameters):
    """How far Trax's own logits and those of `reformer` are apart, on one batch, with the rotations that Trax draws."""
    tokens = draw(name, np.random.default_rng(1))[0][:BATCH_SIZE]
    ours, theirs = computed_by_both(MODELS[name], parameters, tokens)
    same = [np.mean(here == there) for here, there in zip(ours.buckets, theirs.buckets, strict=True)]
    return {
        "tokens": tokens.size,
        "same_buckets": round(float(np.mean(same)), 6),
        "largest_difference_of_logits": float(f"{np.max(np.abs(ours.logits - theirs.logits)):.1e}"),
        "same_token_foretold": round(float(np.mean(np.argmax(ours.logits, -1) == np.argmax(theirs.logits, -1))), 6),
    }


# ---- the script ------------------------------------------------------------------------------------------------------


def settings():
    """What a reader needs to run the same again."""
    return {
        "models": {name: asdict(model) for name, model in MODELS.items()},
        "tokens_times": TOKENS_TIMES,
        "adam": ADAM,
        "steps": N_STEPS,
        "rates": RATES,
        "words": WORDS,
        "boundaries": BOUNDARIES,
        "batch_size": BATCH_SIZE,
        "repeats_count": REPEATS_COUNT,
        "codes": "drawn anew with each batch",
        "read_with": READ_WITH,
        "beside": BESIDE,
        "n_batches": N_BATCHES,
        "n_on_the_way": N_ON_THE_WAY,
        "threads": 1,
    }


def main(arguments=None):
    """Train what is not there yet, judge, store after each training."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--names", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / "in_trax.json"
    every = [(name, seed) for name in asked.names for seed in asked.seeds]
    known = storing.read(path).get("trainings", {})
    waiting = [(name, seed) for name, seed in every if str(seed) not in known.get(name, {})]
    if waiting:
        import_trax = Clock()
        with import_trax:
            load_trax()
    for number, (name, seed) in enumerate(waiting, start=len(every) - len(waiting) + 1):
        print(f"training {number} of {len(every)}: {name}, seed {seed}", flush=True)
        try:
            row = {"import_seconds": round(import_trax.cpu, 1)} | trained(name, seed)
        except KeyboardInterrupt:
            print(f"{number - 1} of {len(every)} trainings are kept, this one is not. Run it again for the rest.")
            raise
        print(f"{name}, seed {seed}: {row}", flush=True)
        trainings = storing.read(path).get("trainings", {})
        trainings[name] = dict(sorted((trainings.get(name, {}) | {str(seed): row}).items()))
        storing.write(path, settings(), {"trainings": trainings}, packages=("jax", "trax"))


if __name__ == "__main__":
    main()
