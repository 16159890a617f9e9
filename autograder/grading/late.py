"""shim"""


class LateFault(ValueError):
    pass


def read_time(text):
    raise LateFault("x")


def handed_in_at(folder):
    return None, ""
