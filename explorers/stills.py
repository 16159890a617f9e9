"""Make the still picture of every explorer: `python -m explorers.stills`. Needs Chromium (see CHROMIUM) and Playwright.

A still shows the first view, in the light theme, as the standalone page draws it; a class may name a further state.
"""

import io
import json
import os
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor
from playwright.sync_api import sync_playwright

from explorers import EXPLORERS, standalone_page
from explorers.modules import FOLDER

WIDTH = 920
MOST_BYTES = 190_000  # above which a still makes do with fewer pixels
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def make_still(browser, explorer_class, density=2.0):
    """Render the first view of an explorer and write it where the class says."""
    viewport = {"width": WIDTH, "height": 760}
    page = browser.new_page(
        viewport=viewport, device_scale_factor=density, reduced_motion="reduce", color_scheme="light"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(standalone_page(explorer_class(**explorer_class.still_state)), encoding="utf-8")
        page.goto(file.as_uri())
        page.wait_for_selector(".explorer[data-still=yes]")
        explorer_class.still.parent.mkdir(exist_ok=True)
        picture = Image.open(io.BytesIO(page.locator(".explorer").screenshot(animations="disabled")))
    with_few_colors(picture.convert("RGB")).save(explorer_class.still, optimize=True)
    page.close()
    if explorer_class.still.stat().st_size > MOST_BYTES:
        make_still(browser, explorer_class, 0.9 * density)


def with_few_colors(picture):
    """The picture in 128 colours: those that cover most of it, and those of paper and of thin lines, the buckets'."""
    hues = json.loads((FOLDER / "shared" / "palette.json").read_text(encoding="utf-8"))
    kept = [ImageColor.getrgb(hue) for hue in ["white", *hues]]
    of_area = picture.quantize(128 - len(kept), dither=Image.Dither.NONE).getpalette()[: 3 * (128 - len(kept))]
    palette = np.concatenate([np.array(kept), np.reshape(of_area, (-1, 3))])
    # Each colour gets the nearest one exactly: Pillow's own search is coarse, and makes the paper grey.
    colors, places = np.unique(np.asarray(picture).reshape(-1, 3), axis=0, return_inverse=True)
    nearest = np.argmin(((colors[:, np.newaxis].astype(int) - palette) ** 2).sum(axis=-1), axis=1)
    few = Image.fromarray(nearest[places].astype(np.uint8).reshape(picture.size[::-1]), "P")
    few.putpalette(palette.ravel().tolist())
    return few


def make_stills(explorer_classes):
    """Make the stills of some explorers, and say how large they are."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        for explorer_class in explorer_classes:
            make_still(browser, explorer_class)
            print(f"{explorer_class.still.name}: {explorer_class.still.stat().st_size // 1000} kB")
        browser.close()


if __name__ == "__main__":
    make_stills(EXPLORERS)
