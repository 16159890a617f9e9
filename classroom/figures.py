"""Figures for notebooks: one look, colours safe for colour-blind readers, and a sentence under every picture.

`show` ends a drawing cell. The functions before it draw what recurs in the lessons; what a lesson is about stays in
the lesson's own cells.
"""

import base64
import contextlib
import html
import io
import json
import traceback
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display
from matplotlib.patches import Wedge
from matplotlib.patheffects import withStroke

# The palette of figures and explorers: the hues of Okabe and Ito, some of which vanish on white or on dark paper, moved
# until each is 3:1 against both; with a grey and a brown.
_PALETTE = Path(__file__).parents[1] / "explorers" / "shared" / "palette.json"
COLOURS = tuple(json.loads(_PALETTE.read_text(encoding="utf-8")))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
QUIET = "#8a8a8a"

plt.rcParams.update(
    {
        "figure.figsize": (6.4, 3.6),
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
        "axes.prop_cycle": plt.cycler(color=COLOURS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": "medium",
        "axes.titlelocation": "left",
        "legend.frameon": False,
        "font.size": 10,
    }
)


def show(figure, says):
    """Show a figure with a sentence that says what is on it, and close it.

    The sentence is both the caption and the alternative text, so that whoever cannot see the picture misses nothing.

    Parameters
    ----------
    figure : matplotlib figure
    says : what the figure shows, in words; not empty

    Raises ValueError if `says` is empty.
    """
    if not says.strip():
        raise ValueError("says needs a sentence that says what the figure shows, got an empty one")
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=2 * figure.dpi, facecolor="white")
    width = int(figure.get_size_inches()[0] * figure.dpi)
    plt.close(figure)
    data = base64.b64encode(image.getvalue()).decode("ascii")
    words = html.escape(says)
    display(
        HTML(
            f'<figure style="margin:.6em 0;max-width:{width}px"><img alt="{words}" src="data:image/png;base64,{data}" '
            f'style="width:100%;background:white;border-radius:4px"><figcaption style="line-height:1.45">{words}'
            "</figcaption></figure>"
        )
    )


def draw_circle(ax, title=""):
    """Prepare axes for points on the unit circle: equal scales, the circle, no ticks."""
    ax.set(aspect="equal", xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), xticks=[], yticks=[], title=title)
    ax.spines[:].set_visible(False)
    ax.add_patch(plt.Circle((0, 0), 1, fill=False, color=QUIET, lw=1))


def draw_points(ax, points, buckets, *, numbered=True):
    """Draw points in the plane, each with its bucket as colour and marker and, unless told otherwise, as number.

    points : (L, 2) array; buckets : (L,) integer array
    """
    for (x, y), bucket in zip(points, buckets, strict=True):
        style = {"color": COLOURS[bucket % len(COLOURS)], "marker": MARKERS[bucket % len(MARKERS)]}
        ax.plot(x, y, ls="", ms=7, zorder=3, **style)
        if numbered:
            away = 1.17 / np.hypot(x, y)
            ax.text(x * away, y * away, str(bucket), ha="center", va="center", fontsize=8)


def draw_sectors(ax, hash_directions, *, n_steps=1440, numbered=True):
    """Shade the circle by the bucket of each direction, with the bucket's number in the middle of its sector.

    Where arrows bear the numbers already, `numbered=False` leaves those of the sectors out.

    hash_directions : gives the buckets, (n,) integers, of directions, an (n, 2) array
    """
    angles = np.linspace(0, 2 * np.pi, n_steps, endpoint=False)
    buckets = hash_directions(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    starts = np.flatnonzero(buckets != np.roll(buckets, 1))
    if len(starts) == 0:
        starts = np.array([0])
    for start, stop in zip(starts, np.append(starts[1:], starts[0] + n_steps), strict=True):
        low, high = 360 * start / n_steps, 360 * stop / n_steps
        colour = COLOURS[buckets[start] % len(COLOURS)]
        ax.add_patch(Wedge((0, 0), 1, low, high, color=colour, alpha=0.22, lw=0, zorder=0))
        if not numbered:
            continue
        middle = np.radians((low + high) / 2)
        place = 0.62 * np.cos(middle), 0.62 * np.sin(middle)
        ax.text(*place, str(buckets[start]), ha="center", va="center", color=colour, fontsize=12, weight="bold")


def draw_hash(ax, rotation, points, *, reach=None):
    """Draw an angular hash of the plane: points on the circle and sectors in the colours of their buckets, and arrows.

    Arrows are the columns (solid) and their negatives (dashed) at true length, with the numbers of their buckets. A
    dotted line joins the tips that lie farthest out: of its corners, the one that reaches farthest in the direction of
    x is the bucket of x, and an arrow that ends inside is nobody's bucket.

    rotation : (2, B/2) array; points : (L, 2) array
    reach : half the width of the picture, in the unit of the columns; None for a picture without arrows
    """
    tips = np.concatenate([rotation, -rotation], axis=1).T
    draw_circle(ax)
    draw_sectors(ax, lambda directions: np.argmax(directions @ tips.T, axis=1), numbered=False)
    draw_points(ax, points, np.argmax(points @ tips.T, axis=1), numbered=False)
    if reach is None:
        return
    for bucket, tip in enumerate(tips):
        colour = COLOURS[bucket % len(COLOURS)]
        style = {"arrowstyle": "-|>", "color": colour, "lw": 1.6, "ls": "-" if bucket < len(tips) / 2 else "--"}
        ax.annotate("", xy=tip, xytext=(0, 0), arrowprops=style, zorder=2)
        place = tip * (1 + 0.11 * reach / np.hypot(*tip))
        label = ax.text(*place, str(bucket), ha="center", va="center", color=colour, zorder=5)
        label.set_path_effects([withStroke(linewidth=3, foreground="white")])  # readable upon a marker
    angles = np.linspace(0, 2 * np.pi, 1440)
    farthest = tips[np.argmax(np.stack([np.cos(angles), np.sin(angles)], axis=1) @ tips.T, axis=1)]
    ax.plot(*farthest.T, color=QUIET, ls=":", lw=1.2, zorder=1)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))


