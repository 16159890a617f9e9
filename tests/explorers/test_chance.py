"""shared/chance.js: draws of one hash are the same for every explorer that asks, however many it asks for."""

import numpy as np
import pytest

from explorers import AngularExplorer

pytestmark = pytest.mark.browser

# Two rounds to a trial; every third round lets all pairs meet: the first of one trial, the second of the next, none of
# the third.
ASK = """([counts]) => {
    let drawn = 0;
    const drawHash = () => {
        const meets = drawn++ % 3 === 0;
        return ([x]) => (meets || x === 1 ? 0 : 1);
    };
    const oneRound = functions.ANGLES.map(() => 0.5);
    const ask = (n_draws, n_rounds) =>
        functions.chanceOf({ hash: "every third", drawHash, oneRound, n_draws, n_rounds, most_rounds: 2 });
    return counts.map(([n_draws, n_rounds]) => {
        const { measured, trials, unfinished } = ask(n_draws, n_rounds);
        return { trials, share: measured.at(-1) ?? null, unfinished };
    });
}"""


@pytest.fixture
def functions(functions_of):
    return functions_of("shared/chance.js")


def test_chance_comes_a_tenth_at_a_time_and_who_asks_for_less_takes_nothing_from_others(functions):
    asked = [(30, 1)] * 10 + [(0, 1), (4, 1), (30, 1), (30, 2)]
    answers = functions(ASK, asked)
    assert [answer["trials"] for answer in answers] == [*range(3, 31, 3), 0, 4, 30, 30]
    assert [answer["unfinished"] for answer in answers] == [True] * 9 + [False] * 5
    assert [answer["share"] for answer in answers[10:]] == [None, 2 / 4, 1 / 3, 2 / 3]


def test_the_angles_are_those_of_the_stored_theory(functions):
    np.testing.assert_allclose(functions("() => functions.ANGLES"), AngularExplorer().angles, atol=1e-12)
