"""Time from key to picture, for every explorer in JupyterLab: `python -m benchmarks.explorers`.

The clock starts at the time stamp of the keydown event and stops in the first task after the frame in which the picture
was drawn; the stricter figure stops at the start of the frame after that. Keys come one at a time, at uneven distances.
Needs Playwright and a Chromium, which tests/chromium.py finds. The screen is simulated: nothing is said about what a
compositor adds.
"""

import os
import tempfile

import numpy as np
from playwright.sync_api import sync_playwright

from tests.chromium import find_chromium
from tests.explorers.lab_page import CHROMIUM_FLAGS, STAGE, explorer_in_lab, jupyterlab_server, write_explorer_notebook

N_KEYS = 60
# Every fourth key; the others are the right arrow.
KEYS = {"SoftLookupExplorer": "ArrowUp", "HashPlanesExplorer": "t", "AngularExplorer": "t"}
CASES = [
    ("SoftLookupExplorer", "12 points", {}),
    ("HashPlanesExplorer", "P = 3, T = 1", {}),
    ("HashPlanesExplorer", "P = 8, T = 6", {"n_planes": 8, "n_tables": 6}),
    ("AngularExplorer", "circle, B = 8, R = 1", {}),
    ("AngularExplorer", "circle, B = 16, R = 8", {"n_buckets": 16, "n_rounds": 8}),
    ("AngularExplorer", "sphere, B = 16, R = 8", {"n_buckets": 16, "n_rounds": 8, "dimension": 3}),
]

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


def measure(lab, state, fourth_key):
    """Press keys on the stage and return the times of both clocks, in milliseconds, as an (n, 2) array."""
    lab.in_kernel("\n".join(f"explorer.{name} = {value}" for name, value in state.items()))
    lab.page.wait_for_timeout(1500)
    lab.page.evaluate(WATCH)
    pauses = np.random.default_rng(0).uniform(120, 260, N_KEYS)
    for i, pause in enumerate(pauses):
        lab.page.locator(STAGE).press("ArrowRight" if i % 4 else fourth_key)
        lab.page.wait_for_timeout(pause)
    return np.array([[times["drawn"], times["next"]] for times in lab.page.evaluate("window.times")])


def main():
    path = find_chromium()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        for name in KEYS:
            write_explorer_notebook(folder, name)
        with jupyterlab_server(folder) as address:
            browser = driver.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
            print(f"{'':42}{'keys':>6}{'median':>9}{'p95':>7}{'next frame: median':>21}{'p95':>7}  (ms)")
            for name, case, state in CASES:
                with explorer_in_lab(browser, address, name) as lab:
                    times = measure(lab, state, KEYS[name])
                (drawn, following), (slow, slow_following) = np.percentile(times, [50, 95], axis=0)
                print(f"{name:20}{case:22}{len(times):6}{drawn:9.1f}{slow:7.1f}{following:21.1f}{slow_following:7.1f}")
            browser.close()
    print("load average", " ".join(f"{load:.1f}" for load in os.getloadavg()), "on", os.cpu_count(), "cores")


if __name__ == "__main__":
    main()
