"""Whose is a file in an archive of hand-ins, and which folder does each student get: two never one, and all get one.

A platform says in a name whose a file is; else it lies in a folder for each student, at a depth to be found. A student
can choose what the platform shows of them, so a name is looked for in the roster only among those of its kind.
"""

import os
import re
from collections import Counter
from typing import NamedTuple

from autograder.exercises import LABS
from autograder.grading.names import exact, folder_name, loose, marked, platform_name
from autograder.grading.text import shown


class OwnersUnclear(Exception):
    """Whose the files are cannot be told; the message says what would be right, in one sentence."""


class Owner(NamedTuple):
    """Whose a file is: a name, the platform's number, and the platform, or "" where a folder is called so."""

    who: str
    number: str
    form: str


class Handed(NamedTuple):
    """A path in an archive: whose it is, or None; its path in the hand-in; and which attempt the platform says."""

    owner: Owner | None
    path: tuple[str, ...]
    attempt: str = ""


def handed_in(paths, find):
    """Return a `Handed` for each path of an archive, as `archive.Listed` has them. Raises OwnersUnclear.

    find : what tells who of the roster is meant, as `roster.whose` returns it
    """
    inside = [parts for parts in paths if parts[0] != ".."]
    depth = _depth(inside, find)
    logins = _logins({parts[depth] for parts in inside if len(parts) > depth}, find)
    handed = [Handed(None, parts) if parts[0] == ".." else _handed(parts[depth:], logins) for parts in paths]
    _require_students(handed, depth, find)
    return handed


def folders_of(owners, students, find):
    """Return a folder for each owner, and in words who was kept apart from a name that others may bear too.

    One who is on the roster, and alone is meant there, gets the name they have there. No other gets that name.
    """
    meant = {owner: find(*owner) for owner in owners}
    times = Counter(student.name for student in meant.values() if student)
    on_roster = {loose(name) for student in students for name in student.names()}
    known = {owner: student for owner, student in meant.items() if student and times[student.name] == 1}
    choices = {owner: [folder_name(known[owner].name)] if owner in known else _choices(owner) for owner in owners}
    while clash := _clash(choices, on_roster):
        for owner in clash:
            choices[owner] = choices[owner][1:]
    folders = {owner: names[0] for owner, names in choices.items()}
    apart = [
        f"{shown(owner.who)} is in {folder}, as others may be called so too"
        for owner, folder in sorted(folders.items())
        if owner not in known and len(choices[owner]) < len(_choices(owner))
    ]
    return folders, apart


def _clash(choices, on_roster):
    """Return the owners who need another name: one with less choice has theirs, or somebody on the roster may."""
    claims = {}
    for names in choices.values():
        claims.setdefault(loose(names[0]), []).append(len(names))
    return [
        owner
        for owner, names in choices.items()
        for claim in [claims[loose(names[0])]]
        if len(names) > 1
        and (len(claim) > 1 and len(names) == max(claim) or owner.form and loose(names[0]) in on_roster)
    ]


def _choices(owner):
    """The names a folder may have, the plainest first; the last is nobody else's."""
    numbered = f"{owner.who}_{owner.number}"
    plain = [folder_name(owner.who), *([folder_name(numbered)] if owner.number else [])]
    return [*plain, marked(f"{numbered} {owner.form}")]


def _depth(paths, find):
    """How many folders all hand-ins lie in: an archive may hold one folder that holds everything; loose files aside."""
    for depth in range(max(map(len, paths), default=0)):
        here = {parts[depth] for parts in paths if len(parts) > depth}
        folders = {parts[depth] for parts in paths if len(parts) > depth + 1}
        below = {parts[depth + 1] for parts in paths if len(parts) > depth + 1 and parts[depth + 1]}
        folders_below = {parts[depth + 1] for parts in paths if len(parts) > depth + 2}
        if any(map(platform_name, here)) or len(folders) != 1 or find(*folders):
            return depth
        if any(map(_is_lab, folders_below)) or not (folders_below or any(map(platform_name, below))):
            return depth
    return 0


def _handed(parts, logins):
    """Return whose a file is, by its path from where the students' names stand."""
    platform = platform_name(parts[0]) if parts else None
    if platform:
        who = logins.get(platform.head, platform.who)
        flat = (platform.file or parts[0],)
        return Handed(Owner(exact(who), platform.number, platform.form), parts[1:] or flat, platform.attempt)
    if len(parts) > 1:  # a folder for each student
        return Handed(Owner(exact(parts[0]), "", ""), parts[1:])
    return Handed(None, parts)


def _logins(names, find):
    """Return the login in each head of Blackboard's names, `<title>_<login>`, where both may hold `_`.

    The title is what all share; of several ways to part them the one that fits the roster best, or the longest title.
    """
    heads = {platform.head for platform in map(platform_name, names) if platform and platform.head}
    common = os.path.commonprefix(sorted(heads))
    cuts = [
        cut for cut in range(1, len(common) + 1) if common[cut - 1] == "_" and all(len(head) > cut for head in heads)
    ]
    if not heads:
        return {}
    known = {cut: sum(bool(find(head[cut:], "", "blackboard")) for head in heads) for cut in cuts}
    if not cuts or len(heads) == 1 and len(cuts) > 1 and not max(known.values()):
        raise OwnersUnclear(
            f"where the title ends and the login begins cannot be told in {shown(min(heads))}; give a roster with the "
            "logins, or the archive of one exercise for the whole class"
        )
    best = max(cuts, key=lambda cut: (known[cut], cut))
    return {head: head[best:] for head in heads}


def _require_students(handed, depth, find):
    """Refuse an archive that has a lab, or a folder that may hold many hand-ins, where a student is expected."""
    folders = {one.owner.who for one in handed if one.owner and not one.owner.form}
    lab = next(filter(_is_lab, sorted(folders)), None)
    if lab:
        raise OwnersUnclear(
            f"{shown(lab)} is no student; the archive needs a folder for each student, with the hand-in"
        )
    if len({one.owner for one in handed if one.owner}) == 1 and len(folders) == 1 and not find(*folders):
        mine = [one.path for one in handed if one.owner]
        notebooks = sum(path[-1].lower().endswith(".ipynb") for path in mine)
        if not any(_is_lab(path[0]) for path in mine if len(path) > 1) and (depth or notebooks > 1):
            raise OwnersUnclear(
                f"all of it lies in the folder {shown(*folders)}, and whether that is a student cannot be told; the "
                "archive needs STUDENT/<the lab>/<files>, or a roster with the name"
            )


def _is_lab(name):
    name = name.lower()
    return bool(re.fullmatch(r"lab[ _-]*\d{1,2}", name)) or any(lab in name for lab in LABS)
