"""Each result file and the script that made it agree: in settings, in the rows it has, and where it begins anew."""

import gzip
import json
import random
import re
from dataclasses import asdict, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from classroom import vectors
from classroom.text_models import bits_per_character
from trax_bridge import trained
from trax_bridge.batches import pad_and_bucket
from trax_bridge.code_copying import copy_accuracy, judge, weigh_repeats
from trax_bridge.dialogues import UNKNOWN

RESULTS = Path(__file__).resolve().parents[2] / "data" / "results"
NAMES = sorted(path.stem for path in RESULTS.glob("*.json"))


@pytest.fixture
def script(monkeypatch):
    """A function that loads a script of the folder as a module."""
    monkeypatch.syspath_prepend(RESULTS)

    def load(name):
        spec = spec_from_file_location(f"results_{name}", RESULTS / f"{name}.py")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def noted(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def as_stored(settings):
    """Settings as a file gives them back: text for keys, lists for tuples."""
    return json.loads(json.dumps(settings))


def test_there_is_a_file_for_each_script():
    assert NAMES == ["costs", "dialogues", "duplication", "in_trax", "text"]


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_noted_are_those_of_the_script(name, script):
    assert noted(name)["settings"] == as_stored(script(name).settings())
    assert noted(name)["script"] == f"data/results/{name}.py"
    assert set(noted(name)["versions"]) == {"python", "numpy"} | ({"jax", "trax"} if name == "in_trax" else set())


def test_every_row_of_the_duplication_table_is_there(script):
    module, trainings = script("duplication"), noted("duplication")["trainings"]
    assert set(trainings) == set(module.TRAINED)
    for name, seeds in trainings.items():
        assert set(seeds) == {str(seed) for seed in module.SEEDS}
        assert all(set(row["accuracy"]) == {*module.EVALUATED, "ordinary"} for row in seeds.values())
        assert len(seeds["0"]["losses"]) == module.TRAINED[name]


@pytest.mark.parametrize("name", ["full", "LSH-4", "LSH-2", "LSH-1"])
def test_the_first_losses_of_a_duplication_are_found_again(name, script):
    module = script("duplication")
    state, _ = module.train_model(name, 0, 6)
    assert state.losses == pytest.approx(noted("duplication")["trainings"][name]["0"]["losses"][:6], rel=1e-3)


def test_a_stopped_table_says_how_much_is_kept_and_goes_on_with_the_rest(script, tmp_path, monkeypatch, capsys):
    module = script("duplication")
    monkeypatch.setattr(module, "TRAINED", {"full": 3, "LSH-1": 3})
    monkeypatch.setattr(module, "accuracies", lambda *_: {})
    draw, drawn = module.tasks.duplication, []

    def stopped_at_the_fifth(rng, **options):
        drawn.append(rng)
        if len(drawn) == 5:
            raise KeyboardInterrupt
        return draw(rng, **options)

    monkeypatch.setattr(module.tasks, "duplication", stopped_at_the_fifth)
    run = ["--seeds", "0", "--out", str(tmp_path)]
    with pytest.raises(KeyboardInterrupt):
        module.main(run)
    told = capsys.readouterr().out
    assert "training 2 of 2: LSH-1, seed 0" in told and "1 of 2 trainings are kept, this one is not." in told
    module.main(run)
    told = capsys.readouterr().out
    assert "training 1 of 2" not in told and "training 2 of 2" in told
    assert set(json.loads((tmp_path / "duplication.json").read_text(encoding="utf-8"))["trainings"]) == {
        "full",
        "LSH-1",
    }


@pytest.mark.long
def test_the_accuracies_of_a_training_are_found_again(script):
    module = script("duplication")
    state, _ = module.train_model("full", 0, module.TRAINED["full"])
    wanted = noted("duplication")["trainings"]["full"]["0"]["accuracy"]
    assert module.accuracies(state.parameters, 0) == pytest.approx(wanted, abs=0.03)


def test_ordinary_attention_reads_with_the_weights_of_the_shared_projection(script):
    module = script("duplication")
    state, _ = module.train_model("full", 0, 1)
    model, parameters = module.with_ordinary_attention(state.parameters)
    assert model.attention == "dense"
    own, shared = (tree["layers"]["0"]["attention"] for tree in (parameters, state.parameters))
    assert np.array_equal(own["w_q"], shared["w_qk"]) and np.array_equal(own["w_k"], shared["w_qk"])
    assert set(own) == {"norm", "w_q", "w_k", "w_v", "w_out"}
    assert 0 <= module.accuracies(state.parameters, 0)["ordinary"] < 0.1


def test_the_table_shows_what_the_lesson_says_of_it():
    accuracy = {
        name: np.array([list(row["accuracy"].values()) for row in seeds.values()])
        for name, seeds in noted("duplication")["trainings"].items()
    }  # columns: full, LSH-8, LSH-4, LSH-2, LSH-1, ordinary
    for rows in accuracy.values():
        assert np.all(rows[:, 0] > 0.94) and np.all(np.diff(rows[:, 1:5]) < 0)
        assert np.all((rows[:, 5] > 0.01) & (rows[:, 5] < 0.4))
    for name in ("LSH-4", "LSH-2", "LSH-1"):
        assert np.all(accuracy[name][:, 3:5] > accuracy["full"][:, 3:5])
    assert np.all(accuracy["LSH-4"][:, 4] < np.minimum(accuracy["LSH-2"], accuracy["LSH-1"])[:, 4])


def test_every_model_of_text_has_its_seeds_and_its_way(script):
    module, trainings = script("text"), noted("text")["trainings"]
    assert set(trainings) == set(module.MODELS)
    for name, seeds in trainings.items():
        for row in seeds.values():
            assert row["steps"] == sum(module.STEPS[name])
            assert len(row["way"]) == 3 * module.N_TURNS and len(row["first_losses"]) == 30
            assert np.all(np.diff([seconds for seconds, _ in row["way"]]) > 0)
            assert row["way"][-1][0] == pytest.approx(row["cpu_seconds"], abs=1)


@pytest.mark.parametrize("name", ["dense", "shared_qk", "reformer"])
def test_the_first_losses_of_a_model_of_text_are_found_again(name, script, tmp_path):
    module = script("text")
    training = module.Training(name, 0, tmp_path)
    training.go_on(64, 3, progress=False)
    wanted = noted("text")["trainings"][name]["0"]["first_losses"][:3]
    assert training.state.losses == pytest.approx(wanted, rel=1e-3)
    assert module.Training(name, 0, tmp_path).state.losses == training.state.losses  # it goes on from there


def test_the_bits_of_compressors_are_found_again(script):
    assert noted("text")["compressors"] == script("text").compressed_bits()
    size = len(gzip.compress(vectors.text("held_out").encode(), 9))
    alone = noted("text")["compressors"]["gzip"]["alone"]
    assert alone == pytest.approx(8 * size / len(vectors.text("held_out")), abs=2e-3)


def test_turns_end_with_the_last_step_of_each_part(script):
    module = script("text")
    for name, (short, middle, long) in module.STEPS.items():
        ends = dict(module.turns(name))  # of each length the last
        assert ends == {64: short, 256: short + middle, 1024: short + middle + long}


def test_bits_of_windows_are_those_of_the_model():
    model, parameters = vectors.stored_model("shared_qk")
    tokens = vectors.as_tokens(vectors.text("held_out")[:257])[np.newaxis]
    loss = model.evaluate(parameters, tokens[:, :-1], tokens[:, 1:], np.ones((1, 256)))["loss"]
    assert bits_per_character(model, parameters, 256, n_windows=1) == pytest.approx(loss / np.log(2))


def test_costs_have_a_figure_for_every_setting(script):
    module, costs = script("costs"), noted("costs")
    assert set(costs["speed"]["cpu_seconds"]) == {"dense", *(f"LSH-{rounds}" for rounds in module.ROUNDS)}
    assert all(len(row) == len(module.LENGTHS) for row in costs["speed"]["cpu_seconds"].values())
    assert [(row["n_layers"], row["length"]) for row in costs["long"]["rows"]] == list(module.LONG)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak memory of a process")
def test_a_row_of_the_long_step_is_a_whole_step(script):
    row = script("costs").one_step(1, 256)
    assert row["n_parameters"] > 700_000 and row["loss"] == pytest.approx(6, abs=0.5)
    assert row["peak_bytes"] > 2**25 and row["cpu_seconds"] >= 0


def test_memory_by_depth_is_found_again_where_it_is_quick(script):
    module, depth = script("costs"), noted("costs")["depth"]
    model = module.describe_model(module.DEPTH_LENGTH, n_layers=1, position_chunk=module.LONG_CHUNK)
    for name, peaks in depth["peak_bytes"].items():
        peak, _ = module.peak_of_step(replace(model, reversible=name == "reversible"))
        assert peak == pytest.approx(peaks[0], rel=0.2), name


def test_the_costs_show_what_the_lesson_says_of_them():
    speed, depth, rows = (noted("costs")[name] for name in ("speed", "depth", "long"))
    seconds = {name: np.array(row) for name, row in speed["cpu_seconds"].items()}
    for rounds in (1, 4, 8):
        row = seconds[f"LSH-{rounds}"]
        assert np.max(row) < 1.25 * np.min(row)  # level
    assert np.all(np.diff(seconds["dense"]) > 0)
    is_quicker = seconds["LSH-4"] < seconds["dense"]
    assert is_quicker.tolist() == [length > 512 for length in speed["lengths"]]
    stored, reversible = (np.diff(depth["peak_bytes"][name]) for name in ("stored", "reversible"))
    assert stored[-1] > 4 * reversible[-1]
    shorter, six, twelve = rows["rows"]
    assert six["peak_bytes"] < 3 * 2**30 and twelve["peak_bytes"] < 1.1 * six["peak_bytes"]
    assert six["cpu_seconds"] < 1.5 * 4 * shorter["cpu_seconds"]


def test_the_models_of_text_stand_in_the_order_the_lesson_tells():
    bits = {
        name: {
            context: np.array([row["bits_per_character"][context] for row in seeds.values()])
            for context in ("256", "1024")
        }
        for name, seeds in noted("text")["trainings"].items()
    }
    at_1024, at_256 = ({name: row[context] for name, row in bits.items()} for context in ("1024", "256"))
    assert np.max(at_1024["reformer"]) < np.min(at_1024["shared_qk"])
    assert np.max(at_1024["shared_qk"]) < np.min(at_1024["dense"])
    assert np.max(at_256["shared_qk"]) < min(np.min(at_256["dense"]), np.min(at_256["reformer"]))
    assert np.max(at_256["shared_qk"]) < np.min(at_1024["reformer"])
    assert np.max(at_1024["reformer, longer"]) < 2.15  # within ten CPU minutes
    for name in ("reformer", "reformer, longer"):
        for row in noted("text")["trainings"][name].values():
            found = row["read_with"]
            assert found["LSH-16"] < found["LSH-8"] < found["LSH-4"] < found["LSH-2"]
            assert found["all keys"] > found["LSH-8"] + 0.1


def test_the_model_of_the_long_step_is_the_one_noted(script):
    module = script("costs")
    assert as_stored(asdict(module.long_model(*module.LONG[1]))) == noted("costs")["settings"]["long_model"]


def test_every_training_on_dialogues_is_there_with_its_way(script):
    module, trainings = script("dialogues"), noted("dialogues")["trainings"]
    assert {name: set(seeds) for name, seeds in trainings.items()} == {
        name: set(map(str, seeds)) for name, seeds in module.SEEDS.items()
    }
    for name, seeds in trainings.items():
        for seed, row in seeds.items():
            steps, seconds, _, accuracies = np.array(row["way"]).T
            assert steps.tolist() == list(range(module.STEPS_OF_A_TURN, module.N_STEPS + 1, module.STEPS_OF_A_TURN))
            assert np.all(np.diff(seconds) > 0) and seconds[-1] == pytest.approx(row["cpu_seconds"], abs=0.2)
            assert set(row["read_with"]) == set(module.EVALUATED)
            own = "all keys" if name == "all keys" else "LSH-2"
            assert all(row[figure] == found for figure, found in row["read_with"][own].items())
            for share, at in row["copying_appears"].items():
                reached = accuracies >= float(share.strip("%")) / 100
                assert at == (row["way"][np.argmax(reached)][:2] if np.any(reached) else None)
            assert ("replies" in row) is ((name, seed) == ("LSH-2", "0"))


def test_batches_of_dialogues_have_codes_of_their_own_and_weigh_their_repeats(script):
    module, vocabulary, rng = script("dialogues"), trained.own_vocabulary(), np.random.default_rng(0)
    known = {mention for turns in trained.own_dialogues("training") for mention in re.findall(r"#\w+", " ".join(turns))}
    told = set()
    for _ in range(10):
        inputs, targets, weights, padding = module.draw(rng)
        tokens = np.concatenate([inputs[:, :1], targets], axis=1)
        counted = np.concatenate([~padding[:, :1], ~padding], axis=1).astype(np.float32)
        assert np.array_equal(weigh_repeats(vocabulary, tokens, counted, module.REPEATS_COUNT)[:, 1:], weights)
        is_known = inputs != vocabulary.numbers[UNKNOWN]
        assert np.array_equal(inputs[:, 1:][is_known[:, 1:]], targets[:, :-1][is_known[:, 1:]])
        assert 0 < np.mean(~is_known) < 0.03
        told |= {code for row in tokens for code in re.findall(r"#\w+", vocabulary.decode(row).upper())}
    assert len(known) > 1500 and len(told) > 75 and len(told & known) <= 1


def test_the_first_losses_on_dialogues_are_found_again(script):
    module = script("dialogues")
    assert module.MODEL.vocabulary_size == len(module.own_vocabulary())
    state, *_ = module.train_model("LSH-2", 0, 4, on_the_way=False)
    assert state.losses == pytest.approx(noted("dialogues")["trainings"]["LSH-2"]["0"]["first_losses"][:4], rel=1e-3)


def test_random_buckets_do_not_depend_on_what_is_hashed(script):
    module, rng = script("dialogues"), np.random.default_rng
    vectors_of_heads = rng(0).standard_normal((3, 2, 40, 32))
    found = [module.random_buckets(module.MODEL, times * vectors_of_heads, rng(1)) for times in (1, -1)]
    assert np.array_equal(*found) and found[0].shape == (3, 2, module.MODEL.n_rounds, 40)
    assert set(np.unique(found[0])) == set(range(module.MODEL.n_buckets))
    tokens, parameters = rng(0).integers(0, 479, (1, 100)), module.MODEL.init_parameters(rng(0))
    logits = {name: [] for name in module.TRAINED}
    for name in ("LSH-2", "random buckets", "LSH-2"):
        with module.hashing(name):
            logits[name].append(module.MODEL.logits(parameters, tokens))
    assert np.array_equal(*logits["LSH-2"]) and not np.allclose(logits["LSH-2"][0], logits["random buckets"][0])


def test_prompts_end_where_person_2_has_to_know_the_code(script):
    module = script("dialogues")
    found = list(module.prompts())
    assert len(found) >= module.N_REPLIES
    for tokens, code in found:
        lines = module.own_vocabulary().decode(tokens).split("\n")
        written = "".join(code).replace("+", "")
        assert lines[-1] == "Person 2:" and written not in lines[-2] and written in "\n".join(lines[:-2])


def test_reformers_of_all_seeds_repeat_codes_within_three_cpu_minutes(script):
    for row in noted("dialogues")["trainings"]["LSH-2"].values():
        reading = row["read_with"][f"LSH-{script('dialogues').READING.n_rounds}"]
        assert row["cpu_seconds"] < 180 and reading["copy_accuracy"] >= 0.95
        assert all(share > 0.93 and n_codes > 20 for n_codes, share in reading["by_distance"].values())
        found = [row["read_with"][f"LSH-{rounds}"]["copy_accuracy"] for rounds in (1, 2, 4, 8)]
        assert np.all(np.diff(found) > 0)
        assert row["new_codes"] < 0.1  # what nobody can know


def test_the_controls_on_dialogues_show_what_the_data_folder_says_of_them():
    trainings = noted("dialogues")["trainings"]
    reformers = list(trainings["LSH-2"].values())
    every, blind = trainings["all keys"]["0"], trainings["random buckets"]["0"]
    assert every["cpu_seconds"] < 0.8 * min(row["cpu_seconds"] for row in reformers)
    assert every["copy_accuracy"] > 0.99 and every["copying_appears"]["95%"][1] < 60
    for kind, whole in (("LSH-2", 0.1), ("LSH-8", 0.25)):
        worst = min(row["read_with"][kind]["copy_accuracy"] for row in reformers)
        assert blind["read_with"][kind]["copy_accuracy"] < worst - 0.2
        assert blind["read_with"][kind]["whole_codes"] < whole
    near, *_, far = (share for _, share in every["read_with"]["LSH-8"]["by_distance"].values())
    assert near > 0.95 and far < 0.85  # it never had to find what a hash finds
    found = reformers[0]["read_with"]
    for kind, blindly in reformers[0]["read_blindly"].items():
        assert blindly < found[kind]["copy_accuracy"] - 0.1


def test_the_stored_reformer_is_the_one_that_was_judged(script):
    """All held-out dialogues are read again; float16 moves a symbol here or there."""
    module = script("dialogues")
    model, parameters, vocabulary = trained.stored_model()
    assert model == module.READING and vocabulary == module.own_vocabulary()
    wanted = noted("dialogues")["trainings"]["LSH-2"]["0"]
    found, row = module.judged(model, parameters), wanted["read_with"]["LSH-8"]
    for figure in ("loss", "copy_accuracy", "new_codes"):
        assert found[figure] == pytest.approx(row[figure], abs=0.01), figure
    assert found["whole_codes"] == pytest.approx(row["whole_codes"], abs=0.03)
    for distance, (n_codes, share) in row["by_distance"].items():
        assert found["by_distance"][distance] == [n_codes, pytest.approx(share, abs=0.03)]
    assert module.read_blindly(parameters, 2) == pytest.approx(wanted["read_blindly"]["LSH-2"], abs=0.01)


def test_the_stored_reformer_repeats_codes_of_dialogues_that_nobody_has_seen():
    """Drawn by the grammar from another seed, so that no setting was chosen on them."""
    spec = spec_from_file_location("make_dialogues", RESULTS.parent / "dialogues" / "make_dialogues.py")
    grammar = module_from_spec(spec)
    spec.loader.exec_module(grammar)
    model, parameters, vocabulary = trained.stored_model()
    rng = random.Random(987654)
    drawn = [vocabulary.encode_dialogue(grammar.make_dialogue(rng)[1]) for _ in range(100)]
    drawn = [tokens for tokens in drawn if len(tokens) <= model.max_length]
    _, counts = judge(model, parameters, vocabulary, pad_and_bucket(drawn, [model.max_length], batch_size=50))
    assert len(drawn) > 90 and np.count_nonzero(counts[:, 0]) > 100
    assert copy_accuracy(counts) > 0.95


def test_trainings_on_dialogues_are_stored_one_by_one_and_not_run_again(script, tmp_path, monkeypatch, capsys):
    module = script("dialogues")
    for name, value in {"N_STEPS": 2, "STEPS_OF_A_TURN": 1, "N_ON_THE_WAY": 2, "N_REPLIES": 1, "N_TURNS": 2}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "figures", lambda *_: {})
    monkeypatch.setattr(module, "read_blindly", lambda *_: 0.5)
    run = ["--names", "LSH-2", "random buckets", "--seeds", "0", "--out", str(tmp_path)]
    module.main(run)
    trainings = json.loads((tmp_path / "dialogues.json").read_text(encoding="utf-8"))["trainings"]
    assert set(trainings) == {"LSH-2", "random buckets"}
    row = trainings["LSH-2"]["0"]
    assert [step for step, *_ in row["way"]] == [1, 2] and set(row["replies"]) == set(map(str, module.TEMPERATURES))
    assert (tmp_path / "dialogues.npz").exists()
    capsys.readouterr()
    module.main(run)
    assert capsys.readouterr().out == ""


