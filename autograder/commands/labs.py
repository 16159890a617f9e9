"""`labs`: make labs/ from solutions/."""

from autograder.commands import FAULT, FINAL, Usage, short

SUMMARY = "make labs/ from solutions/"
DESCRIPTION = "Make labs/ from solutions/, and the secret of the hidden questions if there is none."


def add_arguments(parser):
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if labs/ is not what solutions/ makes"
    )
    parser.add_argument("--force", action="store_true", help="write over a lab that was edited in labs/")


def run(options):
    from autograder.grading.labs import LabFault, make_labs, stale_labs
    from autograder.grading.secret import make_secret

    try:
        if options.check:
            stale = stale_labs()
            if stale:
                print(f"labs/ is stale: {', '.join(stale)} differs from what solutions/ makes; run `make labs`.")
            return FAULT if stale else FINAL
        print(f"The labs are in {short(make_labs(force=options.force))}.")
    except LabFault as fault:
        raise Usage(str(fault)) from None
    if make_secret():
        print("A secret for the hidden questions is in grading/secret. Keep it out of git, and keep it for regrades.")
    return FINAL
