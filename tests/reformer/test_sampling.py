from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.loops import model as loops
from reformer.model import ReformerLM, TransformerLM
from reformer.sampling import keep_top_p, sample, sample_token, stream
from reformer.streaming import Memory

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
SMALL = dict(vocabulary_size=9, max_length=16, d_model=8, d_ff=12, chunk_length=4, n_buckets=4)
ONE_LSH = dict(attention="lsh", n_layers=1, n_rounds=3)
CACHED = [
    TransformerLM(**SMALL),
    TransformerLM(**SMALL, attention="shared_qk", positions="sinusoidal"),
    ReformerLM(**SMALL, attention="dense", activation="gelu"),
    ReformerLM(**SMALL, attention="shared_qk", positions="axial", axial_shape=(4, 4)),
]


def write_greedily(model, parameters, prompt, n_new, **settled):
    """The slow way: the whole sequence from the start, for every token."""
    tokens = prompt
    for _ in range(n_new):
        best = np.argmax(model.logits(parameters, tokens, **settled)[:, -1], axis=-1)
        tokens = np.concatenate([tokens, best[:, np.newaxis]], axis=1)
    return tokens


@pytest.mark.parametrize("model", [*CACHED, ReformerLM(**SMALL, n_layers=1), TransformerLM(**SMALL, **ONE_LSH)])
@few
@given(seed=seeds, n_prompt=st.integers(1, 8), batch=st.integers(1, 3))
def test_without_lsh_or_with_one_layer_of_it_a_text_is_the_same_as_if_all_were_computed_again(
    model, seed, n_prompt, batch
):
    rng = np.random.default_rng(seed)
    parameters = model.init_parameters(rng, np.float64)
    prompt = rng.integers(0, 9, (batch, n_prompt))
    written = sample(model, parameters, prompt, n_new=8, rng=None, temperature=0)
    np.testing.assert_array_equal(written, write_greedily(model, parameters, prompt, 8))


@pytest.mark.parametrize("model", [ReformerLM(**SMALL), ReformerLM(**SMALL, n_layers=3, fast=True)])
@few
@given(seed=seeds, n_prompt=st.integers(1, 8), batch=st.integers(1, 3))
def test_with_lsh_greedy_sampling_writes_what_is_likeliest_for_the_newest_token(model, seed, n_prompt, batch):
    rng = np.random.default_rng(seed)
    parameters = model.init_parameters(rng, np.float64)
    prompt = rng.integers(0, 9, (batch, n_prompt))
    written = sample(model, parameters, prompt, n_new=8, rng=None, temperature=0)
    np.testing.assert_array_equal(written, write_greedily(model, parameters, prompt, 8, settled=n_prompt))


def test_a_model_trained_with_lsh_writes_with_a_cache_once_its_attention_is_dense():
    model = ReformerLM(**SMALL | {"chunk_length": 16})  # one chunk sees everything: LSH attention is dense here
    rng = np.random.default_rng(0)
    parameters, prompt = model.init_parameters(rng, np.float64), rng.integers(0, 9, (2, 3))
    dense = replace(model, attention="shared_qk")
    slow, cached = (sample(m, parameters, prompt, n_new=8, rng=None, temperature=0) for m in (model, dense))
    np.testing.assert_array_equal(cached, slow)


