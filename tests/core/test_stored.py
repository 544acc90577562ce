"""Reports read back: what was written comes back, and nothing else gets in."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gancheck import stored
from gancheck.errors import LoadError
from gancheck.plain import MisfitError, from_json
from gancheck.stored import parsing
from gancheck.types import (
    Condition,
    Copy,
    Cut,
    Diagnosis,
    Exhibit,
    Finding,
    Interval,
    Mode,
    Rate,
    Score,
    Severity,
    Skipped,
    Subject,
    Verdict,
)

Edit = Callable[[dict[str, Any]], None]


def diagnosis() -> Diagnosis:
    """Return a diagnosis with every kind of part in it."""
    return Diagnosis(
        subject=Subject("G.pt", "onnx", "ab", (64,), "normal", None, "image", (1, 8, 8)),
        verdict=Verdict.SUSPECT,
        summary=("A jump.",),
        conditions=(Condition.LATENT_CUTS,),
        scores={"diversity": Score("diversity", 0.5, 0.25, 0.75, 0.9, 100, 5, "pixels")},
        modes=(Mode(0, "zero", 0.5, 0.25, 0.125, 0.375, "under"),),
        cuts=(
            Cut("cut", 3, Rate(0.5, 0.25, 1.0), 0.0, 1.5, (1.0, 0.0), 0.5, 1, None, 2.0, ("a",)),
        ),
        findings=(
            Finding(
                "cuts.crossings", "cuts", Severity.WARN, "A jump", "Try.", Condition.LATENT_CUTS,
                0.5, Interval(0.25, 0.75), "<= 0.1",
                (Exhibit("bars", "Bars", "How.", {"rows": [{"label": "x", "low": 0.5}]}),),
            ),
            Finding("view.noise", "view", Severity.OK, "Fine"),
        ),
        exhibits=(Exhibit("table", "T", "", {"columns": ["a"], "rows": [[1, None]]}),),
        skipped=(Skipped("modes", "no reference"),),
        settings={"samples": 100, "limits": {"diversity": 0.5}, "reference": None},
        versions={"gancheck": "0.1.0"},
        timings={"sample": 0.25},
        copies=(Copy("1", "2", "near", 0.5, None, 0.125, (0.5, 1.0)),),
        created="2026-03-14T15:09:26+00:00",
    )  # fmt: skip


def edited(edit: Edit) -> bytes:
    """Return a report after a change to its JSON."""
    contract = json.loads(json.dumps(diagnosis().to_dict()))
    edit(contract)
    return json.dumps(contract).encode()


def refused(content: bytes, *words: str) -> LoadError:
    """Check that a report is refused in one line that holds the words."""
    with pytest.raises(LoadError) as caught:
        stored.decoded(content, "r.json")
    for word in ("r.json", *words):
        assert word in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 300
    return caught.value


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    """Every part of a diagnosis is read back as the dataclass it was, enums and tuples included."""
    path = tmp_path / "r.json"
    path.write_text(json.dumps(diagnosis().to_dict()))

    assert stored.read(path) == diagnosis()
    assert stored.load(path).size == path.stat().st_size


def test_the_rounding_of_the_file_is_all_that_changes() -> None:
    """A diagnosis as it is stored reads back as itself, with six digits of each number."""
    fine = dataclasses.replace(diagnosis(), timings={"sample": 1 / 3})
    known = stored.as_stored(fine)

    assert known.timings == {"sample": 0.333333}
    assert stored.decoded(json.dumps(fine.to_dict()).encode(), "x").diagnosis == known


def test_numbers_that_json_cannot_hold_come_back() -> None:
    """A null end of an interval is open, and a null number is none; both render as before."""
    scores = {
        "open": Score("open", 2.0, 1.0, math.inf),
        "none": Score("none", math.nan, math.nan, math.nan),
    }
    finding = dataclasses.replace(diagnosis().findings[0], interval=Interval(-math.inf, 1.0))
    before = dataclasses.replace(diagnosis(), scores=scores, findings=(finding,))
    after = stored.decoded(json.dumps(before.to_dict()).encode(), "x").diagnosis

    assert after.scores["open"] == scores["open"]
    assert math.isnan(after.scores["none"].value)
    assert math.isnan(after.scores["none"].high)
    assert after.findings[0].interval == (-math.inf, 1.0)
    assert after.to_dict() == before.to_dict()


def test_keys_of_a_newer_version_are_left_out_and_named() -> None:
    """More keys than this version knows are no error, and each is named once."""

    def newer(contract: dict[str, Any]) -> None:
        contract["mood"] = "bad"
        for finding in contract["findings"]:
            finding["audience"] = ["all"]

    found = stored.decoded(edited(newer), "x")

    assert found.diagnosis == diagnosis()
    assert sorted(found.left_out) == ["findings[].audience", "mood"]


def test_keys_of_an_older_version_may_be_missing() -> None:
    """What has a default may be missing; what has none is asked for by its place."""

    def older(contract: dict[str, Any]) -> None:
        del contract["copies"], contract["warnings"]

    found = stored.decoded(edited(older), "x").diagnosis
    assert found == dataclasses.replace(diagnosis(), copies=())
    refused(edited(lambda contract: contract["modes"][0].pop("label")), "modes[0].label is missing")


def test_another_schema_is_refused_with_both_numbers() -> None:
    """The message names what was found and what can be read."""

    def later(contract: dict[str, Any]) -> None:
        contract.update(schema=7, versions={"gancheck": "9.1.0"})

    error = refused(edited(later), "schema 7", "schema 1")
    assert error.hint is not None
    assert "9.1.0" in error.hint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b"  \n ", ["empty"]),
        (b"remember the milk", ["not JSON", "line 1"]),
        (b"<!DOCTYPE html><html>", ["page"]),
        (b"\x80\x02PK\x00", ["r.json"]),
        (b"[1, 2]", ["no report"]),
        (b'{"schema": 1}', ["no report"]),
        (b'{"schema": 1, "versions": {}, "cuts": [], "slice": {}}', ["gancheck cuts"]),
        (b'{"schema": 1, "versions": {}}', ["subject is missing"]),
        (b'{"schema": true, "versions": {}}', ["schema"]),
        (b"[" * 100_000, ["nested"]),
        (b'{"schema": 1, "versions": {}, "x": ' + b"[" * 90 + b"]" * 90 + b"}", ["nested"]),
        (b'{"schema": NaN}', ["NaN"]),
        (b'{"schema": 1e999}', ["too large"]),
        (b'{"schema": ' + b"9" * 5000 + b"}", ["too long"]),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(content: bytes, words: list[str]) -> None:
    """Other files, other JSON and bombs end in a message that says what they are."""
    refused(content, *words)


def test_a_report_cut_off_anywhere_is_refused() -> None:
    """Half a report is never half a diagnosis."""
    whole = edited(lambda contract: None)

    for end in range(1, len(whole) - 1, 97):
        refused(whole[:end])
    refused(whole[: len(whole) // 2], "cut off")


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (lambda c: c.update(verdict="fine"), "verdict is 'fine'"),
        (lambda c: c["conditions"].append("plague"), "conditions[1] is 'plague'"),
        (lambda c: c["findings"][1].update(severity=3), "findings[1].severity is 3"),
        (lambda c: c["findings"][0].update(title=None), "findings[0].title is None"),
        (lambda c: c["scores"]["diversity"].update(n=2.5), "scores.diversity.n is 2.5"),
        (
            lambda c: c["scores"]["diversity"].update(value=1e308),
            "scores.diversity.value is 1e+308",
        ),
        (lambda c: c["scores"]["diversity"].update(low="0"), "scores.diversity.low is '0'"),
        (lambda c: c["modes"][0].update(sample_share=7), "modes[0] holds 7"),
        (lambda c: c["modes"][0].update(low=None), "modes[0] holds nan"),
        (lambda c: c["modes"][0].update(status="gone"), "modes[0].status"),
        (lambda c: c["subject"].update(classes=True), "subject.classes is True"),
        (lambda c: c["subject"].update(output_shape="1x8"), "subject.output_shape"),
        (lambda c: c["subject"].update(trusted=1), "subject.trusted is 1"),
        (lambda c: c.update(cuts={}), "cuts is an object, expected a list"),
        (lambda c: c.update(scores=[]), "scores is a list, expected an object"),
        (lambda c: c["timings"].update(sample=-1), "timings holds -1"),
        (lambda c: c["timings"].update(sample=1e90), "timings holds 1e+90"),
        (lambda c: c["exhibits"][0].update(payload=[]), "exhibits[0].payload"),
        (lambda c: c["versions"].update({"\x1b[31m": 1}), r"versions.'\x1b[31m'"),
    ],
)
def test_values_of_another_kind_are_refused_by_their_place(edit: Edit, place: str) -> None:
    """The message says where, what stands there, and keeps control characters to itself."""
    error = refused(edited(edit), place)
    assert error.message.isprintable()


def test_a_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond the largest report is not parsed."""
    monkeypatch.setattr(parsing, "LARGEST", 2**20)
    path = tmp_path / "r.json"
    path.write_bytes(b" " * 2**21)

    with pytest.raises(LoadError, match="more than 1 MiB"):
        stored.read(path)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A missing file, a folder and an impossible name are each said to be what they are."""
    with pytest.raises(LoadError, match="does not exist"):
        stored.read(tmp_path / "none.json")
    with pytest.raises(LoadError, match="is a folder"):
        stored.read(tmp_path)
    with pytest.raises(LoadError, match="cannot read"):
        stored.read("\0")


def test_undecodable_file_names_survive() -> None:
    """Half a character, as odd file names leave it, is written out instead of breaking the rest."""
    odd = dataclasses.replace(
        diagnosis(), subject=dataclasses.replace(diagnosis().subject, path="a\udcff.pt")
    )
    text = json.dumps(odd.to_dict(), ensure_ascii=False)

    found = stored.decoded(text.encode("utf-8", "backslashreplace"), "x").diagnosis
    assert found.subject.path == r"a\udcff.pt"
    assert stored.as_stored(odd) == found


def test_text_of_other_encodings_is_read() -> None:
    """What a shell redirected into UTF-16, or with a mark in front, is still a report."""
    text = json.dumps(diagnosis().to_dict())

    assert stored.decoded(text.encode("utf-16"), "x").diagnosis == diagnosis()
    assert stored.decoded(text.encode("utf-8-sig"), "x").diagnosis == diagnosis()


def test_what_the_contract_has_no_room_for_is_left_as_it_is() -> None:
    """A plugin that yields nonsense does not cost a run its page."""
    odd = dataclasses.replace(diagnosis(), timings={"plugin": -1.0})

    assert stored.as_stored(odd) is odd


def test_annotations_that_cannot_be_read_are_a_bug_not_a_misfit() -> None:
    """A new kind of annotation in the contract shows at once."""

    @dataclasses.dataclass(frozen=True)
    class Odd:
        value: bytes

    Odd.__annotations__["value"] = bytes
    with pytest.raises(KeyError):
        from_json(Odd, {"value": "x"})
    with pytest.raises(MisfitError, match="value is missing"):
        from_json(Odd, {})


def test_reading_needs_neither_torch_nor_numpy() -> None:
    """Whatever only looks at a report starts at once."""
    code = "import sys, gancheck.stored; print({'torch', 'numpy', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