def draw_arrows(ax, directions, labels, *, dashed=False):
    """Draw arrows from the origin, each with its label at the tip; dashed ones for what is derived from others."""
    for (x, y), label in zip(directions, labels, strict=True):
        style = {"arrowstyle": "->", "color": "#333333", "lw": 1.4, "ls": "--" if dashed else "-"}
        ax.annotate("", xy=(x, y), xytext=(0, 0), arrowprops=style, zorder=2)
        across, up = np.array([x, y]) / np.hypot(x, y)
        aside = {
            "ha": "center" if abs(across) < 0.4 else "left" if across > 0 else "right",
            "va": "center" if abs(up) < 0.4 else "bottom" if up > 0 else "top",
        }
        ax.annotate(
            label, (x, y), (3 * across, 3 * up), textcoords="offset points", fontsize=9, color="#333333", **aside
        )


def draw_look_up(ax, query, keys, weights):
    """Draw a look-up in the plane: the query as an arrow, each key as a disc whose area is its weight.

    query : (2,) array; keys : (K, 2) array; weights : (K,) array, written beside the discs in per cent
    """
    ax.set_aspect("equal")
    draw_arrows(ax, [query], ["query"])
    for number, (key, weight) in enumerate(zip(keys, weights, strict=True)):
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        ax.plot([0, key[0]], [0, key[1]], color=colour, lw=0.8)
        ax.scatter(*key, s=1500 * weight, color=colour, alpha=0.35, lw=0)
        ax.plot(*key, marker, color=colour, ms=5)
        label = f"key {number}: {weight:.0%}"
        below = key[1] <= 0  # there the query may lie, to whose right its own label stands
        place = {"xytext": (0, -22), "ha": "center"} if below else {"xytext": (13, 0), "va": "center"}
        ax.annotate(label, key, textcoords="offset points", color=colour, fontsize=9, **place)


def draw_letters(ax, text, weights, asking, *, n_columns=64):
    """Draw a text in rows of letters, each shaded by its weight, dark for 1; the letter that asks is framed.

    text : as many characters as there are weights; weights : (L,) array of shares 0 .. 1; asking : a position
    """
    n_rows = -(-len(text) // n_columns)
    shades = np.zeros(n_rows * n_columns)
    shades[: len(text)] = np.sqrt(weights)  # the root makes a weight of a few per cent visible
    ax.imshow(shades.reshape(n_rows, n_columns), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    for position, letter in enumerate(text):
        row, column = divmod(position, n_columns)
        style = {"family": "monospace", "fontsize": 7, "color": "white" if shades[position] > 0.6 else "black"}
        ax.text(column, row, letter.replace("\n", "↵"), ha="center", va="center", **style)
    row, column = divmod(asking, n_columns)
    ax.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, color=COLOURS[1], lw=1.5))


def draw_words(ax, height, words, buckets, *, upright=True):
    """Draw words side by side in a row, each on the colour of its bucket, with the bucket's number above.

    Where the word is None there is an empty place, a dotted frame.

    height : of the middle of the row, which is 1 high; a word is 1 wide
    words : list of text or None; buckets : as many numbers
    """
    for place, (word, bucket) in enumerate(zip(words, buckets, strict=True)):
        colour = COLOURS[bucket % len(COLOURS)]
        style = {"fill": False, "ls": ":", "ec": QUIET} if word is None else {"fc": colour, "alpha": 0.35}
        ax.add_patch(plt.Rectangle((place - 0.46, height - 0.5), 0.92, 1, **style))
        if word is not None:
            ax.text(place, height, word, rotation=90 * upright, ha="center", va="center", fontsize=8)
            ax.text(place, height + 0.52, str(bucket), ha="center", va="bottom", fontsize=7)


@contextlib.contextmanager
def going_on():
    """Run a cell that rests on several of a learner's functions; where it fails, say in a line where and why."""
    before = set(plt.get_fignums())
    try:
        yield
    except Exception as error:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
        print(f"Left out: {_reason(error)}")


def _reason(error):
    """Why a cell did not come to its end: an assertion of its own, or the function of a notebook that failed."""
    if isinstance(error, AssertionError) or type(error).__name__ == "TraxMissing":
        return str(error)
    if isinstance(error, NameError) and error.name:
        return f"there is no {error.name}, so run the cells above first"
    frames = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__) if _in_notebook(frame)]
    where = next((name for name in reversed(frames) if not name.startswith("<")), "")
    if isinstance(error, NotImplementedError) and where:
        return f"{where} is not written yet"
    words = f"{type(error).__name__}: {error}".strip(": ")
    return f"{where} stopped with {words}" if where else words


def _in_notebook(frame):
    return frame.f_globals.get("__name__") == "__main__"


@contextlib.contextmanager
def drawn_from(function_name):
    """Draw from a learner's function; where that fails, say so in a line instead of stopping the notebook.

    function_name : what the line calls the function
    """
    before = set(plt.get_fignums())
    try:
        yield
    except Exception as error:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
        if type(error).__name__ == "TraxMissing":  # nothing that the learner could mend in the function
            print(f"Left out: {error}")
            return
        words = f"{type(error).__name__}: {error}".strip(": ")
        print(f"No picture yet. It appears here once {function_name} works. Now: {words}")
