"""An explorer without a kernel: one HTML page that holds the code and the state and asks the network for nothing."""

import base64
import html
import json
import re
from pathlib import Path

_RUN = Path(__file__).parent.joinpath("page.js").read_text(encoding="utf-8")

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>{style} body {{ margin: 0; color-scheme: light dark; background: light-dark(#ffffff, #14171a); }}</style></head>
<body>
<main><h1 class="explorer-hidden">{heading}</h1><div id="explorer"></div></main>
<noscript><p>{alternative_text}</p></noscript>
<script type="application/json" id="state">{state}</script>
<script type="application/json" id="module">{module}</script>
<script type="module">{run}</script>
</body>
</html>
"""


def standalone_page(explorer):
    """Return a self-contained HTML page, as text, in which `explorer` runs on from its present state."""
    names = [
        name for name in explorer.keys if not name.startswith("_") and name not in ("layout", "tabbable", "tooltip")
    ]
    heading = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(explorer).__name__)
    return _PAGE.format(
        title=type(explorer).__name__,
        heading=heading,
        style=explorer._css,
        alternative_text=html.escape(explorer.alternative_text),
        state=_script_json(explorer.get_state(names) | explorer.page_state()),
        module=_script_json(explorer._esm),
        run=_RUN,
    )


def framed_page(explorer):
    """Return the standalone page in an <iframe>, for a page that shows other things too, such as nbconvert's.

    nbconvert takes it where its `display_data_priority` puts text/html before the widget view.
    """
    title = html.escape(type(explorer).__name__, quote=True)
    page = html.escape(standalone_page(explorer), quote=True)
    words = html.escape(explorer.alternative_text)
    return f'<iframe title="{title}" style="width: 100%; height: 760px; border: 0" srcdoc="{page}">{words}</iframe>'


def _script_json(value):
    """JSON that can stand in a <script>: bytes as {"base64": text}, and no "<" that could end the element."""
    text = json.dumps(value, default=lambda data: {"base64": base64.b64encode(data).decode("ascii")})
    return text.replace("<", "\\u003c")