@pytest.mark.parametrize("model", [CACHED[0], CACHED[3], ReformerLM(**SMALL)])
def test_the_same_random_numbers_write_the_same_text_and_others_another(model):
    rng = np.random.default_rng(0)
    parameters, prompt = model.init_parameters(rng), np.zeros((4, 1), dtype=int)
    texts = [sample(model, parameters, prompt, n_new=10, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(texts[0], texts[1])
    assert not np.array_equal(texts[0], texts[2])


def test_nothing_follows_the_token_that_ends_a_text():
    model = CACHED[0]
    rng = np.random.default_rng(3)
    parameters = model.init_parameters(rng)
    parameters["output"]["bias"][5] += 2
    written = sample(model, parameters, np.zeros((6, 2), dtype=int), n_new=14, rng=rng, stop=5)
    for row in written[:, 2:]:
        ends = np.flatnonzero(row == 5)
        assert np.all(row[ends[0] :] == 5) if len(ends) else True
    parameters["output"]["bias"][5] += 1000
    assert sample(model, parameters, np.zeros((6, 2), dtype=int), n_new=14, rng=rng, stop=5).shape == (6, 3)


@few
@given(seeds, st.integers(1, 9), st.sampled_from([None, 1, 2, 4, 20]), st.sampled_from([0.3, 1.0, 2.5]))
def test_a_token_is_chosen_where_the_probabilities_in_the_order_of_the_numbers_pass_the_uniform(
    seed, n_tokens, top_k, temperature
):
    rng = np.random.default_rng(seed)
    logits, uniforms = np.round(rng.standard_normal((2, 3, n_tokens)), 1), rng.random((2, 3))  # rounded: some are equal
    chosen = sample_token(logits, uniforms, temperature=temperature, top_k=top_k)
    assert chosen.dtype == np.intp
    looped = loops.sample_token(logits, uniforms, temperature=temperature, top_k=top_k)
    np.testing.assert_array_equal(chosen, looped)
    for place in np.ndindex(2, 3):
        allowed = sorted(range(n_tokens), key=lambda token: (-logits[place][token], token))[: top_k or n_tokens]
        weights = [np.exp(logits[place][v] / temperature) if v in allowed else 0 for v in range(n_tokens)]
        token, up_to = 0, weights[0] / sum(weights)
        while up_to <= uniforms[place]:
            token += 1
            up_to += weights[token] / sum(weights)
        assert chosen[place] == token


def test_a_uniform_on_the_border_of_two_tokens_chooses_the_later_one():
    np.testing.assert_array_equal(sample_token(np.zeros((4, 4)), np.array([0, 0.25, 0.5, 0.75])), [0, 1, 2, 3])


def test_tokens_come_as_often_as_their_probabilities_say():
    logits = np.log(np.array([0.5, 0.1, 0.0001, 0.3999], dtype=np.float64))
    drawn = sample_token(np.tile(logits, (50_000, 1)), np.random.default_rng(0).random(50_000))
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / 50_000, np.exp(logits), atol=0.01)


def test_temperature_sharpens_and_flattens():
    logits, uniforms = np.tile([0.0, 1.0, 2.0], (20_000, 1)), np.random.default_rng(0).random(20_000)
    shares = [np.mean(sample_token(logits, uniforms, temperature=t) == 2) for t in (0.2, 1.0, 100.0)]
    assert (
        shares[0] > 0.99 and shares[1] == pytest.approx(0.665, abs=0.01) and shares[2] == pytest.approx(1 / 3, abs=0.01)
    )


@few
@given(seeds, st.integers(1, 12))
def test_only_the_highest_logits_are_chosen_with_top_k(seed, top_k):
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((1, 10)).repeat(300, axis=0)
    chosen = sample_token(logits, rng.random(300), top_k=top_k)
    assert set(chosen) <= set(np.argsort(-logits[0])[:top_k])


def test_of_equal_logits_the_lower_tokens_count():
    zeros, ones = np.zeros((100, 5)), np.random.default_rng(0).integers(0, 2, 500)  # a few are sorted stably anyway
    assert set(sample_token(zeros, np.linspace(0, 0.999, 100), top_k=2)) == {0, 1}
    chosen = sample_token(np.tile(100.0 * ones, (100, 1)), np.linspace(0, 0.999, 100), top_k=20)
    assert set(chosen) == set(np.flatnonzero(ones)[:20])
    assert set(sample_token(zeros, np.zeros(100), temperature=0)) == {0}


def test_an_impossible_token_is_never_chosen_at_the_ends_of_the_range():
    logits = np.array([-np.inf, 0.0, -np.inf], dtype=np.float32)
    for uniform in (0.0, np.nextafter(1.0, 0.0)):
        assert sample_token(logits, uniform) == 1


def test_even_the_largest_uniform_below_one_chooses_a_possible_token():
    logits = np.random.default_rng(0).standard_normal((2000, 30)).astype(np.float32)
    logits[:, -1] = -np.inf
    for largest in (np.nextafter(np.float32(1), np.float32(0)), np.nextafter(1.0, 0.0)):
        assert np.max(sample_token(logits, np.full(2000, largest))) <= 28


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_temperature_and_logits_near_the_end_of_the_range_choose_a_possible_token(dtype):
    top = np.finfo(dtype).max
    for temperature in (5e-324, 1e-300, 1e300, np.finfo(np.float64).max):
        for row in ([top, -top, 0], [-top, -top, -top], [-top, top, -np.inf]):
            chosen = sample_token(np.array(row, dtype), 0.6, temperature=temperature)
            assert np.isfinite(row[chosen])
    flat = sample_token(np.array([[top, -top, 0]] * 3, dtype) / 4, [0.1, 0.5, 0.9], temperature=np.finfo(float).max)
    np.testing.assert_array_equal(flat, [0, 1, 2])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("temperature", [5e-324, 1e-50, 1e-37, 1e-3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_temperature_close_to_zero_takes_the_highest_logit_however_large_they_are(temperature, dtype):
    rng = np.random.default_rng(0)
    for scale in (1, 50, 1e30):
        logits = (scale * rng.permuted(np.tile(np.arange(9.0), (40, 1)), axis=-1)).astype(dtype)
        chosen = sample_token(logits, rng.random(40), temperature=temperature)
        np.testing.assert_array_equal(chosen, np.argmax(logits, axis=-1))


@pytest.mark.parametrize("model", [CACHED[0], ReformerLM(**SMALL)])
def test_a_model_whose_numbers_grow_beyond_the_range_does_not_write(model):
    rng, prompt = np.random.default_rng(0), np.zeros((1, 2), int)
    parameters = model.init_parameters(rng)
    parameters["output"]["norm"]["scale"][:] = parameters["output"]["weights"][:] = 1e30
    parameters["output"]["norm"]["bias"][:] = 1e10
    for temperature in (0, 1):
        with np.errstate(all="ignore"), pytest.raises(ValueError, match="the highest logit of every row needs finite"):
            sample(model, parameters, prompt, n_new=3, rng=rng, temperature=temperature)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(logits=np.array([[np.nan, 1, 2]])), "the highest logit of every row needs finite numbers, got 1"),
        (dict(logits=np.full((1, 3), -np.inf)), "the highest logit of every row needs finite numbers, got 1"),
        (dict(logits=np.array([[np.inf, 1, 2]])), "the highest logit of every row needs finite numbers, got 1"),
        (dict(uniforms=np.array([1.0])), "uniforms needs numbers of at least 0 and below 1, got 1.0 to 1.0"),
        (dict(uniforms=np.array([-0.1])), "uniforms needs numbers of at least 0 and below 1, got -0.1"),
        (dict(uniforms=np.array([np.nan])), "uniforms needs numbers of at least 0 and below 1, got nan"),
        (dict(temperature=np.inf), "temperature needs a finite number of at least 0, got inf"),
        (dict(temperature=np.nan), "temperature needs a finite number of at least 0, got nan"),
    ],
)
def test_what_no_token_can_be_chosen_from_is_refused_by_name(change, words):
    with pytest.raises(ValueError, match=words):
        sample_token(**dict(logits=np.zeros((1, 3)), uniforms=np.array([0.5])) | change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(prompt=np.zeros((1, 0), int)), "the length of prompt needs a whole number of at least 1, got 0"),
        (dict(prompt=np.full((1, 2), 9)), "prompt needs values from 0 to 8"),
        (dict(n_new=15), "n_new needs at most max_length - P = 14, got 15"),
        (dict(n_new=0), "n_new needs a whole number of at least 1"),
        (dict(stop=9), "stop needs values from 0 to 8"),
        (dict(temperature=-1), "temperature needs a finite number of at least 0, got -1"),
        (dict(top_k=0), "top_k needs a whole number of at least 1, got 0"),
        (dict(top_k=-3, temperature=0), "top_k needs a whole number of at least 1, got -3"),
        (dict(stop=[1, 9]), "stop needs values from 0 to 8, got 1 to 9"),
        (dict(stop=1.5), "stop needs an integer dtype, got float64"),
        (dict(top_p=0), "top_p needs a number above 0 and at most 1, got 0"),
        (dict(top_p=1.1, temperature=0), "top_p needs a number above 0 and at most 1, got 1.1"),
        (dict(n_samples=0), "n_samples needs a whole number of at least 1, got 0"),
        (dict(seed=-1), "seed needs a whole number of at least 0, got -1"),
    ],
)
def test_a_bad_argument_is_refused_by_name_and_before_the_first_token(change, words):
    arguments = dict(prompt=np.zeros((1, 2), int), n_new=3, rng=np.random.default_rng(0)) | change
    parameters = CACHED[0].init_parameters(np.random.default_rng(0))
    for write in (sample, stream):
        with pytest.raises(ValueError, match=words):
            write(CACHED[0], parameters, **arguments)


