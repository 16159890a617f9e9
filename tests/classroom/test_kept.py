"""A kept answer is a text that needs nothing of the notebook it comes from; what cannot be one is named."""

import numpy as np
import pytest

from autograder.exercises import exercise_named
from classroom import kept
from tests.classroom.answers import CELLS, IMPORTS, SORT_BY_BUCKET, run_cells

KEPT = """import numpy as np

STABLE = 'stable'


def by_number(numbers):
    return np.argsort(numbers, axis=-1, kind=STABLE)


def sort_by_bucket(buckets):
    return by_number(buckets)
"""


def keep(folder, namespace, name="sort_by_bucket"):
    return kept.keep(folder, exercise_named(name), "lab04_sort_and_chunk", namespace[name], 10.0)


def path_of(folder, name="sort_by_bucket"):
    return folder / "kept" / f"{name}.py"


def test_an_answer_is_kept_with_its_helpers_constants_and_imports_and_comes_back(tmp_path):
    namespace = run_cells(tmp_path / "cells", *CELLS)
    assert keep(tmp_path, namespace) and keep(tmp_path, namespace, "lsh_attention")
    text = path_of(tmp_path).read_text(encoding="utf-8")
    title, _, source = text.partition("\n\n")
    assert title.startswith('"""`sort_by_bucket`, yours: it got all points in lab04_sort_and_chunk on 20')
    assert source == KEPT
    assert "softmax" in path_of(tmp_path, "lsh_attention").read_text(encoding="utf-8")
    assert kept.kept_names(tmp_path) == ["lsh_attention", "sort_by_bucket"]
    buckets = np.array([[2, 0, 1, 0]])
    np.testing.assert_array_equal(kept.load(tmp_path, "sort_by_bucket")(buckets), [[1, 3, 2, 0]])


def test_what_is_kept_already_is_not_written_again_and_a_new_answer_takes_its_place(tmp_path):
    namespace = run_cells(tmp_path / "cells", IMPORTS, SORT_BY_BUCKET)
    assert keep(tmp_path, namespace)
    before = path_of(tmp_path).stat()
    assert not keep(tmp_path, namespace)
    assert path_of(tmp_path).stat() == before
    other = run_cells(
        tmp_path / "other", IMPORTS, "def sort_by_bucket(buckets):\n    return np.argsort(buckets, kind='stable')"
    )
    assert keep(tmp_path, other) and "STABLE" not in path_of(tmp_path).read_text(encoding="utf-8")
    assert [path.name for path in path_of(tmp_path).parent.iterdir()] == ["sort_by_bucket.py"]


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("import numpy", "numpy.argsort(buckets, kind='stable')"),
        ("from numpy import argsort as sorted_places", "sorted_places(buckets, kind='stable')"),
        ("from numpy.linalg import norm", "np.argsort(buckets, kind='stable') + int(norm([0]))"),
        ("from math import floor", "np.argsort(buckets, kind='stable') + floor(0.5)"),
        ("from functools import partial", "partial(np.argsort, kind='stable')(buckets)"),
        ("NONE = np.array([[0], [0]])[:1]", "np.argsort(buckets, kind='stable') + NONE[0]"),
        (
            "FAR = float('inf')\nNEAR = (0, [1.5, None], {'a': {2}})",
            "np.argsort(buckets, kind='stable') + int(FAR < 0) + NEAR[0]",
        ),
        ("class Zero:\n    value = 0", "np.argsort(buckets, kind='stable') + Zero.value"),
        ("again = lambda numbers: np.argsort(numbers, kind='stable')", "again(buckets)"),
        (
            "from reformer.chunking import sort_by_bucket as theirs",
            "theirs(buckets) if len(buckets) else theirs(buckets)",
        ),
        (
            "def first(n):\n    return second(n) if n else 0\n\n\ndef second(n):\n    return first(n - 1)",
            "np.argsort(buckets, kind='stable') + first(2)",
        ),
    ],
)
def test_every_kind_of_name_that_a_function_uses_is_kept_with_it(before, line, tmp_path):
    cells = IMPORTS + before, f"def sort_by_bucket(buckets):\n    np.zeros(1)\n    return {line}"
    namespace = run_cells(tmp_path / "cells", *cells)
    if "class" in before and "__firstlineno__" not in vars(namespace["Zero"]):
        pytest.skip("before Python 3.13 nothing tells where a class of a notebook is written")
    keep(tmp_path, namespace)
    expected = namespace["sort_by_bucket"](np.array([2, 0, 1, 0]))
    np.testing.assert_array_equal(kept.load(tmp_path, "sort_by_bucket")(np.array([2, 0, 1, 0])), expected)


