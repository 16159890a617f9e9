"""Make data/text from the documentation inside Python 3.11.7: `python3.11.7 data/text/make_text.py`.

`pydoc_data.topics` holds 79 topics of Python's reference. Topics repeat each other: a fifth of all characters stands in
paragraphs that were there before. Those are left out, since a model that has read them would know parts of the text
that is held out. The text differs between patch versions of Python, so it is stored.
"""

import argparse
import gzip
import hashlib
import json
import platform
from pathlib import Path

HERE = Path(__file__).parent
VERSION = "3.11.7"


def main():
    """Write text.txt.gz and text.json into the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    out = parser.parse_args().out
    if platform.python_version() != VERSION:
        raise SystemExit(f"The text is that of Python {VERSION}, and this is {platform.python_version()}.")
    content = make_text().encode()
    packed = gzip.compress(content, mtime=0)
    (out / "text.txt.gz").write_bytes(packed)
    made = {
        "source": f"pydoc_data.topics of Python {VERSION}",
        "changed": "joined; paragraphs that stand there twice left out after the first",
        "script": "data/text/make_text.py",
        "n_characters": len(content.decode()),
        "sha256": {
            "text.txt.gz": hashlib.sha256(packed).hexdigest(),
            "the text in UTF-8": hashlib.sha256(content).hexdigest(),
        },
    }
    (out / "text.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def make_text():
    """The topics of the Python that runs this, one after the other, each paragraph once."""
    from pydoc_data.topics import topics  # not above: only the right Python needs to have it

    return leave_out_repeats("\n".join(topics.values()))


def leave_out_repeats(text):
    """Keep the first of all paragraphs that are equal up to white space. An empty line ends a paragraph."""
    first = {}
    for paragraph in text.split("\n\n"):
        first.setdefault(" ".join(paragraph.split()), paragraph)
    return "\n\n".join(first.values())


if __name__ == "__main__":
    main()
