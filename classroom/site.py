"""The lessons as web pages: each executed and written to one self-contained HTML file, with an index.

`python -m classroom.site --help` says how. A page needs no network, no kernel and no other file: figures and explorers
are inside it, formulas are MathML, and a prediction is a list to open.
"""

import argparse
import html
import os
import re
import shutil
import sys
from pathlib import Path

import nbformat
from jinja2 import DictLoader
from latex2mathml.converter import convert as mathml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter
from tqdm import tqdm
from traitlets.config import Config

from classroom import my_labs

ROOT = Path(__file__).resolve().parents[1]
GALLERY = "gallery"
GLOSSARY = "glossary.ipynb"
MAP = "G0_map.ipynb"  # the first page of the gallery, whose rooms stand beside the road
STYLE = Path(__file__).with_name("site.css")
CODE_STYLES = {"light": "default", "dark": "github-dark"}
FOLDED = """
{%- extends "index.html.j2" -%}
{%- block input -%}
{%- if "draws" in cell.metadata.get("tags", []) -%}
<details class="code"><summary>The code that draws this</summary>{{ super() }}</details>
{%- else -%}{{ super() }}{%- endif -%}
{%- endblock input -%}
"""
_MATH_OR_CODE = re.compile(r"```.*?```|`[^`]*`|\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^$\n]+?)\$", re.DOTALL)


def build(out, lessons):
    """Write a page for each lesson, and `index.html`, to the folder `out`. Returns the pages' paths.

    Raises nbclient's CellExecutionError where a lesson does not run.
    """
    out.mkdir(parents=True, exist_ok=True)
    titles = {path: title_of(nbformat.read(path, as_version=4)) for path in lessons}
    pages = []
    for path in tqdm(lessons, desc="lessons", disable=not sys.stderr.isatty()):
        page = out / f"{path.stem}.html"
        page.write_text(_page(titles[path], lesson_as_html(path), _links(path, titles)), encoding="utf-8")
        pages.append(page)
    shutil.copyfile(pages[0], out / "index.html")
    return pages


def pages_of(notebooks=ROOT / "notebooks"):
    """All notebooks that become pages: the road, the glossary, and then the gallery."""
    return [*sorted(notebooks.glob("*.ipynb")), *sorted((notebooks / GALLERY).glob("*.ipynb"))]


def lesson_as_html(path):
    """Return a lesson, executed in a fresh kernel, as the body of a page."""
    notebook = nbformat.read(path, as_version=4)
    nobodys = {**os.environ, my_labs.FOLDER: ""}  # a page shows nobody's progress
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}}).execute(
        env=nobodys
    )
    return as_html(notebook)


def as_html(notebook):
    """Return a notebook that was executed as the body of a page; its cells are changed on the way.

    Of a folded cell that only draws, tagged "draws", the code can be opened; of any other, a prediction, it is left
    out, since it holds the answer.
    """
    formulas = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = set_aside_formulas(links_between_pages(cell.source), formulas)
        elif cell.metadata.get("jupyter", {}).get("source_hidden") and "draws" not in cell.metadata.get("tags", []):
            cell.metadata["transient"] = {"remove_source": True}
    body, _ = _exporter().from_notebook_node(notebook)
    return re.sub(r"\bFORMULA(\d+)\b", lambda match: formulas[int(match[1])], body)


def links_between_pages(markdown):
    """Return Markdown text with links to lessons as links to their pages; of a link to a lab its words are left.

    A lab needs a kernel, and lies in my_labs/, where its learner works. All pages lie in one folder, those of the
    gallery too.
    """
    without_labs = re.sub(r"\[([^\]]+)\]\((?:\.\./)+my_labs/[^)]+\)", r"\1", markdown)
    return re.sub(r"\]\((?:\.\./|gallery/)?(\w+)\.ipynb(#[^)]*)?\)", r"](\1.html\2)", without_labs)


def set_aside_formulas(markdown, formulas):
    """Return Markdown text with a place-holder for each formula, and append the formulas, as MathML, to a list.

    Browsers draw MathML without a script. It has to stay out of the Markdown, whose reader would take its tags apart.
    """

    def set_aside(match):
        if not (match["block"] or match["inline"]):
            return match[0]
        display = "block" if match["block"] else "inline"
        formulas.append(mathml((match["block"] or match["inline"]).strip(), display=display))
        return f"FORMULA{len(formulas) - 1}"

    return _MATH_OR_CODE.sub(set_aside, markdown)


def title_of(notebook):
    """Return the title of a lesson, its first heading."""
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")


def _exporter():
    config = Config()
    # The words of a figure, a prediction or an explorer stand in its HTML; a live widget would need a kernel.
    config.NbConvertBase.display_data_priority = ["text/html", "image/svg+xml", "image/png", "text/plain"]
    config.CoalesceStreamsPreprocessor.enabled = True  # prints that came in several messages are one block
    # Not embed_images: it takes a tag for a whole text, and closes a <details> before its answer.
    return HTMLExporter(
        config=config,
        template_name="basic",
        exclude_anchor_links=True,
        template_file="folded.html.j2",
        extra_loaders=[DictLoader({"folded.html.j2": FOLDED})],
    )


def _links(path, titles):
    """The lesson before, the glossary, the gallery and the lesson after; the glossary stands at the end of the road.

    A room of the gallery has the rooms before and after it in the place of lessons.
    """
    beside = path.parent.name == GALLERY
    road = [page for page in titles if page.name != GLOSSARY and (page.parent.name == GALLERY) == beside]
    place = road.index(path) if path in road else len(road)
    links = [_link(page, f"← {titles[page]}") for page in road[:place][-1:]]
    links += [_link(page, titles[page]) for page in titles if page.name in (GLOSSARY, MAP) and page != path]
    links += [_link(page, f"{titles[page]} →") for page in road[place + 1 :][:1]]
    return " ".join(links)


def _link(path, words):
    return f'<a href="{path.stem}.html">{html.escape(words)}</a>'


def _page(title, body, links):
    style = f"{_code_colours()}\n{STYLE.read_text(encoding='utf-8')}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><main>"
        f'<nav aria-label="Pages">{links}</nav>{body}<nav aria-label="Pages, once more">{links}</nav>'
        "</main></body></html>\n"
    )


def _code_colours():
    styles = {scheme: HtmlFormatter(style=style).get_style_defs(".highlight") for scheme, style in CODE_STYLES.items()}
    return "\n".join(f"@media (prefers-color-scheme: {scheme}) {{\n{rules}\n}}" for scheme, rules in styles.items())


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m classroom.site",
        description="Execute the lessons and write each to one self-contained web page.",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="folder for the pages (default: site/)")
    parser.add_argument(
        "lessons", nargs="*", type=Path, help="notebooks to write (default: all of notebooks/ and its gallery/)"
    )
    options = parser.parse_args(arguments)
    lessons = options.lessons or pages_of()
    missing = [path for path in lessons if not path.is_file()]
    if missing:
        parser.error(f"no such notebook: {missing[0]}")
    try:
        pages = build(options.out, [path.resolve() for path in lessons])
    except CellExecutionError as error:
        sys.exit(f"A lesson does not run: {error}")
    print(f"{len(pages)} pages written. Open {(options.out / 'index.html').resolve().as_uri()}")


if __name__ == "__main__":
    main()