def test_a_dialogue_of_the_model_alone_takes_turns_and_fits_the_positions(script):
    module = script("dialogues")
    parameters = module.MODEL.init_parameters(np.random.default_rng(0))
    lines = module.whole_dialogue(parameters, 1.0)
    assert [line[:9] for line in lines] == ["Person 1:", "Person 2:"] * (len(lines) // 2) + ["Person 1:"] * (
        len(lines) % 2
    )
    assert 2 <= len(lines) <= module.N_TURNS


def test_the_stored_reformer_says_most_codes_whole_and_nothing_behind_them(script):
    module = script("dialogues")
    model, parameters, vocabulary = trained.stored_model()
    assert model == module.READING
    asked = list(module.prompts())[:8]
    said = [
        vocabulary.decode(module.reply_to(parameters, tokens, 0.0, np.random.default_rng(0))) for tokens, _ in asked
    ]
    right = [
        re.search(rf"#{''.join(code).replace('+', '')}\b", text) for text, (_, code) in zip(said, asked, strict=True)
    ]
    assert sum(map(bool, right)) >= 6
    replies = noted("dialogues")["trainings"]["LSH-2"]["0"]["replies"]
    examples = [line for _, line, _ in replies["0.0"]["examples"]]
    assert sum(line == text for line, text in zip(examples, said, strict=False)) >= 2  # rounding may turn one
    assert replies["0.0"]["the_code"] > 0.9 > replies["1.0"]["the_code"] > replies["1.5"]["the_code"]


