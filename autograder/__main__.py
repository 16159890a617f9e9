"""The instructor's commands: `python -m autograder --help`. Each is a module of `autograder/commands/`."""

import argparse
import importlib
import sys
import textwrap

from autograder.commands import COMMANDS, STOPPED, USAGE, Usage


def main(arguments=None):
    """Run a command. Returns its exit code."""
    for stream in (sys.stdout, sys.stderr):  # whatever a student is called, it can be printed
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except Usage as fault:
        print(f"autograder: {fault}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("\nautograder: stopped; nothing more was written", file=sys.stderr)
        return STOPPED


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m autograder", description="Release labs, grade what students hand in, test the exercises."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in COMMANDS:
        command = importlib.import_module(f"autograder.commands.{name}")
        one = commands.add_parser(
            name,
            help=command.SUMMARY,
            description="\n".join(textwrap.wrap(command.DESCRIPTION, 100)),
            epilog=getattr(command, "EPILOG", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(one)
        one.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
