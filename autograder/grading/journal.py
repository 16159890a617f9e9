"""The journal of a run, OUT/journal.db: what was examined, and what of it stands in the gradebook and in feedback.

Each entry is on the disk before the next step rests on it. A run that was killed goes on from here: nothing is lost,
nothing is examined twice, and what is entered again is the same. An examination is kept by what it depends on, its key:
the cells that were run, the lab's version, the environment, the secret, the limits. So the journal is the cache of
later runs as well, and after an exercise was changed only its lab is examined anew.
"""

import contextlib
import json
import sqlite3
import zlib
from pathlib import Path

from autograder.grading.out import OutFault, fault_of_machine, told

NAME = "journal.db"
MOST_KEPT = 3  # examinations of one student's hand-ins for one lab; then the oldest goes
FORM = 1  # of the tables below
TABLES = """
create table if not exists examined (
    number integer primary key autoincrement, student text not null, lab text not null, key text not null,
    content blob not null, unique (student, lab, key));
create table if not exists entered (
    student text not null, lab text not null, mark text not null, beside text not null, shown text not null default '',
    primary key (student, lab));
"""


class Journal:
    """The journal in the folder OUT, a context manager. Raises OutFault where it cannot be read or written."""

    def __init__(self, out):
        self.path = Path(out) / NAME

    def __enter__(self):
        with self._told():
            # "file:" would make characters of the path mean something; this does not
            self._database = sqlite3.connect(self.path, isolation_level=None)
            self._database.execute("pragma synchronous = full")
            (form,) = self._database.execute("pragma user_version").fetchone()
            if form not in (0, FORM):
                raise OutFault(f"{self.path} was written by another version of the course; move it away to grade anew")
            self._database.executescript(TABLES + f"pragma user_version = {FORM};")
        return self

    def __exit__(self, *error):
        self._database.close()

    def examined(self, student, lab, key):
        """Return what an examination with this key gave, plain values; None where there was none."""
        with self._told():
            row = self._database.execute(
                "select content from examined where student = ? and lab = ? and key = ?", (student, lab, key)
            ).fetchone()
            return json.loads(zlib.decompress(row[0])) if row else None

    def keep(self, student, lab, key, examined):
        """Keep what an examination gave; the oldest of a student's for the lab go."""
        content = zlib.compress(json.dumps(examined, ensure_ascii=False).encode("utf-8"))
        with self._told(), self._transaction():
            self._database.execute(
                "insert or replace into examined (student, lab, key, content) values (?, ?, ?, ?)",
                (student, lab, key, content),
            )
            self._database.execute(
                "delete from examined where student = ?1 and lab = ?2 and number not in (select number from examined "
                "where student = ?1 and lab = ?2 order by number desc limit ?3)",
                (student, lab, MOST_KEPT),
            )

    def forget(self, student, lab):
        """Forget what was examined of a student's hand-ins for a lab, so that it is examined anew."""
        with self._told():
            self._database.execute("delete from examined where student = ? and lab = ?", (student, lab))

    def entered(self, student, lab):
        """Return the mark of what stands in the gradebook and what was said beside it, plain values; or None."""
        with self._told():
            row = self._database.execute(
                "select mark, beside from entered where student = ? and lab = ?", (student, lab)
            ).fetchone()
            return (row[0], json.loads(row[1])) if row else None

    def enter(self, student, lab, mark, beside):
        """Note what stands in the gradebook now; feedback does not show it yet."""
        with self._told():
            self._database.execute(
                "insert into entered (student, lab, mark, beside) values (?, ?, ?, ?) on conflict (student, lab) "
                "do update set mark = excluded.mark, beside = excluded.beside, shown = ''",
                (student, lab, mark, json.dumps(beside)),
            )

    def show(self, student, lab):
        """Note that the feedback shows what stands in the gradebook."""
        with self._told():
            self._database.execute("update entered set shown = mark where student = ? and lab = ?", (student, lab))

    def not_shown(self):
        """Return the students and labs whose feedback does not show what stands in the gradebook, as a set."""
        with self._told():
            return set(self._database.execute("select student, lab from entered where shown <> mark"))

    @contextlib.contextmanager
    def _told(self):
        with told(self.path.parent):
            try:
                yield
            except (sqlite3.DatabaseError, zlib.error, ValueError) as fault:
                if fault_of_machine(fault):
                    raise
                raise OutFault(
                    f"{self.path} is damaged or no journal ({fault}); move it away, and everything is examined anew"
                ) from fault

    @contextlib.contextmanager
    def _transaction(self):
        self._database.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._database.execute("rollback")
            raise
        self._database.execute("commit")