@pytest.mark.long
def test_a_training_on_dialogues_learns_to_repeat_codes_again(script):
    module = script("dialogues")
    state, *_ = module.train_model("LSH-2", 0, module.N_STEPS, on_the_way=False)
    found, wanted = module.judged(module.READING, state.parameters), noted("dialogues")["trainings"]["LSH-2"]["0"]
    assert found["copy_accuracy"] == pytest.approx(wanted["read_with"]["LSH-8"]["copy_accuracy"], abs=0.03)
    assert found["loss"] == pytest.approx(wanted["read_with"]["LSH-8"]["loss"], abs=0.03)


def test_every_training_in_trax_is_there_with_its_way(script):
    module, trainings = script("in_trax"), noted("in_trax")["trainings"]
    assert set(trainings) == set(module.MODELS)
    for name, seeds in trainings.items():
        assert set(seeds) == {str(seed) for seed in module.SEEDS}
        assert [seed for seed, row in seeds.items() if "numpy" in row] == [str(module.BESIDE)]
        for row in [*seeds.values(), seeds[str(module.BESIDE)]["numpy"]]:
            steps, seconds, _, _ = np.array(row["way"]).T
            assert steps.tolist() == list(range(turn := module.STEPS_OF_A_TURN[name], module.N_STEPS[name] + 1, turn))
            assert np.all(np.diff(seconds) > 0) and seconds[-1] == pytest.approx(row["cpu_seconds"], abs=0.2)
            assert row["steps"] == module.N_STEPS[name] and set(row["read_with"]) == {"LSH-2", "LSH-8"}
        for row in seeds.values():
            assert row["init_seconds"] + row["compile_seconds"] < row["cpu_seconds"]


