import os
import zipfile

import numpy as np
import pytest

from reformer import parameters as module
from reformer.model import ReformerLM
from reformer.parameters import (
    conform_arrays,
    flatten_parameters,
    load_parameters,
    map_parameters,
    save_parameters,
    unflatten_parameters,
)


@pytest.fixture
def tree():
    return ReformerLM(vocabulary_size=5, max_length=8, d_model=4, d_ff=6).init_parameters(np.random.default_rng(0))


def test_what_is_saved_is_what_is_loaded(tree, tmp_path):
    path = tmp_path / "model.npz"
    save_parameters(path, tree)
    loaded = flatten_parameters(load_parameters(path, tree))
    assert loaded.keys() == flatten_parameters(tree).keys()
    for name, array in flatten_parameters(tree).items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype


def test_flattening_and_nesting_undo_each_other(tree):
    flat = flatten_parameters(tree)
    assert "layers/1/attention/w_qk" in flat
    assert flatten_parameters(unflatten_parameters(flat)).keys() == flat.keys()
    assert unflatten_parameters(flat)["layers"]["1"]["attention"]["w_qk"] is tree["layers"]["1"]["attention"]["w_qk"]


def test_the_file_holds_plain_arrays_that_numpy_reads_without_pickle(tree, tmp_path):
    save_parameters(tmp_path / "model.npz", tree)
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:
        assert set(file.files) == set(flatten_parameters(tree))