@pytest.mark.parametrize("model", [CACHED[0], CACHED[1], ReformerLM(**SMALL), ReformerLM(**SMALL, fast=True)])
def test_texts_of_a_batch_are_written_as_if_alone(model):
    rng = np.random.default_rng(0)
    parameters, prompt = model.init_parameters(rng, np.float64), rng.integers(0, 9, (3, 4))
    together = sample(model, parameters, prompt, n_new=5, rng=None, temperature=0)
    alone = [sample(model, parameters, prompt[i : i + 1], n_new=5, rng=None, temperature=0)[0] for i in range(3)]
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("n_new", [1, 3])
def test_tokens_stay_whole_numbers_whatever_integers_the_prompt_has(n_new):
    parameters = CACHED[0].init_parameters(np.random.default_rng(0))
    for dtype in (np.uint64, np.uint8, np.int32, np.intp):
        tokens = sample(CACHED[0], parameters, np.ones((1, 2), dtype), n_new=n_new, rng=np.random.default_rng(0))
        assert tokens.dtype == np.intp


# --- streams ---------------------------------------------------------------------------------------------------------


def test_a_sample_is_what_a_stream_yields_behind_the_prompt():
    model, prompt = ReformerLM(**SMALL), np.array([[1, 2, 3], [4, 5, 6]])
    parameters = model.init_parameters(np.random.default_rng(0))
    options = dict(n_new=6, temperature=0.8, top_k=7, top_p=0.9, stop=[2, 3])
    pieces = list(stream(model, parameters, prompt, rng=np.random.default_rng(1), **options))
    written = sample(model, parameters, prompt, rng=np.random.default_rng(1), **options)
    assert all(piece.shape == (2,) for piece in pieces)
    np.testing.assert_array_equal(written, np.column_stack([prompt, *pieces]))


