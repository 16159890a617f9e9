"""The map of the gallery: eight squares of pairs. `python -m gallery.map` draws it and writes the table of rooms.

A row of a square is who asks, a column who is asked; dark is a pair that is compared. Rooms whose notebook is not there
yet are pale, and bear the words "to come". The picture is `gallery/map.png`; the table stands in the gallery's first
page, `notebooks/gallery/G0_map.ipynb`. Run it again whenever a room is added; a test says so where it was forgotten.
"""

import base64
import html
import json
import re
from pathlib import Path

import numpy as np

from gallery import ROOMS

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks" / "gallery"
FIRST_PAGE = FOLDER / "G0_map.ipynb"
PICTURE = Path(__file__).with_name("map.png")
N = 16  # items along each side of a square
COLOURS = {"here": "#0f6cab", "to come": "#b9c4cd"}


def squares():
    """The pairs of each room as {name: (N, N) boolean array}; rows ask, columns are asked."""
    rng = np.random.default_rng(2)
    asks, asked = np.indices((N, N))
    causal = asked <= asks
    bucket = rng.integers(0, 5, N)
    friends = np.triu(rng.random((N, N)) < 0.07, 1)
    return {
        "G1": asks == N // 2,
        "G2": friends | friends.T | (asks == asked),
        "G3": np.isin(asks, (3, 8, 13)),
        "G4": (asks < 11) & (asked < 14),
        "G5": np.ones((N, N), bool),
        "G6": causal,
        "G7": causal & ((asks - asked < 3) | (bucket[asks] == bucket[asked])),
        "G8": ((asks % 4 == 0) & (asked % 4 == 0)) | ((asks // 4 == 1) & (asked // 4 == 2)),
    }


def notebook_of(name):
    """The notebook of a room, or None where it is still to come."""
    return next(iter(sorted(FOLDER.glob(f"{name}_*.ipynb"))), None)


def says():
    """What the map shows, in words: the picture's alternative text and caption."""
    to_come = [name for name in ROOMS if notebook_of(name) is None]
    parts = [f"{name} {room.title}: {room.pairs}" for name, room in ROOMS.items()]
    pale = f" Pale, still to come: {', '.join(to_come)}." if to_come else ""
    return (
        "Eight squares of pairs, one for each room; a row asks, a column is asked, dark is compared. "
        f"{'; '.join(parts)}. From G1 to G5 the pairs grow, from G6 to G8 they shrink.{pale}"
    )


def draw(path=PICTURE):
    """Draw the map into a file, as PNG."""
    from matplotlib import style  # not above: a room's code needs NumPy alone

    with style.context("default"):
        _figure().savefig(path)


def _figure():
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.6), dpi=150, layout="constrained")
    for ax, (name, pairs) in zip(figure.subplots(2, 4).flat, squares().items(), strict=True):
        state = "here" if notebook_of(name) else "to come"
        ax.imshow(pairs, cmap=ListedColormap(["white", COLOURS[state]]), vmin=0, vmax=1)
        for edge in np.arange(-0.5, N, 1):
            ax.axhline(edge, color="#e4e9ed", lw=0.5)
            ax.axvline(edge, color="#e4e9ed", lw=0.5)
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"{name}  {ROOMS[name].title}", fontsize=9.5, weight="bold", loc="left")
        words = ROOMS[name].pairs if state == "here" else f"{ROOMS[name].pairs}\n(to come)"
        ax.set_xlabel(words, fontsize=9)
    return figure


def show():
    """Show the map in a notebook, with its words."""
    from IPython.display import HTML, display

    data, words = base64.b64encode(PICTURE.read_bytes()).decode("ascii"), html.escape(says())
    display(
        HTML(
            f'<figure style="margin:.6em 0;max-width:900px"><img alt="{words}" src="data:image/png;base64,{data}" '
            'style="width:100%;background:white;border-radius:4px"><figcaption style="line-height:1.45">'
            f"{words}</figcaption></figure>"
        )
    )


def table():
    """One row for each room, in Markdown: its notebook if it is there, what is averaged, which pairs, the door."""
    rows = ["| room | averaged | pairs compared | opens after unit | time |", "|---|---|---|---|---|"]
    for name, room in ROOMS.items():
        path = notebook_of(name)
        title = f"**{name}** {room.title}"
        minutes = "to come"
        if path:
            title = f"[{title}]({path.name})"
            first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
            minutes = re.search(r"\*\*Time:\*\* (\d+ min)", "".join(first))[1]
        rows.append(f"| {title} | {room.averaged} | {room.pairs} | {room.unit:02} | {minutes} |")
    return "\n".join(rows)


def with_table(text):
    """The text of the first page with its cell `rooms` written anew."""
    page = json.loads(text)
    cell = next(cell for cell in page["cells"] if cell["id"] == "rooms")
    cell["source"] = re.sub(r"\| room \|.*(?:\n\|.*)*", lambda _: table(), "".join(cell["source"]))
    return json.dumps(page, indent=1, ensure_ascii=False) + "\n"


def main():
    """Draw the map and write the table."""
    draw()
    FIRST_PAGE.write_text(with_table(FIRST_PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    print(f"{PICTURE.relative_to(ROOT)} and the table in {FIRST_PAGE.relative_to(ROOT)} are written anew.")


if __name__ == "__main__":
    main()
