"""Markdown: a table that stays one, text that stays text, and a size that GitHub takes."""

from __future__ import annotations

import re

import pytest
from gate_results import ALL, HOSTILE, dropped, failed, hostile, passed
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gancheck.gate import GateResult, evaluate, rules
from gancheck.reporters.gates import GATE_REPORTERS
from gancheck.reporters.gates.markdown import LARGEST, prose
from gancheck.types import Verdict
from gate.reports import lost_mode, report

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def render(result: GateResult) -> str:
    """Return the summary."""
    return GATE_REPORTERS.get("markdown").render(result)


def tokens(text: str) -> list[Token]:
    """Return all tokens of some Markdown, those inside lines included."""
    return [inner for one in PARSER.parse(text) for inner in (one, *(one.children or []))]


def table(text: str) -> list[list[str]]:
    """Return the cells of the first table as text."""
    rows: list[list[str]] = []
    found = PARSER.parse(text)
    for at, token in enumerate(found):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("td_open", "th_open"):
            inside = found[at + 1].children or []
            rows[-1].append("".join(one.content for one in inside if one.type == "text"))
    return rows


def test_a_failed_gate_shows_every_check_in_a_table() -> None:
    """State, check, value, interval with its confidence, limit and ceiling, the worst first."""
    text = render(failed())
    head, *rows = table(text)

    assert text.startswith("## gancheck gate: COULD NOT RUN\n")
    assert head == ["", "check", "value", "one-sided 95%", "limit", "ceiling"]
    assert rows[1] == ["FAIL", "diversity", "0.46", "[0.44, 0.48]", ">= 0.80", "0.97"]
    assert [row[0] for row in rows] == ["N/A", "FAIL", "FAIL", "WARN", "OPEN", "ok", "off"]
    assert "Verdict: **collapsed**" in text


def test_what_is_lost_and_how_to_reproduce_it_follow() -> None:
    """Lost modes by name and share, the largest first; the command in a block."""
    text = render(failed())

    assert "- 8: 9.8% of the reference, 0.0% drawn\n- 4: 9.7%" in text
    assert "\n```sh\ngancheck gate G.pt --reference reference.gcref\n```\n" in text


def test_only_ten_lost_modes_are_named() -> None:
    """The rest is counted."""
    modes = tuple(lost_mode(f"m{at}", 0.01, at) for at in range(25))
    text = render(evaluate(report(verdict=Verdict.COLLAPSED, modes=modes), rules()))

    assert text.count("of the reference") == 10
    assert "- and 15 more" in text


def test_a_drop_shows_both_scores() -> None:
    """The difference, and what it was a difference of."""
    rows = table(render(dropped()))

    assert rows[1] == [
        "FAIL", "diversity", "-0.100 (0.800 to 0.700)", "[-0.102, -0.098]", "drop <= 0.03", "",
    ]  # fmt: skip
    assert "baseline ci/baseline.json" in render(dropped())


def test_a_passed_gate_has_no_list_of_reasons() -> None:
    """The table is enough."""
    text = render(passed())

    assert text.startswith("## gancheck gate: passed\n")
    assert "\n- " not in text


@pytest.mark.parametrize("name", sorted(ALL))
def test_it_has_neither_pictures_nor_markup(name: str) -> None:
    """Whatever a report holds: no images, no links, no HTML, no mentions, no strikethrough."""
    text = render(ALL[name]())
    kinds = {token.type for token in tokens(text)}

    assert not kinds & {"image", "link_open", "html_block", "html_inline", "code_inline", "s_open"}
    shown = "".join(one.content for one in tokens(text) if one.type == "text")
    assert not re.search(r"@\w|(?<!\w)#\d", shown)


def test_a_hostile_report_breaks_no_row_and_no_block() -> None:
    """Every row keeps its six cells; the command stays inside its block, to the last character."""
    result = hostile()
    text = render(result)
    found = PARSER.parse(text)

    assert {len(row) for row in table(text)} == {6}
    assert len(table(text)) == 1 + len(result.outcomes)
    (block,) = [token for token in found if token.type == "fence"]
    assert "`tick` ```" in block.content
    assert found[-1] is block
    assert [token.tag for token in found if token.type == "heading_open"] == ["h2"]


@pytest.mark.parametrize(
    "text",
    [HOSTILE, "- item", "1. item", "12) item", "1234. item", "> quote", "=== ", "# head", "a|b",
     "a_b_c _d_", "www.e.vil", "https://e.vil", "`", "\\", "\\|", "&amp;", "***", "~~x~~",
     "[x]: y", "<!-- x"],
)  # fmt: skip
def test_foreign_text_is_read_as_text(text: str) -> None:
    """Alone in a paragraph it stays one paragraph of plain text, and loses no visible character."""
    found = tokens(f"{prose(text, 1000)}\n")
    shown = "".join(one.content for one in found if one.type == "text")

    assert {one.type for one in found} <= {
        "paragraph_open", "inline", "text", "text_special", "paragraph_close",
    }  # fmt: skip
    plain = "".join(one.content for one in found if one.type in ("text", "text_special"))
    assert plain.replace("\u200b", "").split()[0] == text.split()[0]
    assert "\n" not in shown


@pytest.mark.parametrize("text", ["@" * 20_000, "\U0001f600" * 20_000, HOSTILE * 100])
def test_it_stays_below_the_limit_of_github(text: str) -> None:
    """However long its texts and however many its checks, and it says what is left out."""
    summary = render(hostile(text, 150))

    assert len(summary.encode("utf-8")) < LARGEST
    assert "more checks left out" in summary
    assert "more reasons left out" in summary
    assert "cut after" in summary
