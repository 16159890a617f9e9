"""nbgrader's configuration: where a course's folders are, and how its converters are to treat notebooks.

nbgrader looks for its configuration in the working folder only, so it is made here, in Python, with absolute paths.
The folder that `grade` writes holds a short `nbgrader_config.py` that calls `configure_grading`, for the formgrader.
"""

import contextlib
import json
import logging
import os
import sys
import warnings
from pathlib import Path

from autograder.grading.database import FILE, DatabaseFault
from autograder.grading.out import replaced
from autograder.grading.text import shown

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "settings.json"
STUB = '# YOUR CODE HERE\nraise NotImplementedError("not written yet")'


def configure_labs(config, root, release):
    """Release the labs of the course in `root` into the folder `release`, without a gradebook."""
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = str(release)
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    config.ClearSolutions.code_stub = {"python": STUB}


def configure_grading(config, out, settings=None):
    """Keep a gradebook and nbgrader's own folders in `out`, and take the judge's outputs as they are.

    Nothing is executed: the notebooks that nbgrader meets were rebuilt from the course's own and judged before. A
    gradebook in a file is named as it lies in `out`, where nbgrader works: a URL has no room for every path.

    settings : as `settings_of` returns them; those written down in `out` if none are given
    """
    from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata

    from autograder.grading.late import LateFault, failing, late_policy
    from autograder.grading.points import SavePoints

    out, settings = Path(out).resolve(), settings or settings_of(out)
    config.CourseDirectory.root = str(out)
    config.CourseDirectory.source_directory = os.path.join("nbgrader", "source")
    config.CourseDirectory.release_directory = os.path.join("nbgrader", "release")
    config.CourseDirectory.submitted_directory = os.path.join("nbgrader", "judged")
    config.CourseDirectory.autograded_directory = os.path.join("nbgrader", "autograded")
    config.CourseDirectory.feedback_directory = "feedback"
    config.CourseDirectory.db_url = settings["db_url"] or f"sqlite:///{FILE}"
    config.FormgradeExtension.debug = not settings["db_url"]  # it shows the configuration, and so a password
    config.ClearSolutions.code_stub = {"python": STUB}
    config.Autograde.sanitize_preprocessors = [CheckCellMetadata]
    config.Autograde.autograde_preprocessors = [SavePoints, AssignLatePenalties, CheckCellMetadata]
    try:
        config.AssignLatePenalties.plugin_class = late_policy(settings["late"] or "none")
    except LateFault as fault:  # an export goes on without it
        config.AssignLatePenalties.plugin_class = failing(fault)


def settings_of(out):
    """Return what the runs of grading in `out` have in common: the address of a server's database, the late policy.

    Each is None where it was never chosen. Raises DatabaseFault for a file that cannot be read.
    """
    path, settings = Path(out) / SETTINGS, {"db_url": None, "late": None}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return settings | {name: kept[name] for name in settings if kept[name] is None or isinstance(kept[name], str)}
    except FileNotFoundError:
        return settings
    except (OSError, ValueError, TypeError, KeyError):
        advice = "remove it, and give --gradebook and --late again"
        raise DatabaseFault(f"{shown(str(path))} cannot be read; {advice}") from None


def keep_settings(out, settings):
    """Write the settings down for the runs that follow; a password may be in them, so that no other user reads them."""
    with replaced(Path(out) / SETTINGS, mode=0o600) as file:
        file.write(json.dumps(settings, indent=1).encode("utf-8"))


@contextlib.contextmanager
def nbgrader_at_work(log=None):
    """Let nbgrader find `alembic`, keep its talk off the terminal, and come back to the working folder.

    log : the file to which nbgrader's messages are added; without one they are dropped
    """
    handler = logging.FileHandler(log, encoding="utf-8", errors="backslashreplace") if log else logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    loggers = [logging.getLogger(name) for name in ("traitlets", "py.warnings")]
    before = [(logger.level, logger.propagate) for logger in loggers]
    path, folder = os.environ.get("PATH", os.defpath), os.getcwd()
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), path])
    with warnings.catch_warnings():
        logging.captureWarnings(True)
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
            logger.propagate = False
        try:
            yield
        finally:
            logging.captureWarnings(False)
            for logger, (level, propagate) in zip(loggers, before, strict=True):
                logger.removeHandler(handler)
                logger.setLevel(level)
                logger.propagate = propagate
            handler.close()
            os.environ["PATH"] = path
            os.chdir(folder)
