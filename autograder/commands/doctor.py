"""`doctor`: say what this machine can isolate, and what is missing for grading."""

from autograder.commands import FAULT, FINAL

SUMMARY = "say what this machine can isolate, and what is missing for grading"
DESCRIPTION = (
    "Look at Python, the walls for students' code, cores, memory, disk, the secret, the labs and optional parts; start "
    "a kernel behind the walls and run a cell in it. Each line is ok, missing or a note, with the one thing to do. "
    "Exits 0 where grading behind walls works, 1 where it does not."
)


def add_arguments(parser):
    parser.add_argument("--quick", action="store_true", help="start no kernel and make no labs to compare with")
    parser.add_argument("--json", action="store_true", help="print all findings as JSON instead")


def run(options):
    from autograder.grading.doctor import findings, is_well

    found = []
    for finding in findings(quick=options.quick):
        found.append(finding)
        if not options.json:
            print(_line(finding), flush=True)
    well = is_well(found)
    print(_as_json(found, well) if options.json else f"\n{_conclusion(found, well, options.quick)}")
    return FINAL if well else FAULT


def _line(finding):
    do = f"\n{'':9}→ {finding.do}" if finding.do else ""
    return f"{finding.status:8} {finding.about}: {finding.words}{do}"


def _conclusion(found, well, quick):
    if well:
        return "Grading works here, behind walls" + (", as far as --quick looks." if quick else ".")
    missing = [finding.about for finding in found if finding.needed and finding.status == "missing"]
    return f"Grading does not work here: look at the lines on {' and '.join(missing)} above."


def _as_json(found, well):
    import json
    from dataclasses import asdict

    return json.dumps({"works": well, "findings": [asdict(finding) for finding in found]}, indent=1)