def test_a_local_name_that_the_notebook_has_too_is_not_taken_along(tmp_path):
    answer = "def sort_by_bucket(buckets):\n    order = np.argsort(buckets, kind='stable')\n    return order"
    keep(tmp_path, run_cells(tmp_path / "cells", IMPORTS + "order = 'a word'", answer))
    assert "a word" not in path_of(tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "line", "words"),
    [
        ("", "np.argsort(buckets, kind=table)", "it uses `table`, which is not defined"),
        (
            "rng = np.random.default_rng(0)",
            "rng and np.argsort(buckets, kind='stable')",
            "it uses `rng`, and a Generator cannot be kept",
        ),
        (
            "data = list(range(9999))",
            "data and np.argsort(buckets, kind='stable')",
            "it uses `data`, and a list cannot be kept",
        ),
        (
            "exec('def hidden(a): return np.argsort(a, kind=1)')",
            "hidden(buckets)",
            "the source of `hidden` cannot be found",
        ),
        (
            "seen = []",
            "(seen.append(1), np.argsort(buckets, kind='stable') if len(seen) > 99 else 1 / 0)[1]",
            "alone it fails: ",
        ),
    ],
)
def test_what_cannot_be_kept_is_named_and_nothing_is_written(before, line, words, tmp_path):
    namespace = run_cells(tmp_path / "cells", IMPORTS + before, f"def sort_by_bucket(buckets):\n    return {line}")
    with pytest.raises(kept.NotKept, match=words):
        keep(tmp_path, namespace)
    assert not path_of(tmp_path).parent.exists()


def test_an_answer_without_a_name_of_its_own_is_told_so(tmp_path):
    namespace = run_cells(tmp_path / "cells", IMPORTS, "answers = {'sort': lambda a: np.argsort(a, kind='stable')}")
    with pytest.raises(kept.NotKept, match="begin it with `def sort_by_bucket"):
        keep(tmp_path, {"sort_by_bucket": namespace["answers"]["sort"]})


def test_a_damaged_file_is_set_aside_under_another_name_and_no_other_is_touched(tmp_path):
    namespace = run_cells(tmp_path / "cells", *CELLS)
    keep(tmp_path, namespace), keep(tmp_path, namespace, "undo_sort")
    whole = path_of(tmp_path, "undo_sort").read_bytes()
    for number, content in (("", b"def sort_by_bucket(buckets:"), ("2", b"other = 1\n"), ("3", b"\xff\x00")):
        path_of(tmp_path).write_bytes(content)
        with pytest.raises(kept.Damaged, match=f"sort_by_bucket.py.damaged{number}$"):
            kept.load(tmp_path, "sort_by_bucket")
        assert (tmp_path / "kept" / f"sort_by_bucket.py.damaged{number}").read_bytes() == content
    assert kept.kept_names(tmp_path) == ["undo_sort"]
    assert path_of(tmp_path, "undo_sort").read_bytes() == whole
    assert keep(tmp_path, namespace)


def test_a_file_whose_import_fails_stays_where_it_is(tmp_path):
    path_of(tmp_path).parent.mkdir()
    path_of(tmp_path).write_text("import nowhere_at_all\n\n\ndef sort_by_bucket(buckets):\n    return buckets\n")
    with pytest.raises(kept.NotKept, match="its file fails: ModuleNotFoundError"):
        kept.load(tmp_path, "sort_by_bucket")
    assert path_of(tmp_path).exists()