def test_trainings_in_trax_reach_their_aims_and_dialogues_only_with_more_rounds():
    trainings = noted("in_trax")["trainings"]
    for row in trainings["duplication"].values():
        assert row["read_with"]["LSH-2"]["accuracy"] >= 0.97
        assert row["import_seconds"] + row["cpu_seconds"] < 120
    for row in trainings["dialogues"].values():
        found = {kind: reading["accuracy"] for kind, reading in row["read_with"].items()}
        assert found["LSH-2"] < 0.95 <= found["LSH-8"]
        assert row["import_seconds"] + row["cpu_seconds"] < 360
        assert row["read_with"]["LSH-8"]["by_distance"]["65 to 128"][1] > 0.92


def test_trax_and_reformer_agree_on_what_trax_trained():
    for seeds in noted("in_trax")["trainings"].values():
        for row in (row["by_both"] for row in seeds.values()):
            assert row["same_buckets"] > 0.999 and row["same_token_foretold"] > 0.99, row


def test_a_batch_for_numpy_foretells_what_trax_foretells(script):
    module, rng = script("in_trax"), np.random.default_rng(0)
    for name, model in module.MODELS.items():
        tokens, weights = module.draw(name, rng)
        inputs, targets, counted, *padding = module.for_numpy(name, (tokens, weights))
        assert np.array_equal(targets, tokens) and np.array_equal(counted, weights)
        assert np.array_equal(inputs[:, 1:], tokens[:, :-1]) and not inputs[:, 0].any()
        assert tokens.max() < model.vocabulary_size and tokens.shape[1] % model.chunk_length == 0
        assert len(padding) == (name == "dialogues")
    words, counted = module.draw("duplication", rng)
    half = module.WORDS["length"] // 2
    assert np.array_equal(words[:, :half], words[:, half:])  # a word and itself
    assert np.array_equal(counted[0] > 0, np.arange(2 * half) > half)  # the second time, it can be known


