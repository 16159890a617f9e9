"""Where the gradebook is kept: a file in OUT or a server's database; its tables, its back-ups, its faults in words.

nbgrader opens its gradebook anew for each small step and looks for every table each time. Here one connection stays
open, and what belongs together is one transaction: killed at any moment, the gradebook holds all of it or nothing.
"""

import os
import re
import sqlite3
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from autograder.grading.text import shown

FILE, BACKUPS = "gradebook.db", "backups"
MOST_KEPT = 10  # back-ups; then the oldest goes
WAIT = 30  # seconds for whoever else writes, such as the formgrader
COURSE = "default_course"  # nbgrader's


class GradebookFault(RuntimeError):
    """The gradebook does not take something; the message says what and why, in one sentence."""


class DatabaseFault(GradebookFault):
    """The gradebook itself cannot be read or written, whatever is to be entered."""


def require_server(url):
    """Return the address of a server's database as SQLAlchemy reads it. Raises DatabaseFault where it is none."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    form = "expected one such as postgresql+psycopg://user@host/database"
    try:
        made = make_url(url)
    except (ArgumentError, ValueError):  # its words may hold the password
        raise DatabaseFault(f"the address of the gradebook's database cannot be read; {form}") from None
    if made.get_backend_name() == "sqlite":
        raise DatabaseFault(f"a gradebook in a file is kept in OUT, as {FILE}; for a server, {form}")
    return made


class Database:
    """The database of the gradebook of a folder: its file, or a server's.

    out : the folder, with any name a folder can have
    url : SQLAlchemy's address of a server's database; None for the file
    """

    def __init__(self, out, url=None):
        self.folder = Path(out) / BACKUPS
        self.file = None if url else Path(out) / FILE
        self.url = require_server(url) if url else None
        self.name = shown(str(self.file)) if self.file else _without_password(self.url)

    def engine(self, *, writing):
        """Return SQLAlchemy's engine. A writer waits its turn when it begins, so that two never block each other."""
        from sqlalchemy import create_engine, event

        with self.faults_in_words():
            if not self.file:
                url = self.url
                if url.get_driver_name() == "psycopg" and "connect_timeout" not in url.query:
                    url = url.update_query_dict({"connect_timeout": str(WAIT)})
                return create_engine(url, pool_pre_ping=True)
            if self.is_missing() and not writing:
                raise DatabaseFault(f"there is no gradebook {self.name}")
            engine = create_engine("sqlite://", creator=self._connect)  # not by a URL, which not every path fits in
            event.listen(engine, "begin", lambda on: on.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN"))
            return engine

    def is_missing(self):
        """Whether the gradebook is to be kept in a file, and there is none yet."""
        return bool(self.file) and not self.file.exists()

    def _connect(self):
        return sqlite3.connect(self.file, isolation_level=None, timeout=WAIT)

    def make_tables(self, engine):
        """Make nbgrader's tables, all at once, unless they are there."""
        from nbgrader.api import Base, Course
        from sqlalchemy import inspect, select, text

        with self.faults_in_words(), engine.begin() as connection:
            if "alembic_version" not in inspect(connection).get_table_names():
                Base.metadata.create_all(connection)
                connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
                connection.execute(
                    text("INSERT INTO alembic_version VALUES (:version)"), {"version": _newest_version()}
                )
            if not connection.execute(select(Course.id).where(Course.id == COURSE)).first():
                connection.execute(Course.__table__.insert(), {"id": COURSE})

    @contextmanager
    def faults_in_words(self):
        """Turn what SQLAlchemy and the drivers say into a DatabaseFault of one sentence, without a password."""
        from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

        try:
            yield
        except (NoSuchModuleError, ImportError) as error:
            advice = "python -m pip install 'psycopg[binary]' brings the one for postgresql+psycopg"
            raise DatabaseFault(f"no driver for {self.name} is installed ({_line(error)}); {advice}") from None
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise DatabaseFault(self._words(getattr(error, "orig", None) or error)) from None

    def _words(self, error):
        reason = _line(error, self.url.password if self.url else None)
        if not self.file:
            return f"the gradebook's database {self.name} cannot be used: {reason}"
        if "malformed" in reason or "not a database" in reason:
            return f"the gradebook {self.name} is damaged ({reason}); {self._newest_backup()}"
        if "locked" in reason:
            return f"the gradebook {self.name} is being written by another program; wait until that is done"
        return f"the gradebook {self.name} cannot be used: {reason}"

    def _newest_backup(self):
        kept = self._kept()
        if not kept:
            return "there is no back-up of it"
        return f"the newest back-up is {shown(str(kept[-1]))}; copy it to {self.name}"

    def _kept(self):
        """The back-ups, the oldest first."""
        return sorted(self.folder.glob("gradebook-*.db")) if self.folder.is_dir() else []

    def back_up(self):
        """Copy the gradebook into the folder of back-ups. Returns what a person has to do about it, or None."""
        if not self.file:
            return f"{self.name} is not backed up from here; use the server's own dump, such as pg_dump"
        if self.is_missing():
            kept = self._kept()
            words = f"the gradebook {self.name} was gone and is made anew; manual grades stand in the newest back-up"
            return f"{words}, {shown(str(kept[-1]))}" if kept else None
        for partial in self.folder.glob("*.partial"):  # of a run that was killed
            partial.unlink()
        path = self.folder / f"gradebook-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.db"
        partial = path.with_suffix(".partial")
        try:
            self.folder.mkdir(exist_ok=True)
            with self.faults_in_words():
                self._copy(partial)
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(partial, path)
        except OSError as error:
            raise DatabaseFault(f"no back-up can be written in {shown(str(self.folder))} ({error.strerror})") from None
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        for old in self._kept()[:-MOST_KEPT]:
            old.unlink()
        return None

    def _copy(self, path):
        source, copy = self._connect(), sqlite3.connect(path)
        try:
            (found,) = source.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(f"malformed: {found}")
            source.backup(copy)
        finally:
            source.close()
            copy.close()


def _newest_version():
    """The number of nbgrader's tables as they are now, by which it knows whether they are to be brought up to date."""
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


def _without_password(url):
    place = ":".join(str(part) for part in (url.host, url.port) if part)
    return f"{url.drivername}://{place}/{url.database or ''}"


def _line(error, password=None):
    """What an error says, in one line."""
    text = re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
    return shown(text.replace(password, "***") if password else text)[:300]
