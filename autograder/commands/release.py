"""`release`: write the archive that students get."""

from pathlib import Path

from autograder.commands import FINAL, Usage, short

SUMMARY = "write course-student.zip: all that students need, and the secret of the hidden questions if there is none"
DESCRIPTION = "Write course-student.zip: what students need, without solutions and grading."


def add_arguments(parser):
    parser.add_argument("--out", default="release", help="folder for the archive (default: release/)")


def run(options):
    from autograder.grading.labs import LabFault, stale_labs
    from autograder.grading.release import write_release
    from autograder.grading.secret import make_secret

    try:
        stale = stale_labs()
    except LabFault as fault:
        raise Usage(f"{fault}; run `make labs` first") from None
    if stale:
        raise Usage(f"labs/ is stale: {', '.join(stale)} differs from what solutions/ makes; run `make labs` first")
    path = write_release(Path(options.out))
    print(f"Hand out {short(path)} ({path.stat().st_size / 2**20:.1f} MB). Unpacked, `make lab` works in it.")
    if make_secret():
        print("A secret for the hidden questions is in grading/secret. Keep it out of git, and keep it for regrades.")
    return FINAL