def test_drawn_dialogues_have_codes_of_their_own_that_weigh_more(script):
    module = script("in_trax")
    (tokens, weights), (others, _) = (module.draw("dialogues", np.random.default_rng(seed)) for seed in (0, 0))
    assert np.array_equal(tokens, others)  # the same seed, the same batch
    words = np.array(module.own_vocabulary().words)
    known = {tuple(row) for rows, _ in module.dialogues_to_draw() for row in rows}
    assert any(word.startswith("+") for word in words[tokens].ravel()) and not known & {tuple(row) for row in tokens}
    assert set(np.unique(weights)) == {0, 1, module.REPEATS_COUNT}


def test_trainings_in_trax_are_stored_one_by_one_and_not_run_again(script, tmp_path, monkeypatch, capsys):
    module, asked = script("in_trax"), []

    def stopped_at_the_third(name, seed):
        asked.append((name, seed))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return {"cpu_seconds": 1.0}

    monkeypatch.setattr(module, "load_trax", lambda: None)
    monkeypatch.setattr(module, "trained", stopped_at_the_third)
    monkeypatch.setattr(module.storing, "version", lambda package: "1")
    run = ["--seeds", "0", "1", "--out", str(tmp_path)]
    with pytest.raises(KeyboardInterrupt):
        module.main(run)
    assert "2 of 4 trainings are kept, this one is not." in capsys.readouterr().out
    module.main(run)
    assert asked == [("duplication", 0), ("duplication", 1), *[("dialogues", 0)] * 2, ("dialogues", 1)]
    stored = json.loads((tmp_path / "in_trax.json").read_text(encoding="utf-8"))
    assert {name: list(rows) for name, rows in stored["trainings"].items()} == dict.fromkeys(module.MODELS, ["0", "1"])
    assert stored["settings"] == as_stored(module.settings()) and stored["versions"]["trax"] == "1"


@pytest.mark.long
@pytest.mark.trax
def test_a_tenth_of_a_training_in_trax_begins_as_noted_and_learns(script):
    module = script("in_trax")
    learner = module.InTrax("duplication", module.BESIDE)
    beside = module.InNumPy("duplication", module.BESIDE, learner.start)
    learner.go_on(module.N_STEPS["duplication"] // 10)
    beside.go_on(10)
    row = noted("in_trax")["trainings"]["duplication"][str(module.BESIDE)]
    assert learner.losses[:10] == pytest.approx(row["first_losses"], rel=1e-3)
    assert beside.losses == pytest.approx(row["numpy"]["first_losses"], rel=1e-3)
    assert learner.losses[0] == pytest.approx(beside.losses[0], rel=0.1)  # the same numbers to start from
    assert np.mean(learner.losses[-5:]) < np.mean(learner.losses[:5]) - 0.5
    assert 0 < learner.init_seconds + learner.compile_seconds < learner.clock.cpu
    assert learner.parameters["tokens"].shape == learner.start["tokens"].shape == (32, 64)
