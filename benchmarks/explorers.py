"""Time from key to picture, for the angular explorer in JupyterLab: `python -m benchmarks.explorers`.

The clock starts at the time stamp of the keydown event and stops in the first task after the frame in which the picture
was drawn; the stricter figure stops at the start of the frame after that. Keys come one at a time, at uneven distances.
Needs Chromium (see CHROMIUM) and Playwright. The screen is simulated: nothing is said about what a compositor adds.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from tests.explorers.lab_page import CHROMIUM_FLAGS, Lab, jupyterlab_server, write_notebook

N_KEYS = 60
CASES = {
    "circle, B = 8, R = 1": {},
    "circle, B = 16, R = 8": {"n_buckets": 16, "n_rounds": 8},
    "sphere, B = 16, R = 8": {"n_buckets": 16, "n_rounds": 8, "dimension": 3},
}
NOTEBOOK = "from explorers import AngularExplorer\n\nexplorer = AngularExplorer()\nexplorer"
POINTS = ".explorer [role=application]"

# A frame's callbacks run, then it is painted, then the message arrives. Drawing begins with clearRect on the canvas.
WATCH = """() => {
    window.times = [];
    let pressed = null;
    addEventListener("keydown", (event) => (pressed = event.timeStamp), true);
    const canvas = document.querySelector(".explorer [role=application] canvas");
    const context = canvas.getContext("2d");
    const clear = context.clearRect.bind(context);
    context.clearRect = (...area) => {
        clear(...area);
        if (pressed === null) return;
        const [start, times] = [pressed, { drawn: 0, next: 0 }];
        pressed = null;
        const channel = new MessageChannel();
        channel.port1.onmessage = () => (times.drawn = performance.now() - start);
        channel.port2.postMessage(null);
        requestAnimationFrame(() => (times.next = performance.now() - start));
        window.times.push(times);
    };
}"""


def measure(lab, state):
    """Press keys on the points and return the times of both clocks, in milliseconds, as an (n, 2) array."""
    lab.in_kernel("\n".join(f"explorer.{name} = {value}" for name, value in state.items()))
    lab.page.wait_for_timeout(1500)
    lab.page.evaluate("window.times = []")
    pauses = np.random.default_rng(0).uniform(120, 260, N_KEYS)
    for i, pause in enumerate(pauses):
        lab.page.locator(POINTS).press("ArrowRight" if i % 4 else "t")
        lab.page.wait_for_timeout(pause)
    return np.array([[times["drawn"], times["next"]] for times in lab.page.evaluate("window.times")])


def main():
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        write_notebook(Path(folder) / "angular.ipynb", NOTEBOOK)
        with jupyterlab_server(folder) as address:
            browser = driver.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
            lab = Lab(browser.new_page(viewport={"width": 1400, "height": 1000}), address.format("angular.ipynb"))
            lab.run_all()
            lab.page.wait_for_selector(".explorer-sentence:not(:empty)")
            lab.page.evaluate(WATCH)
            print(f"{'':24}{'keys':>6}{'median':>9}{'p95':>7}{'next frame: median':>21}{'p95':>7}  (ms)")
            for name, state in CASES.items():
                drawn, following = measure(lab, state).T
                figures = [
                    np.median(drawn),
                    np.percentile(drawn, 95),
                    np.median(following),
                    np.percentile(following, 95),
                ]
                print(f"{name:24}{len(drawn):6}{figures[0]:9.1f}{figures[1]:7.1f}{figures[2]:21.1f}{figures[3]:7.1f}")
            browser.close()
    print("load average", " ".join(f"{load:.1f}" for load in os.getloadavg()), "on", os.cpu_count(), "cores")


if __name__ == "__main__":
    main()
