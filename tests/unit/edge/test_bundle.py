"""Modules made one script: each in its own scope, behind what it imports, and nothing guessed."""

from __future__ import annotations

import pytest

from chatd.edge.bundle import bundle


def test_a_module_stands_behind_what_it_imports_once_and_in_a_scope_of_its_own() -> None:
    script, order = bundle(
        "main.js",
        {
            "main.js": 'import { b } from "./b.js";\n'
            'import { a as first } from "./a.js";\nb(first);\n',
            "b.js": 'import * as all from "./a.js";\nexport function b(x) { return all.a + x; }\n',
            "a.js": "const own = 1;\nexport const a = own;\nexport class C {}\n",
            "not-asked-for.js": "never();\n",
        },
    )
    assert order == ["a.js", "b.js", "main.js"]
    assert script == (
        "const $0 = (() => {\nconst own = 1;\nconst a = own;\nclass C {}\n\nreturn {a,C};\n})();\n"
        "const $1 = (() => {\nconst all = $0;\nfunction b(x) { return all.a + x; }\n\n"
        "return {b};\n})();\n"
        "const $2 = (() => {\nconst { b } = $1;\nconst { a: first } = $0;\nb(first);\n\n"
        "return {};\n})();\n"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('import b from "./b.js";\n', 'main.js: `import b from "./b.js";` is of a form'),
        ('const b = await import("./b.js");\n', r"main.js: `import\(` is of a form"),
        ("export let changing = 1;\n", "main.js: `export let changing = 1;` is of a form"),
        ("export default 1;\n", "main.js: `export default 1;` is of a form"),
        ('import { b } from "./b.js";\n', "main.js imports b.js, which is not there"),
        ('import { main } from "./main.js";\n', "each other: main.js -> main.js"),
        ('import { c } from "./c.js";\n', "each other: main.js -> c.js -> main.js"),
    ],
)
def test_what_would_be_another_program_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        bundle("main.js", {"main.js": text, "c.js": 'import { main } from "./main.js";\n'})


def test_a_page_that_names_a_script_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the page imports main\.js, which is not there"):
        bundle("main.js", {})
