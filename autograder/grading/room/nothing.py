"""Stand-ins for packages that only show things: any name can be imported from them, and nothing in them does a thing.

Drawing is not graded, and a learner's cell that draws must not fail for want of a screen.
"""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType


class Nothing:
    """Can be called, indexed, iterated, entered and asked for any attribute; the answer is nothing again."""

    def __call__(self, *arguments, **keywords):
        return self

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self

    def __iter__(self):
        return iter(())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __repr__(self):
        return ""


class _EmptyModule(ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()


class _Finder:
    def __init__(self, packages):
        self.packages = packages

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.packages:
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _EmptyModule(spec.name)

    def exec_module(self, module):
        pass


def stand_in_for(*packages):
    """Answer imports of these packages, and of anything below them, with modules of nothing."""
    sys.meta_path.insert(0, _Finder(packages))
