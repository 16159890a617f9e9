"""The JavaScript of an explorer as the one module that anywidget and the page take.

The files are real modules, and are loaded as such: the text made here holds them all, in an order in which each comes
after what it imports, and gives the browser each from an address of its own. A module that two explorers share is
loaded once in a page.
"""

import json
import re
from pathlib import Path

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'(?m)^((?:import|\}|export).* from )"(\.[^"]+)";$')

_LOADER = """const sources = {sources};
const loaded = (globalThis[Symbol.for("explorers: modules by source")] ??= new Map());
const addresses = {{}};
for (const [name, source] of sources) {{
  const code = source.replace(/ from "(explorers\\/[^"]+)";/g, (_, path) => ` from "${{addresses[path]}}";`);
  if (!loaded.has(code)) loaded.set(code, URL.createObjectURL(new Blob([code], {{ type: "text/javascript" }})));
  addresses[name] = loaded.get(code);
}}
const {{ default: explorer }} = await import(addresses[sources.at(-1)[0]]);
export default explorer;
"""


def join_modules(filename, folder=FOLDER):
    """Return one ES module that loads the named file with all that it imports, and passes its default on.

    Raises ValueError if modules import each other in a circle.
    """
    sources = {}
    _add(Path(folder, filename).resolve(), sources, ())
    return _LOADER.format(sources=json.dumps(list(sources.items())))


def _add(file, sources, importers):
    """Add a file to `sources`, a dict from name to text, behind all that it imports."""
    name = _name(file)
    if name in importers:
        raise ValueError(f"modules need an order, got the circle {' > '.join((*importers, name))}")
    if name in sources:
        return
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        text = f"export default {text.strip()};"
    for _, path in _IMPORT.findall(text):
        _add((file.parent / path).resolve(), sources, (*importers, name))
    named = _IMPORT.sub(lambda match: f'{match[1]}"{_name((file.parent / match[2]).resolve())}";', text)
    sources[name] = f"{named}\n//# sourceURL={name}\n"


def _name(file):
    """What a file is called in the joined module, and in the browser's messages."""
    return (
        f"explorers/{file.relative_to(FOLDER).as_posix()}" if file.is_relative_to(FOLDER) else f"explorers/{file.name}"
    )
