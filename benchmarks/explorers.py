"""Time from run to first picture, and from key to picture, in JupyterLab: `python -m benchmarks.explorers`.

First picture: the clock starts when the cell is run, in a kernel that is up and has imported nothing, and stops in the
frame after the explorer has drawn and said what is seen. Key to picture: it starts at the time stamp of the keydown
event and stops in the first task after the frame in which the picture was drawn; the stricter figure stops at the start
of the frame after that. Keys come one at a time, at uneven distances. Both clocks wait for others on a busy machine;
the time that the page's main thread computes for a key does not. Writes results/explorers.json.

Needs Playwright and a Chromium, which tests/chromium.py finds. The screen is simulated: nothing is said about what a
compositor adds.
"""

import contextlib
import json
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks.machine import describe_machine, describe_versions, today
from tests.chromium import get_chromium
from tests.explorers.lab_page import CHROMIUM_FLAGS, SENTENCE, STAGE, Lab, jupyterlab_server, write_notebook

RESULTS = Path(__file__).parent / "results" / "explorers.json"
N_KEYS = 60
# Every fourth key; the others are the right arrow.
KEYS = {
    "DotProductExplorer": "ArrowUp",
    "SoftLookupExplorer": "ArrowUp",
    "HashPlanesExplorer": "t",
    "AngularExplorer": "t",
    "WholeRoadExplorer": "ArrowDown",
    "SortAndChunkExplorer": "c",
    "AttentionMatrixExplorer": "c",
    "ReversibleStepsExplorer": "g",
    "MemoryMeterExplorer": "d",
    "TrainingExplorer": "h",
    "ReadingExplorer": "h",
    "WhichPairsExplorer": "s",
}
CASES = [
    ("DotProductExplorer", "6 keys", ""),
    ("DotProductExplorer", "200 keys", "n_points=200"),
    ("SoftLookupExplorer", "12 points", ""),
    ("SoftLookupExplorer", "200 points", "n_points=200"),
    ("HashPlanesExplorer", "P = 3, T = 1", ""),
    ("HashPlanesExplorer", "P = 8, T = 6", "n_planes=8, n_tables=6"),
    ("HashPlanesExplorer", "200 points, P = 8, T = 6", "n_points=200, n_planes=8, n_tables=6"),
    ("AngularExplorer", "circle, B = 8, R = 1", ""),
    ("AngularExplorer", "circle, B = 16, R = 8", "n_buckets=16, n_rounds=8"),
    ("AngularExplorer", "200 points, circle, B = 16, R = 8", "n_points=200, n_buckets=16, n_rounds=8"),
    ("AngularExplorer", "200 points, sphere, B = 16, R = 8", "n_points=200, n_buckets=16, n_rounds=8, dimension=3"),
    ("WholeRoadExplorer", "L = 32, B = 8, R = 1", ""),
    ("WholeRoadExplorer", "L = 64, B = 8, R = 4, all features", "n_tokens=64, n_rounds=4, hashed='space'"),
    ("SortAndChunkExplorer", "L = 256, R = 1", ""),
    ("SortAndChunkExplorer", "L = 512, R = 8", "n_tokens=512, n_rounds=8"),
    ("AttentionMatrixExplorer", "L = 64, R = 4", ""),
    ("AttentionMatrixExplorer", "L = 64, R = 8", "n_rounds=8"),
    ("ReversibleStepsExplorer", "4 blocks", ""),
    ("ReversibleStepsExplorer", "12 blocks, dropout", "n_blocks=12, randomness='redrawn'"),
    ("MemoryMeterExplorer", "64K tokens", ""),
    ("TrainingExplorer", "41 points", ""),
    ("ReadingExplorer", "L = 110, R = 8", ""),
    ("WhichPairsExplorer", "L = 128, R = 4", ""),
    ("WhichPairsExplorer", "L = 192, R = 8", "length=192, n_rounds=8"),
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

RUN = f"""() => new Promise((done) => {{
    const start = performance.now();
    const look = () => {{
        if (document.querySelector("{SENTENCE}")?.textContent) done(performance.now() - start);
        else requestAnimationFrame(look);
    }};
    void jupyterapp.commands.execute("notebook:run-all-cells");
    look();
}})"""


@contextlib.contextmanager
def lab_of(browser, address, notebook):
    """A `Lab` on a notebook whose kernel is up; nothing has been run."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    try:
        lab = Lab(page, address.format(notebook))
        lab.in_kernel("1")
        page.wait_for_timeout(1000)
        yield lab
    finally:
        page.close()


def measure(lab, fourth_key):
    """Run the notebook, then press keys.

    Returns seconds to the first picture, both clocks as an (n, 2) array in ms, and ms of computing for a key.
    """
    first = lab.page.evaluate(RUN) / 1000
    lab.page.wait_for_timeout(1500)
    lab.page.evaluate(WATCH)
    session = lab.page.context.new_cdp_session(lab.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = computed(session)
    pauses = np.random.default_rng(0).uniform(120, 260, N_KEYS)
    for i, pause in enumerate(pauses):
        lab.page.locator(STAGE).press("ArrowRight" if i % 4 else fourth_key)
        lab.page.wait_for_timeout(pause)
    spent = (computed(session) - before) / N_KEYS
    return first, np.array([[times["drawn"], times["next"]] for times in lab.page.evaluate("window.times")]), spent


def computed(session):
    """Milliseconds for which the page's main thread has computed."""
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return 1000 * metrics["TaskDuration"]


def as_row(name, case, first, times, spent):
    (drawn, following), (slow, slow_following) = np.percentile(times, [50, 95], axis=0).round(1).tolist()
    row = {"explorer": name, "case": case, "first_picture_s": round(first, 2), "keys": len(times)}
    row["computed_ms"] = round(spent, 1)
    row |= {"drawn_ms": {"median": drawn, "p95": slow}, "next_frame_ms": {"median": following, "p95": slow_following}}
    print(
        f"{name:25}{case:35}first {first:5.2f} s   key {drawn:6.1f}, p95 {slow:6.1f} ms"
        f"   next frame {following:6.1f}, p95 {slow_following:6.1f} ms   computed {spent:5.1f} ms",
        flush=True,
    )
    return row


def main(chromium):
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        for i, (name, _, state) in enumerate(CASES):
            source = f"from explorers import {name}\n\nexplorer = {name}({state})\nexplorer"
            write_notebook(Path(folder) / f"case{i}.ipynb", source)
        with jupyterlab_server(folder) as address:
            browser = driver.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
            rows = []
            for i, (name, case, _) in enumerate(CASES):
                with lab_of(browser, address, f"case{i}") as lab:
                    rows.append(as_row(name, case, *measure(lab, KEYS[name])))
            versions = describe_versions("jupyterlab", "anywidget", "playwright") | {"chromium": browser.version}
            browser.close()
    content = {"machine": describe_machine(), "versions": versions, "date": today(), "rows": rows}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print("written:", RESULTS.name)


if __name__ == "__main__":
    main(get_chromium())
