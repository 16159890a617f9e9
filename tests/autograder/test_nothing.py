"""Whatever a learner's cell does with what it drew, it goes on: the definitions behind it must be reached."""

import numpy as np
import pytest

from autograder.grading.room.nothing import Nothing


@pytest.mark.parametrize(
    "code",
    [
        "figure, axes = nothing.subplots(1, 2)",
        "figure, (left, right) = nothing.subplots(1, 2)",
        "len(nothing); float(nothing); int(nothing); str(nothing); f'{nothing:.2f}'; range(nothing); bool(nothing)",
        "2 * nothing + 1 - nothing / 3 ** nothing; -nothing; abs(nothing); round(nothing, 2); nothing @ nothing",
        "nothing < 1, 1 >= nothing, nothing == 1, sorted([nothing, nothing]), max(nothing, 1)",
        "array * nothing; nothing + array; np.asarray(nothing); nothing[0, 1] = 2; nothing.x = 1; nothing += 1",
        "for axes in nothing: axes.plot()",
        "list(zip(nothing, range(3))); [*nothing]; {**{}}; print(*nothing)",
        "with nothing.rc_context(): nothing.show()",
    ],
)
def test_nothing_can_be_used_as_if_it_were_something(code):
    exec(code, {"nothing": Nothing(), "array": np.ones(3), "np": np})
