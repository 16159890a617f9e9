"""`formgrader`: look at what was graded in nbgrader's formgrader."""

from pathlib import Path

from autograder.commands import Usage

SUMMARY = "open nbgrader's formgrader on what `grade` wrote"
DESCRIPTION = "Open nbgrader's formgrader on a folder that `grade` wrote."


def add_arguments(parser):
    parser.add_argument("out", metavar="OUT", help="the folder")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument("--port", type=int, default=8888, help="port to serve on, or the next free one (default: 8888)")


def run(options):
    from autograder.commands.feedback import graded_folder
    from autograder.grading.formgrader import serve
    from autograder.grading.gradebook import DatabaseFault, Gradebook

    try:
        if Gradebook(graded_folder(options.out)).database.is_missing():
            raise Usage(f"{options.out} holds no gradebook; `grade` makes one: autograder grade SUBMISSIONS --out OUT")
    except DatabaseFault as fault:
        raise Usage(str(fault)) from None
    return serve(Path(options.out), browser=not options.no_browser, port=options.port)
