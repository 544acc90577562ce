"""Results in a notebook: a card that reads anywhere, leaks nothing and stays small."""

from __future__ import annotations

import dataclasses
import html
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from example_diagnosis import collapsed, healthy, inconclusive
from example_trace import build_trace, stored
from test_reporter_comparisons import comparison
from test_reporter_html import Reading

import gancheck
from gancheck import exhibits
from gancheck.comparing import Comparison
from gancheck.errors import OutputError
from gancheck.reporters.html import Html, notebook
from gancheck.stored import as_stored
from gancheck.types import Diagnosis, Trace
from gancheck.types.display import Displayed

PACKAGE = Path(gancheck.__file__).parent
HOSTILE = "</details></iframe><script>alert(1)</script><img src=x onerror=alert(1)>'\""
FRAME = re.compile(r'<iframe [^>]*srcdoc="([^"]*)"')


class Words:
    """Collects text as IPython does."""

    def __init__(self) -> None:
        self.said = ""

    def text(self, text: str) -> None:
        """Add some text."""
        self.said += text


@pytest.fixture(scope="module")
def card() -> str:
    """Return the card of the collapsed example."""
    return collapsed()._repr_html_()


def folded(card: str) -> str:
    """Return the page that is folded into a card."""
    (found,) = FRAME.findall(card)
    return html.unescape(found)


def outside(card: str) -> str:
    """Return a card as a front end shows it that lets no frame and no style through."""
    return re.sub(r' style="[^"]*"', "", re.sub(r"<iframe.*?</iframe>", "", card, flags=re.DOTALL))


def test_a_card_reads_without_frames_and_styles(card: str) -> None:
    """Verdict, reasons, conditions and numbers are text; bars only repeat them."""
    text = " ".join(Reading(outside(card)).text.split())

    assert text.startswith("COLLAPSED runs/mnist_dcgan/G.pt missing-modes, imbalanced-modes")
    assert "2 of 10 modes are never drawn" in text
    assert "diversity 0.39 [0.37, 0.41] 0.80" in text
    assert "Mind: The reference is the training set" in text
    assert 'save_html("report.html") writes the page' in text


def test_a_card_leaves_the_notebook_alone(card: str) -> None:
    """No id, class, style sheet, script or address that could meet the rest of the notebook."""
    bare = re.sub(r' srcdoc="[^"]*"', "", card)
    reading = Reading(bare)
    names = {tag for tag, _ in reading.tags}

    assert not names & {"script", "style", "link", "img", "object", "base", "meta"}
    assert not reading.values("id", "class", "href", "src", "onload", "onclick", "name")
    assert "url(" not in bare
    for style in reading.values("style"):
        assert not re.search(r"(?<![-\w])color:(?!#fff)", style)  # text is as the notebook's


def test_the_page_in_a_card_stands_still_in_a_closed_frame(card: str) -> None:
    """It runs nothing, loads nothing, is not loaded before it is opened, and keeps its links."""
    page = folded(card)
    (frame,) = Reading(card).all("iframe")

    assert frame["sandbox"] == "allow-downloads"
    assert frame["loading"] == "lazy"
    assert "<script" not in page
    assert "script-src" not in page
    assert '<base href="about:srcdoc">' in page
    assert "runs no script" in page
    assert "What is wrong" in page


def test_many_cards_make_no_heavy_notebook() -> None:
    """A page with far too many pictures is reduced, and says so."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (100, 3, 32, 32), dtype=np.uint8)
    grids = tuple(
        exhibits.grid(f"Grid {at}", "Noise.", pictures, role="samples") for at in range(2)
    )
    card = dataclasses.replace(healthy(), exhibits=grids)._repr_html_()

    assert len(folded(card).encode()) <= notebook.ROOM
    assert "Reduced to keep the page small" in folded(card)
    assert len(card) < 1.4 * notebook.ROOM


def test_a_page_that_cannot_be_made_small_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The card stays, and tells how to get the page."""
    monkeypatch.setattr(notebook, "ROOM", 1000)
    for result in (inconclusive(), comparison()):
        card = result._repr_html_()

        assert "<iframe" not in card
        assert "<details" not in card
        assert "writes the page" in card


def test_hostile_names_stay_text() -> None:
    """Neither the card nor the page in it can be broken out of."""
    subject = dataclasses.replace(collapsed().subject, path=HOSTILE)
    found = dataclasses.replace(collapsed(), subject=subject, summary=(HOSTILE,))
    card = found._repr_html_()

    assert {tag for tag, _ in Reading(card).tags}.isdisjoint({"script", "img"})
    assert len(Reading(card).all("iframe")) == 1
    assert "<script" not in folded(card)
    assert not [value for value in Reading(folded(card)).values("onerror") if value]


