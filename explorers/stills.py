"""Make the still picture of every explorer: `python -m explorers.stills`. Needs Chromium (see CHROMIUM) and Playwright.

A still shows the first view, in the light theme, as the standalone page draws it; a class may name a further state.
"""

import io
import os
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from explorers import EXPLORERS, standalone_page

WIDTH = 920
MOST_BYTES = 190_000  # above which a still makes do with fewer colours
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def make_still(browser, explorer_class):
    """Render the first view of an explorer and write it where the class says."""
    viewport = {"width": WIDTH, "height": 760}
    page = browser.new_page(viewport=viewport, device_scale_factor=2, reduced_motion="reduce", color_scheme="light")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(standalone_page(explorer_class(**explorer_class.still_state)), encoding="utf-8")
        page.goto(file.as_uri())
        page.wait_for_function("document.querySelector('.explorer-sentence')?.textContent")
        explorer_class.still.parent.mkdir(exist_ok=True)
        picture = Image.open(io.BytesIO(page.locator(".explorer").screenshot(animations="disabled")))
    for n_colors in (128, 64):
        picture.convert("RGB").quantize(n_colors, dither=Image.Dither.NONE).save(explorer_class.still, optimize=True)
        if explorer_class.still.stat().st_size <= MOST_BYTES:
            break
    page.close()


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        for explorer_class in EXPLORERS:
            make_still(browser, explorer_class)
            print(f"{explorer_class.still.name}: {explorer_class.still.stat().st_size // 1000} kB")
        browser.close()


if __name__ == "__main__":
    main()