def test_a_stream_computes_a_token_when_it_is_asked_for_and_trusts_nobody_with_its_own(monkeypatch):
    steps, step = [], Memory.step
    monkeypatch.setattr(Memory, "step", lambda self, tokens: steps.append(tokens) or step(self, tokens))
    model, prompt = CACHED[0], np.zeros((1, 2), int)
    parameters = model.init_parameters(np.random.default_rng(0))
    options = dict(n_new=5, rng=None, temperature=0)
    tokens = []
    for n_before, token in enumerate(stream(model, parameters, prompt, **options)):
        assert len(steps) == n_before
        tokens.append(token.copy())
        token[:] = 8
    written = sample(model, parameters, prompt, **options)
    np.testing.assert_array_equal(written[0, 2:], np.concatenate(tokens))


@pytest.mark.parametrize("model", [CACHED[0], ReformerLM(**SMALL, fast=True)])
def test_several_samples_of_one_prompt_are_those_of_the_prompt_given_several_times(model):
    rng = np.random.default_rng(0)
    parameters, prompt = model.init_parameters(rng, np.float64), rng.integers(0, 9, (2, 5))
    options = dict(n_new=8, temperature=1.5)
    several = sample(model, parameters, prompt, n_samples=3, rng=np.random.default_rng(1), **options)
    repeated = sample(model, parameters, np.repeat(prompt, 3, axis=0), rng=np.random.default_rng(1), **options)
    np.testing.assert_array_equal(several, repeated)
    assert len(np.unique(several[:3], axis=0)) > 1


