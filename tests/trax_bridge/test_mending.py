"""The two functions that take the place of Trax's own, without Trax."""

import numpy as np
import pytest

from trax_bridge.mending import CheckpointMismatch, match_by_shape, tree_unflatten


class Array:
    """Refuses to be compared, as an array of jax does."""

    def __eq__(self, other):
        raise TypeError("unsupported operand type(s) for ==: 'ArrayImpl' and 'tuple'")


@pytest.mark.parametrize(
    "tree, expected, left",
    [
        (Array(), 1, [2, 3]),
        ((Array(), (), [Array(), None]), (1, (), [2, None]), [3]),
        ({"b": Array(), "a": (Array(), {}), "c": ()}, {"b": 1, "a": (2, {}), "c": ()}, [3]),
    ],
)
def test_leaves_are_filled_in_order_and_empty_parts_stay(tree, expected, left):
    assert tree_unflatten([1, 2, 3], tree, copy_from_tree=[None, ()]) == (expected, left)


def test_without_parts_to_keep_everything_that_is_no_container_is_a_leaf():
    assert tree_unflatten([1, 2], (None, [()])) == ((1, [()]), [2])


def test_a_marker_is_kept_by_its_value():
    marker = {"__marker__": ()}
    assert tree_unflatten([1], ({"__marker__": ()}, Array()), copy_from_tree=[(), marker]) == ((marker, 1), [])


def test_a_checkpoint_of_the_same_shapes_is_taken_as_it_is():
    model, checkpoint = [np.zeros((2, 3)), None, np.zeros(3)], [np.ones((2, 3)), None, np.ones(3)]
    assert all(found is own for found, own in zip(match_by_shape(model, checkpoint), checkpoint, strict=True))


@pytest.mark.parametrize(
    "checkpoint, said",
    [
        ([np.ones((2, 3)), np.ones(4)], r"an array of shape \(4,\), where the model has \(3,\)"),
        ([np.ones((2, 3))], "1 arrays, where the model has 2"),
        ([np.ones((2, 3)), np.ones(3), np.ones(1)], "3 arrays, where the model has 2"),
        ([np.ones((2, 3)), None], r"shape None, where the model has \(3,\)"),
    ],
)
def test_another_checkpoint_is_refused_with_what_it_holds(checkpoint, said):
    with pytest.raises(CheckpointMismatch, match=said) as caught:
        match_by_shape([np.zeros((2, 3)), np.zeros(3)], checkpoint)
    assert isinstance(caught.value, IndexError) and "choose another output_dir" in str(caught.value)
