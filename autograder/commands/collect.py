"""`collect`: a learning platform's archive becomes a folder of submissions."""

from autograder.commands import FINAL, Usage, short, some
from autograder.exercises import LABS

SUMMARY = "turn a learning platform's archive of hand-ins into a folder of submissions"
DESCRIPTION = (
    "Take the hand-ins of one lab out of the zip archive that Moodle (Download all submissions), Canvas (Download "
    "Submissions) or Blackboard gives, into SUBMISSIONS/<student>/<lab>/. Any zip with a folder for each student is "
    "taken too. It is counted before it is unpacked; of attempts that a platform marks the newest is taken, and "
    "whoever has an entry gets a folder."
)
ROSTER = "all students: names, one a line, or a CSV with a known heading; who has no folder is missing"


def add_arguments(parser):
    parser.add_argument("archive", metavar="ARCHIVE", help="the zip archive")
    parser.add_argument(
        "--lab", metavar="LAB", required=True, choices=sorted(LABS), help="the lab that was handed in: %(choices)s"
    )
    parser.add_argument("--out", required=True, metavar="SUBMISSIONS", help="folder to write to; made if there is none")
    parser.add_argument(
        "--zone",
        metavar="ZONE",
        help="zone of the times in the archive, such as Europe/Berlin or +0100 (default: that of this machine)",
    )
    parser.add_argument("--roster", metavar="FILE", help=f"{ROSTER}. Folders are called as it calls the students")


def run(options):
    from autograder.grading.late import LateFault, zone_called

    try:
        zone = zone_called(options.zone) if options.zone else None
    except LateFault as fault:
        raise Usage(f"--zone: {fault}") from None
    found = collected(options.archive, options.lab, options.out, roster_of(options.roster), zone)
    students = found.students
    print(f"{len(students)} hand-ins of {options.lab} are in {short(options.out)}: {some(students)}.")
    say_what_was_left(found)
    print(f"When each came is read as a time of {options.zone or 'the zone of this machine'} (--zone says another).")
    print(f"Grade them: make grade SUBMISSIONS={short(options.out)} OUT=grading/first")
    return FINAL


def collected(archive, lab, submissions, roster, zone=None):
    from autograder.grading.collect import CollectFault
    from autograder.grading.collect import collect as collect_archive

    try:
        return collect_archive(archive, lab, submissions, roster, zone)
    except CollectFault as fault:
        raise Usage(str(fault)) from None


def say_what_was_left(collected):
    if collected.left:
        print(f"Left in the archive: {some(collected.left)}.")
    if collected.apart:
        print(f"Kept apart: {some(collected.apart)}.")


def roster_of(path):
    from autograder.grading.roster import RosterFault, read_roster

    try:
        return read_roster(path) if path else []
    except RosterFault as fault:
        raise Usage(str(fault)) from None