def test_each_text_ends_at_its_own_of_several_stop_tokens_and_is_filled_with_it():
    model, rng = CACHED[0], np.random.default_rng(2)
    parameters = model.init_parameters(rng)
    written = sample(model, parameters, np.zeros((40, 2), int), n_new=14, rng=rng, stop=(5, 7))[:, 2:]
    ends = [row[np.isin(row, (5, 7))] for row in written]
    assert {int(end[0]) for end in ends if len(end)} == {5, 7}
    for row, end in zip(written, ends, strict=True):
        assert len(set(end)) <= 1 and np.all(row[len(row) - len(end) :] == end)


# --- top-p -----------------------------------------------------------------------------------------------------------


@few
@given(seeds, st.integers(1, 9), st.floats(0.01, 1), st.sampled_from([0.3, 1.0, 2.5]))
def test_the_likeliest_tokens_are_kept_until_they_add_up(seed, n_tokens, top_p, temperature):
    logits = np.round(np.random.default_rng(seed).standard_normal((2, 3, n_tokens)), 1)  # rounded: some are equal
    kept = keep_top_p(logits, top_p, temperature=temperature)
    for place in np.ndindex(2, 3):
        weights = np.exp(logits[place] / temperature)
        expected, reached = set(), 0.0
        for token in sorted(range(n_tokens), key=lambda token: (-logits[place][token], token)):
            if not expected or reached < top_p - 1e-12:
                expected.add(token)
            reached += weights[token] / sum(weights)
        assert set(np.flatnonzero(kept[place] > -np.inf)) == expected
    np.testing.assert_array_equal(kept[kept > -np.inf], logits[kept > -np.inf])


def test_one_token_is_kept_by_the_smallest_share_and_at_temperature_zero_and_all_by_one():
    logits = np.array([[1.0, 3.0, 3.0, 2.0]], np.float32)
    for options in (dict(top_p=1e-300), dict(top_p=0.9, temperature=0), dict(top_p=1.0, temperature=0)):
        np.testing.assert_array_equal(np.flatnonzero(keep_top_p(logits, **options) > -np.inf), [1])
    everything = keep_top_p(logits, 1.0)
    np.testing.assert_array_equal(everything, logits)
    assert everything.dtype == np.float32


def test_with_both_the_smaller_of_top_k_and_top_p_decides():
    logits = np.log(np.array([0.05, 0.4, 0.3, 0.15, 0.1]))
    uniforms = np.random.default_rng(0).random(2000)
    for top_k, top_p, expected in ((2, 0.99, {1, 2}), (4, 0.6, {1, 2}), (3, 0.8, {1, 2, 3}), (None, 0.3, {1})):
        kept = np.tile(keep_top_p(logits, top_p), (2000, 1))
        assert set(sample_token(kept, uniforms, top_k=top_k)) == expected


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(top_p=np.nan), "top_p needs a number above 0 and at most 1, got nan"),
        (dict(temperature=-1), "temperature needs a finite number of at least 0, got -1"),
        (dict(logits=np.array([[np.nan, 1]])), "the highest logit of every row needs finite numbers, got 1"),
        (dict(logits=np.zeros((2, 0))), "logits needs shape"),
        (dict(logits=np.zeros((2, 3), int)), "logits needs dtype float32 or float64"),
    ],
)
def test_what_top_p_cannot_be_taken_of_is_refused_by_name(change, words):
    with pytest.raises(ValueError, match=words):
        keep_top_p(**dict(logits=np.zeros((1, 3)), top_p=0.5) | change)


@pytest.mark.parametrize(
    "choose", [lambda logits: sample_token(logits, np.zeros(2)), lambda logits: keep_top_p(logits, 0.5)]
)
def test_one_row_without_a_finite_logit_is_refused_beside_a_good_one(choose):
    with pytest.raises(ValueError, match="the highest logit of every row needs finite numbers, got 1"):
        choose(np.array([[0.0, 1.0], [-np.inf, -np.inf]]))
