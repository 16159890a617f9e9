"""Stand-ins for packages that only show things: any name can be imported from them, and nothing in them does a thing.

Drawing is not graded, and a learner's cell that draws must not fail for want of a screen.
"""

import sys
from dis import opmap
from importlib.machinery import ModuleSpec
from types import ModuleType


class Nothing:
    """Can be called, indexed, unpacked, entered, reckoned with and asked for any attribute: it is nothing again."""

    __array_ufunc__ = None  # numpy leaves arithmetic with it to it

    def __call__(self, *arguments, **keywords):
        return self

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self

    def __setitem__(self, key, value):
        pass

    def __iter__(self):
        """As many as the caller unpacks it into, as in `figure, axes = plt.subplots()`; for a loop none."""
        caller = sys._getframe(1)
        operation, number = caller.f_code.co_code[max(caller.f_lasti, 0) :][:2] or (0, 0)
        return iter((self,) * (number if operation == opmap["UNPACK_SEQUENCE"] else 0))

    def __len__(self):
        return 0

    def __bool__(self):
        return True

    def __float__(self):
        return 0.0

    def __int__(self):
        return 0

    __index__ = __int__

    def __format__(self, how):
        return ""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __repr__(self):
        return ""


def _itself(self, *others):
    return self


def _no(self, other):
    return False


for _name in "add sub mul matmul truediv floordiv mod pow and or xor lshift rshift".split():
    setattr(Nothing, f"__{_name}__", _itself)
    setattr(Nothing, f"__r{_name}__", _itself)
for _name in "neg pos abs invert round".split():
    setattr(Nothing, f"__{_name}__", _itself)
for _name in "lt le gt ge".split():
    setattr(Nothing, f"__{_name}__", _no)


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