def without(tree, *path):
    flat = flatten_parameters(tree)
    del flat["/".join(path)]
    return unflatten_parameters(flat)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tree: without(tree, "output", "bias"), "output/bias is missing"),
        (lambda tree: tree | {"extra": np.zeros(3)}, "extra is not expected"),
        (
            lambda tree: tree | {"tokens": tree["tokens"][1:]},
            r"tokens needs float32 of shape \(5, 4\), got float32 of shape \(4, 4\)",
        ),
        (lambda tree: tree | {"tokens": tree["tokens"].astype(np.float64)}, "tokens needs float32 .* got float64"),
        (lambda tree: {"a": np.zeros(1)}, "and 24 more"),
        (
            lambda tree: tree | {"tokens": tree["tokens"] * np.inf},
            "tokens needs finite numbers, got 20 that are NaN or",
        ),
        (lambda tree: tree | {"tokens": tree["tokens"] * np.nan, "x": np.ones(2)}, "x is not expected; tokens needs"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_the_reason(tree, tmp_path, change, words):
    path = tmp_path / "other.npz"
    save_parameters(path, change(tree))
    with pytest.raises(ValueError, match=f"other.npz does not fit: .*{words}"):
        load_parameters(path, tree)


def test_the_first_five_reasons_are_named_and_the_others_counted():
    for n_missing, more in [(1, ""), (5, ""), (6, " and 1 more"), (9, " and 4 more")]:
        needed = {str(i): np.zeros(2) for i in range(n_missing)}
        listed = "; ".join([f"{i} is missing" for i in range(n_missing)][:5])
        with pytest.raises(ValueError, match=f"^the tree does not fit: {listed}{more}$"):
            conform_arrays({}, needed, "the tree")


def test_arrays_come_in_the_order_that_is_needed_and_none_leaves_shape_and_dtype_open():
    found = {"b": np.zeros(2), "a": np.array("text")}
    assert list(conform_arrays(found, {"a": None, "b": np.ones(2)}, "the tree")) == ["a", "b"]
    with pytest.raises(
        ValueError, match="the tree does not fit: b needs finite numbers, got 1 that are NaN or infinite"
    ):
        conform_arrays({"b": np.array([1, np.nan])}, {"b": None}, "the tree")


class Harmful:
    """Unpickled, it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def cut_short(path):
    with open(path, "wb") as file:
        np.savez(file, tokens=np.zeros(100))
    path.write_bytes(path.read_bytes()[:300])


def write_one_array(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


def write_members(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)


def write_header(path, shape):
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    write_members(path, tokens_npy=path.read_bytes())


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("not an archive"),
        cut_short,
        write_one_array,
        lambda path: write_members(path, tokens_npy=b"not an array"),
        lambda path: write_members(path, tokens=b"not an array"),
        lambda path: write_header(path, (10**15,)),
        lambda path: write_header(path, (10**30,)),
    ],
)
def test_a_file_of_another_kind_is_refused(tree, tmp_path, write):
    path = tmp_path / "strange.npz"
    write(path)
    with pytest.raises(ValueError, match="strange.npz (needs to be an npz file of plain arrays|does not fit)"):
        load_parameters(path, tree)


def test_nothing_in_a_file_is_run(tmp_path):
    path, made = tmp_path / "strange.npz", tmp_path / "made"
    np.savez(path, tokens=np.array([Harmful(str(made))], dtype=object))
    for like in ({"tokens": np.zeros(1)}, {"tokens": None}):
        with pytest.raises(ValueError, match="strange.npz needs to be an npz file of plain arrays"):
            load_parameters(path, like)
    assert not made.exists()


@pytest.mark.filterwarnings("ignore")  # of zipfile and NumPy, about what is wrong with the file
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_whatever_byte_is_damaged_the_file_is_read_right_or_refused_by_its_name(tmp_path, save):
    path, tree = tmp_path / "model.npz", {"a": np.arange(3.0)}
    save(path, **tree)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for flipped in (1, 255):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ flipped]) + whole[place + 1 :])
            try:
                loaded = load_parameters(path, tree)
            except ValueError as problem:
                assert str(problem).startswith(str(path))
            else:
                np.testing.assert_array_equal(loaded["a"], tree["a"])


def test_a_missing_file_is_missing_and_a_folder_is_a_folder(tree, tmp_path):
    with pytest.raises(FileNotFoundError):
        load_parameters(tmp_path / "none.npz", tree)
    with pytest.raises(PermissionError if os.name == "nt" else IsADirectoryError):
        load_parameters(tmp_path, tree)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"a": {"b": np.array([{1: 2}], dtype=object)}}, "a/b needs to be an array of numbers or text, got object"),
        ({"a": None}, "a needs to be an array of numbers or text, got NoneType"),
        ({"a": [1.0, 2.0]}, "a needs to be an array of numbers or text, got list"),
        ({"file": np.zeros(2)}, "file needs another name"),
        ({"allow_pickle": np.zeros(2)}, "allow_pickle needs another name"),
        ({"a": np.zeros(2), "a.npy": np.ones(2)}, "a.npy needs another name"),
        ({"a": {"b": np.zeros(2)}, "a/b": np.ones(2)}, "needs to be text without '/', got 'a/b'"),
        ({0: np.zeros(2)}, "needs to be text without '/', got 0"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_before_anything_is_written(tmp_path, tree, words):
    path = tmp_path / "model.npz"
    save_parameters(path, {"old": np.ones(1)})
    before = path.read_bytes()
    with pytest.raises(ValueError, match=words):
        save_parameters(path, tree)
    assert path.read_bytes() == before


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError])
def test_a_write_that_breaks_off_leaves_the_old_file_and_no_litter(tree, tmp_path, monkeypatch, failure):
    path = tmp_path / "model.npz"
    save_parameters(path, tree)
    before = path.read_bytes()

    def broken(file, **arrays):
        file.write(b"half a file")
        raise failure

    monkeypatch.setattr(module.np, "savez", broken)
    with pytest.raises(failure):
        save_parameters(path, map_parameters(np.zeros_like, tree))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]


def test_a_new_file_takes_the_place_of_the_old_one_in_one_move(tree, tmp_path):
    path, old = tmp_path / "model.npz", tmp_path / "old.npz"
    save_parameters(path, tree)
    os.link(path, old)  # a second name for the old file: it would change if that were written over
    save_parameters(path, map_parameters(np.zeros_like, tree))
    np.testing.assert_array_equal(load_parameters(old, tree)["tokens"], tree["tokens"])
    assert not load_parameters(path, tree)["tokens"].any()


def test_mapping_goes_through_several_dicts_at_once_and_refuses_different_ones():
    a, b = {"x": {"y": 1}, "z": 2}, {"x": {"y": 10}, "z": 20}
    assert map_parameters(lambda p, q: p + q, a, b) == {"x": {"y": 11}, "z": 22}
    with pytest.raises(ValueError, match="trees need the same keys"):
        map_parameters(lambda p, q: p, a, {"x": {"y": 1}})
    with pytest.raises(ValueError, match="trees need the same keys"):
        map_parameters(lambda p, q: p, a, {"x": 1, "z": 2})
    with pytest.raises(ValueError, match="trees need the same keys, got int and "):
        map_parameters(lambda p, q: p, {"x": 1, "z": 2}, a)


def test_mapping_leaves_names_as_they_are_also_flat_ones():
    assert map_parameters(abs, {"layers/0/w": -1, "other": {}}) == {"layers/0/w": 1, "other": {}}