def test_the_home_directory_is_not_in_a_card() -> None:
    """Notebooks get mailed like pages."""
    home = str(Path.home() / "models" / "G.pt")
    subject = dataclasses.replace(inconclusive().subject, path=home)
    card = dataclasses.replace(inconclusive(), subject=subject)._repr_html_()

    assert home not in card
    assert "~/models/G.pt" in card


def test_a_comparison_and_a_trace_show_themselves() -> None:
    """Ruling, change of scores and best checkpoints are in the card, the page is in its fold."""
    text = " ".join(Reading(outside(comparison()._repr_html_())).text.split())
    assert text.startswith("WORSE B new/model.pt against A old/<model>.pt")
    assert "diversity -0.100 [-0.120, -0.080] 0.95 -> 0.85" in text
    assert "<title>B is worse than A" in folded(comparison()._repr_html_())

    trace = stored(build_trace())
    card = trace._repr_html_()
    text = " ".join(Reading(outside(card)).text.split())
    assert "Best diversity: step" in text
    assert all(condition.value in text for condition in trace.conditions)
    assert "<script" not in folded(card)
    assert len(folded(card).encode()) <= notebook.ROOM


def test_text_front_ends_get_a_few_lines() -> None:
    """IPython prints the verdict where it would print every byte of every picture."""
    words = Words()
    collapsed()._repr_pretty_(words, cycle=False)
    lines = words.said.splitlines()

    assert lines[0] == "COLLAPSED  runs/mnist_dcgan/G.pt"
    assert "  diversity 0.39 [0.37, 0.41] (limit 0.80)" in lines
    assert len(lines) < 12
    again = Words()
    comparison()._repr_pretty_(again, cycle=True)
    assert again.said == "Comparison"


def test_a_saved_page_is_the_page_of_the_command_line(tmp_path: Path) -> None:
    """The whole page with all that moves, in a folder that is made for it."""
    path = collapsed().save_html(tmp_path / "new" / "report.html")

    assert path.read_text(encoding="utf-8") == Html().render(as_stored(collapsed()))
    moving = stored(build_trace()).save_html(str(tmp_path / "trace.html"))
    assert "<script>" in moving.read_text(encoding="utf-8")
    assert "B is worse than A" in comparison().save_html(tmp_path / "c.html").read_text("utf-8")


def test_a_saved_page_replaces_reports_only(tmp_path: Path) -> None:
    """What gancheck did not write stays, unless it is asked to go."""
    path = tmp_path / "thesis.html"
    path.write_text("<p>mine</p>", encoding="utf-8")

    with pytest.raises(OutputError, match="was not written by gancheck"):
        inconclusive().save_html(path)
    assert path.read_text(encoding="utf-8") == "<p>mine</p>"
    inconclusive().save_html(path, force=True)
    inconclusive().save_html(path)
    assert "INCONCLUSIVE" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [Diagnosis, Trace, Comparison])
def test_results_show_themselves_by_one_road(
    kind: type[Diagnosis | Trace | Comparison],
) -> None:
    """Every result is displayed alike, and none of it is one of its fields."""
    assert issubclass(kind, Displayed)
    names = {item.name for item in dataclasses.fields(kind)}
    assert not names & {name for name in vars(Displayed) if not name.startswith("__")}


def test_a_stored_diagnosis_is_shown_without_torch(tmp_path: Path) -> None:
    """Reading a report and looking at it needs none of the heavy libraries."""
    from gancheck.reporters.json import Json

    path = tmp_path / "r.json"
    path.write_text(Json().render(inconclusive()), encoding="utf-8")
    code = (
        "import sys; from gancheck.types.display import Displayed; from gancheck.stored import read"
        f"; found = read({str(path)!r}); assert isinstance(found, Displayed)"
        "; print(sorted({'torch', 'jinja2', 'numpy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_types_name_one_module_above_them() -> None:
    """A name in a string hides from the test of the layers, so that this one is listed here."""
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in (PACKAGE / "types").glob("*.py")
    }
    named = {name: re.findall(r'"(gancheck\.[\w.]+)"', text) for name, text in texts.items()}

    assert {name: found for name, found in named.items() if found} == {
        "display.py": ["gancheck.reporters.html.notebook"]
    }
