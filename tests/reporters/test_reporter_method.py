"""Docstrings of analyzers as blocks of text."""

from __future__ import annotations

from gancheck.reporters.html.method import Block, Segment, blocks, registered_docs

DOC = """Compares two clouds.

    What it measures:
        ``diversity``: a share,
        and more.

    When it misleads:
        - Few samples, and
          fewer.
        - A blind embedder.

    What to do:
        Draw more.

    References
    ----------
    A. Nobody 2020.
"""


def words(block: Block) -> list[str]:
    """Return the items of a block as plain text."""
    return ["".join(segment.text for segment in item) for item in block.items]


def test_headings_text_and_lists_are_told_apart() -> None:
    """Both common layouts of docstrings become the same blocks."""
    assert [(block.kind, words(block)) for block in blocks(DOC)] == [
        ("paragraph", ["Compares two clouds."]),
        ("heading", ["What it measures"]),
        ("paragraph", ["diversity: a share, and more."]),
        ("heading", ["When it misleads"]),
        ("list", ["Few samples, and fewer.", "A blind embedder."]),
        ("heading", ["What to do"]),
        ("paragraph", ["Draw more."]),
        ("heading", ["References"]),
        ("paragraph", ["A. Nobody 2020."]),
    ]


def test_names_in_backquotes_are_code() -> None:
    """Single and double backquotes mark the same thing."""
    (block,) = blocks("Set `k` or ``--k``.")
    assert block.items[0] == [
        Segment("Set ", False), Segment("k", True), Segment(" or ", False),
        Segment("--k", True), Segment(".", False),
    ]  # fmt: skip


def test_installed_analyzers_are_asked_for_their_docs() -> None:
    """A known name brings its docstring, an unknown one is left out."""
    found = registered_docs(["coverage", "no-such-analyzer"])
    assert list(found) == ["coverage"]
    assert any(block.kind == "heading" for block in blocks(found["coverage"]))
