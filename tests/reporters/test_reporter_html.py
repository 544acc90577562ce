"""The page: self-contained, complete, and harmless whatever the names are."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from example_diagnosis import collapsed, healthy, inconclusive

from gancheck import exhibits
from gancheck.remedies import ADVICE, told
from gancheck.reporters.html import Html
from gancheck.reporters.slimming import REDUCED
from gancheck.types import Condition, Diagnosis, Exhibit, Finding, Mode, Severity, Skipped

VOID = {"base", "meta", "link", "img", "br", "hr", "input"}
HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>'\"&"
DOC = "Measures things.\n\nWhat to do:\n    Train `longer`.\n\nReferences:\n    A. Nobody 2020."


class Reading(HTMLParser):
    """Reads a page strictly: every element that opens must close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Check that the innermost element closes."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect what a reader sees; styles are not read."""
        if "style" not in self.open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of one kind."""
        return [attributes for name, attributes in self.tags if name == tag]

    def values(self, *names: str) -> list[str]:
        """Return every value of some attributes."""
        return [str(attrs[name]) for _, attrs in self.tags for name in names if name in attrs]


def no_docs(names: object) -> dict[str, str]:
    """Stand in for the analyzers."""
    return {}


def rendered(diagnosis: Diagnosis) -> str:
    """Render without any analyzer installed."""
    return Html(docs_of=no_docs).render(diagnosis)


@pytest.fixture(scope="module")
def page() -> str:
    """Return the page of the collapsed generator."""
    return Html(docs_of=lambda names: dict.fromkeys(names, DOC)).render(collapsed())


@pytest.fixture(scope="module")
def reading(page: str) -> Reading:
    """Return the same page, read."""
    return Reading(page)


@pytest.mark.parametrize(
    "diagnosis", [collapsed(), healthy(), inconclusive()], ids=lambda d: d.verdict
)
def test_page_is_well_formed(diagnosis: Diagnosis) -> None:
    """Every element closes, no id occurs twice, and every link inside the page arrives."""
    found = Reading(rendered(diagnosis))
    assert found.open == []
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    inside = {link[1:] for link in found.values("href") if link.startswith("#")}
    assert inside <= set(ids)


def test_page_refers_to_nothing_outside(page: str, reading: Reading) -> None:
    """No address, import, script or handler: the file is the whole report."""
    assert all(re.match(r"#|data:", link) for link in reading.values("src", "href", "xlink:href"))
    assert not re.search(r"https?:|@import|url\((?!#)", page)
    assert reading.all("script") == []
    assert not [name for _, attrs in reading.tags for name in attrs if name.startswith("on")]


def test_policy_forbids_what_the_page_does_not_need(page: str, reading: Reading) -> None:
    """Character set first, then a policy under which nothing can be loaded or run."""
    assert page.index("<meta charset") < 200
    policy = next(m for m in reading.all("meta") if m.get("http-equiv"))
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert '<meta name="generator" content="gancheck 0.1.0">' in page[:1024]


def test_verdict_limit_and_ceiling_are_words_not_only_pictures(reading: Reading) -> None:
    """The drawn rule carries its numbers for those who do not see it."""
    assert "COLLAPSED" in reading.text
    rule = next(svg for svg in reading.all("svg") if svg.get("class") == "rule")
    label = str(rule["aria-label"])
    for fact in ("diversity 0.39", "[0.37, 0.41]", "limit 0.80", "ceiling 0.97"):
        assert fact in label


def test_sections_stand_in_order(page: str) -> None:
    """Verdict first, reproduction last."""
    names = ["verdict", "wrong", "checks", "modes", "look", "map", "latent", "scores", "method"]
    places = [page.index(f'id="{name}"') for name in [*names, "reproduction"]]
    assert places == sorted(places)


def test_pictures_stand_where_their_subject_is() -> None:
    """Twins beside the samples, copies and classes in sections of their own, the rest last."""
    table = exhibits.table("T", "", ("class",), [("1",)])
    told = [
        ("duplicates.rate", "duplicates", "look"),
        ("memorization.copies", "memorization", "memorization"),
        ("conditional.classes", "conditional", "classes"),
        ("sensitivity.latent", "sensitivity", "evidence"),
        ("a.plugin", "plugin", "evidence"),
        ("discriminator.saturation", "discriminator", "latent"),
    ]
    findings = tuple(
        Finding(name, analyzer, Severity.OK, f"from {name}", exhibits=(table,))
        for name, analyzer, _ in told
    )
    page = rendered(dataclasses.replace(healthy(), findings=findings))
    for name, _, place in told:
        section = page[page.index(f'<section id="{place}"') :].split("</section>")[0]
        assert f"from {name}" in section


def test_every_finding_score_mode_and_skip_is_named(reading: Reading) -> None:
    """Nothing of the diagnosis is left out."""
    diagnosis = collapsed()
    expected = [finding.title for finding in diagnosis.findings]
    expected += [finding.id for finding in diagnosis.findings]
    expected += [skipped.reason for skipped in diagnosis.skipped]
    expected += [*diagnosis.summary, *diagnosis.warnings, *diagnosis.subject.notes]
    expected += ["distinct samples", "MISSING", "over", "under", "47.0%", "missing modes"]
    for text in expected:
        assert text in reading.text


def test_failed_checks_are_open_and_passed_ones_folded(page: str) -> None:
    """The table opens with failures; what passed waits in a fold."""
    checks = page[page.index('id="checks"') : page.index('id="modes"')]
    fold = checks.index('<details class="passed">')
    assert checks.index("modes.missing") < checks.index("duplicates.rate") < fold
    assert checks.index("coverage.density") > fold


def test_every_kind_of_exhibit_is_drawn(page: str, reading: Reading) -> None:
    """Grids, pairs, bars, scatters, heat maps and strips all reach the page."""
    classes = {kind for name in reading.values("class") for kind in name.split()}
    assert {"grid", "pairs", "scatter", "heatmap", "strip", "modes"} <= classes
    clouds = [p for p in reading.all("path") if "cloud" in str(p.get("class"))]
    assert str(clouds[0]["d"]).count("h0") == 1200
    assert len(reading.all("image")) == 1
    assert "its twin" in reading.text
    assert "distance 0.011" in reading.text


def test_bars_of_other_analyzers_are_drawn_as_well() -> None:
    """Only bars that repeat the mode table are left out."""
    bars = next(x for f in collapsed().findings for x in f.exhibits if x.kind == "bars")
    finding = Finding("conditional.recall", "conditional", Severity.WARN, "x", exhibits=(bars,))
    text = Reading(rendered(dataclasses.replace(collapsed(), findings=(finding,)))).text
    assert bars.title in text
    assert text.count("47.0%") == 2


def test_every_picture_has_words_and_a_size(reading: Reading) -> None:
    """Each image says what it shows, and takes its place before it is decoded."""
    images = reading.all("img")
    assert len(images) == 3 * 12 + 12 + 9 + 96
    assert all(image.get("alt") for image in images)
    assert all((image["width"], image["height"]) == ("56", "56") for image in images)
    assert all(image.get("class") == "sharp" for image in images)


def test_hostile_names_are_only_text() -> None:
    """Markup in the names of files, modes, checks and series is shown, never obeyed."""
    scatter = Exhibit("scatter", HOSTILE, HOSTILE, {
        "series": [{"name": HOSTILE, "role": HOSTILE, "x": [0.0], "y": [1.0]}],
        "x_label": HOSTILE, "y_label": HOSTILE,
    })  # fmt: skip
    grid = Exhibit("grid", HOSTILE, "", {"tiles": [{"image": HOSTILE, "caption": HOSTILE}],
                                         "role": HOSTILE})  # fmt: skip
    finding = Finding(HOSTILE, HOSTILE, Severity.FAIL, HOSTILE, HOSTILE, exhibits=(grid,))
    hostile = dataclasses.replace(
        collapsed(),
        subject=dataclasses.replace(collapsed().subject, path=HOSTILE, notes=(HOSTILE,)),
        modes=(Mode(0, HOSTILE, 0.5, 0.5, 0.4, 0.6, "ok"),),
        findings=(finding,),
        exhibits=(scatter,),
        skipped=(Skipped(HOSTILE, HOSTILE),),
        settings={"command": HOSTILE, "reference": HOSTILE, HOSTILE: HOSTILE},
        versions={"gancheck": HOSTILE, HOSTILE: HOSTILE},
        timings={HOSTILE: 1.0},
        summary=(HOSTILE,),
        warnings=(HOSTILE,),
        created=HOSTILE,
    )
    page = Html(docs_of=lambda names: {HOSTILE: HOSTILE}).render(hostile)
    found = Reading(page)
    assert "<script" not in page
    assert "<img" not in page
    assert found.open == []
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on")]
    assert found.text.count(HOSTILE) > 15


@pytest.mark.parametrize(
    "uri",
    ["https://example.org/x.png", "javascript:alert(1)", "data:text/html;base64,PGI+", "",
     "data:image/svg+xml;base64,PHN2Zz4=", "data:image/png;base64,AAAA", "data:image/png;base64,A"],
)  # fmt: skip
def test_only_pictures_count_as_pictures(uri: str) -> None:
    """An address, a document or a broken image leaves a gap with a word in it."""
    tile = {"image": uri, "caption": "tile"}
    exhibit = Exhibit("grid", "t", "", {"tiles": [tile], "role": "samples"})
    found = Reading(rendered(dataclasses.replace(inconclusive(), exhibits=(exhibit,))))
    assert found.all("img") == []
    assert "no picture" in found.text


def test_unknown_kinds_keep_their_words() -> None:
    """A picture of a newer version is named; it does not stop the report."""
    exhibit = Exhibit("hologram", "A hologram", "Turn it.", {})
    text = Reading(rendered(dataclasses.replace(inconclusive(), exhibits=(exhibit,)))).text
    assert "A hologram" in text
    assert "cannot draw" in text


def test_analyzers_are_documented_and_advise(reading: Reading) -> None:
    """Docstrings stand under Method, and what to do stands beside the problem."""
    assert reading.text.count("A. Nobody 2020.") == 6
    assert reading.text.count("What to do") == 6
    assert "Train longer." in reading.text


def test_problems_come_with_causes_and_remedies_once(reading: Reading, page: str) -> None:
    """Each condition is explained where it comes up first; later problems refer to that."""
    wrong = page[page.index('<section id="wrong"') :].split("</section>")[0]
    text = Reading(wrong).text
    assert text.count("why, by whom, and what was measured") == 4
    assert "Lin et al. 2018" in text
    assert "gancheck explain missing-modes" in text
    first = ADVICE[Condition.MISSING_MODES].causes[0].text
    assert text.count(first) == 1
    assert text.count("as above") == 1
    assert 'href="#check-1-problem"' in wrong


def test_three_remedies_are_shown_and_the_rest_is_folded(page: str) -> None:
    """A line each for the first ones; reasons and papers of all stand behind a fold."""
    wrong = page[page.index('<section id="wrong"') :].split("</article>")[0]
    shown, folded = wrong.split('<details class="remedies">')
    remedies = told(ADVICE[Condition.MISSING_MODES]).remedies
    for at, one in enumerate(remedies):
        assert (one.remedy.name in html.unescape(shown)) is (at < 3)
        assert html.unescape(folded).count(one.remedy.reason.split(". ")[0].split("`")[0]) == 1
    assert f"All {len(remedies)} remedies" in folded


def test_a_finding_that_says_what_to_try_is_not_followed_by_other_advice(page: str) -> None:
    """Where the detail has a ``Try:`` of its own, the remedies are only behind their fold."""
    for article in page.split("<article")[1:]:
        if 'class="problem' in article.split(">")[0] and ">Try</strong>" in article:
            assert "What to try first" not in article.split("</article>")[0]


def test_no_more_than_five_problems_are_told() -> None:
    """The worst five are explained; how many more there are is said, with a link."""
    many = tuple(
        Finding(f"a.{at}", "a", Severity.WARN, f"problem {at}", f"detail {at}") for at in range(8)
    )
    page = rendered(dataclasses.replace(inconclusive(), findings=many))
    wrong = page[page.index('<section id="wrong"') :].split("</section>")[0]
    assert Reading(wrong).text.count("detail") == 5
    assert "3 more checks" in Reading(wrong).text
    checks = page[page.index('<section id="checks"') :].split("</section>")[0]
    assert "detail 7" in checks
    assert "detail 0" not in checks


def test_a_generator_run_the_wrong_way_is_told_first() -> None:
    """What was not run as it was trained comes before what it seems to have lost."""
    wrong_law = Finding("audit.latent-law", "audit", Severity.WARN, "wrong law")
    lost = Finding("modes.missing", "modes", Severity.FAIL, "modes lost")
    page = rendered(dataclasses.replace(inconclusive(), findings=(lost, wrong_law)))
    wrong = page[page.index('<section id="wrong"') :].split("</section>")[0]
    assert wrong.index("wrong law") < wrong.index("modes lost")


def test_a_summary_that_repeats_the_problems_is_not_printed_twice() -> None:
    """Sentences that a problem already says are left out; all others stay."""
    problem = Finding("a.b", "a", Severity.WARN, "the same thing")
    summary = ("The same thing.", "Something else.")
    page = rendered(dataclasses.replace(inconclusive(), findings=(problem,), summary=summary))
    text = Reading(page[page.index('<section id="wrong"') :].split("</section>")[0]).text
    assert text.casefold().count("the same thing") == 1
    assert "Something else." in text


def test_unseen_characters_are_seen() -> None:
    """Controls, separators and direction marks show as signs or numbers, and steer nothing."""
    name = "a\x00b\x1b[31mc\u202etxt.exe\u2028d\u200be\ud800f\x7fg\nh"
    diagnosis = dataclasses.replace(inconclusive(), warnings=(name,), summary=(name,))
    page = rendered(diagnosis)
    shown = "a\u2400b\u241b[31mc[U+202E]txt.exe[U+2028]d[U+200B]e[U+D800]f\u2421g\nh"
    assert Reading(page).text.count(shown) == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2028\u2029\ud800]", page)


def test_a_pair_may_carry_its_difference() -> None:
    """The third picture stands beside the other two, under its own heading."""
    images = np.full((2, 1, 8, 8), 9, dtype=np.uint8)
    pairs = exhibits.compared_pairs(
        "Copies", "", images, images, ("first", "second"), titles=("sample", "training")
    )
    found = Reading(rendered(dataclasses.replace(inconclusive(), exhibits=(pairs,))))
    assert len(found.all("img")) == 6
    assert "pair 2: difference" in str(found.all("img")[5]["alt"])
    assert [one for one in found.values("class") if one == "pair three"] == ["pair three"] * 2


def test_what_no_number_can_tell_is_said(reading: Reading) -> None:
    """The limits of the method name the view and, without a reference, what that means."""
    assert "Everything is seen through efficientnet-lite0" in reading.text
    assert "which modes are missing" not in reading.text
    assert "which modes are missing" in Reading(rendered(inconclusive())).text


def embedded(page: str) -> tuple[str, str]:
    """Return name and text of the JSON inside a page."""
    link = next(a for a in Reading(page).all("a") if a.get("download"))
    encoded = str(link["href"]).removeprefix("data:application/json;base64,")
    return str(link["download"]), base64.b64decode(encoded).decode("utf-8")


def test_json_travels_inside_the_page(page: str) -> None:
    """The page holds the very contract that it was rendered from."""
    name, text = embedded(page)
    assert name == "G.gancheck.json"
    assert json.loads(text) == collapsed().to_dict()


def test_large_json_travels_without_its_pictures() -> None:
    """A copy that would double a large page goes without pictures, and the page says so."""
    blob = Exhibit("hologram", "t", "c", {"blob": "x" * 2_100_000})
    page = rendered(dataclasses.replace(inconclusive(), exhibits=(blob,)))
    assert json.loads(embedded(page)[1])["exhibits"] == []
    assert "without its pictures" in Reading(page).text


def test_a_reduced_page_says_what_it_lacks() -> None:
    """What was left out for the size is told, and the JSON inside goes without pictures, too."""
    settings = {**healthy().settings, REDUCED: "no thumbnails on the map"}
    page = rendered(dataclasses.replace(healthy(), settings=settings))
    assert "Reduced to keep the page small: no thumbnails on the map." in Reading(page).text
    assert json.loads(embedded(page)[1])["exhibits"] == []
    assert "Reduced" not in Reading(rendered(healthy())).text


def test_home_directory_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in text and in the embedded JSON begin with a tilde."""
    monkeypatch.setenv("HOME", "/home/ada.l")
    monkeypatch.setenv("USERPROFILE", "/home/ada.l")
    subject = dataclasses.replace(collapsed().subject, path="/home/ada.l/G.pt")
    settings = {"reference": "/home/ada.l", "command": "gancheck diagnose /home/ada.l/G.pt"}
    page = rendered(dataclasses.replace(collapsed(), subject=subject, settings=settings))
    assert "ada.l" not in page
    assert "ada.l" not in embedded(page)[1]
    assert "gancheck diagnose ~/G.pt" in page


