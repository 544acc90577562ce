"""The examples of the README's section on Python are run, and print what their comments say."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
SECTION = README.split("## From Python\n")[1].split("\n## ")[0]


def test_the_readme_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line that is printed is the comment behind it."""
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", SECTION, flags=re.DOTALL))
    expected = re.findall(r"^print\(.*\)  # (.+)$", code, flags=re.MULTILINE)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})

    assert len(expected) >= 3
    assert printed.getvalue().splitlines() == expected
    assert (tmp_path / "ring.html").exists()
