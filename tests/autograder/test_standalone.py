"""A function written out with all that it needs gives what the function itself gives, without the modules around it."""

import ast

import numpy as np
import pytest

from autograder.grading.standalone import standalone
from reformer import angular, neighbors

FAR, STEPS, NAMES = np.inf, np.array([[1.0, 2.0]]), {"two": (2,)}


def helper(x):
    """Of this name there are two."""
    return x + 1


def made_helper(number):
    def helper(x, *, add=lambda x: x + number):
        return add(10 * x)

    return helper


another = made_helper(5)


def with_two_helpers(x):
    return helper(x) + another(x)


def with_values(x, least=-FAR):
    return [max(least, one) for one in (x * STEPS)[0]] + [*NAMES["two"]]


def factorial(n):
    return 1 if n == 0 else n * factorial(n - 1)


def from_the_core(vectors, rotations):
    return angular.angular_hash(neighbors.unit_vectors(vectors), rotations)


CALLS = [(with_two_helpers, (3,)), (with_values, (4.0,)), (factorial, (5,)), (another, (6,))]


def defined_by(source):
    namespace = {"np": np}
    exec(compile(source, "cell", "exec"), namespace)
    return namespace


@pytest.mark.parametrize("function, arguments", CALLS, ids=lambda one: getattr(one, "__name__", ""))
@pytest.mark.parametrize("name", ["answer", "helper"])
def test_it_gives_the_same_under_any_name(function, arguments, name):
    assert defined_by(standalone(function, name, unit=1))[name](*arguments) == function(*arguments)


def test_nothing_else_gets_a_name_that_is_to_be_avoided():
    names = defined_by(standalone(with_two_helpers, "answer", unit=1, avoid={"helper", "another"}))
    assert not {"helper", "another"} & set(names)
    assert names["answer"](3) == with_two_helpers(3)


@pytest.mark.parametrize("unit", [1, 2])
def test_the_core_s_modules_of_earlier_units_are_imported_and_others_written_out(unit):
    source = standalone(from_the_core, "answer", unit=unit)
    imported = {ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    assert ("from reformer import neighbors" in imported) == (unit == 2) == ("def unit_vectors" not in source)
    assert "def angular_hash" in source and not any("angular" in line for line in imported)
    vectors, rotations = np.random.default_rng(0).standard_normal((4, 3)), np.eye(3)[np.newaxis]
    np.testing.assert_array_equal(defined_by(source)["answer"](vectors, rotations), from_the_core(vectors, rotations))