@pytest.mark.parametrize(
    ("home", "path", "shown"),
    [
        ("/", "/x/y", "/x/y"),
        ("/root", "/roots/y", "/roots/y"),
        ("/root", "/mnt/root/y", "/mnt/root/y"),
    ],
)
def test_only_the_home_directory_is_shortened(
    home: str, path: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths that merely look alike keep their names."""
    monkeypatch.setenv("HOME", home)
    monkeypatch.setenv("USERPROFILE", home)
    settings = {"reference": path}
    assert shown in Reading(rendered(dataclasses.replace(inconclusive(), settings=settings))).text


def test_bare_diagnosis_renders() -> None:
    """Without settings, versions, timings, scores or findings there is still a page."""
    bare = dataclasses.replace(
        inconclusive(), settings={}, versions={}, timings={}, findings=(), skipped=(), created=""
    )
    assert "INCONCLUSIVE" in Reading(rendered(bare)).text


def test_many_modes_are_folded_and_then_counted() -> None:
    """Thirty modes are shown, the next ones folded, and the tail is only counted."""
    modes = tuple(Mode(i, f"m{i}", 0.001, 0.001, 0.0, 0.002, "ok") for i in range(1000))
    text = Reading(rendered(dataclasses.replace(healthy(), modes=modes))).text
    assert "270 more modes" in text
    assert "700 further modes are in the JSON only" in text


@pytest.mark.parametrize(
    "name",
    [
        "templates/report.html.j2",
        "templates/figures.html.j2",
        "templates/section_wrong.html.j2",
        "assets/slice.js",
        "assets/style.css",
        "assets/icons.svg",
    ],
)
def test_parts_of_the_page_are_package_files(name: str) -> None:
    """Template, style and icons are found through the package, not through a path."""
    assert files("gancheck.reporters.html").joinpath(name).is_file()


def test_style_shows_status_without_colour_and_in_the_dark() -> None:
    """The style knows dark screens, paper, narrow screens and keyboard focus."""
    style = Path(str(files("gancheck.reporters.html").joinpath("assets/style.css"))).read_text(
        "utf-8"
    )
    for feature in (
        "prefers-color-scheme: dark",
        "@media print",
        ":focus-visible",
        "max-width: 700px",
    ):
        assert feature in style
