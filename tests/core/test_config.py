"""Settings from a file: which file, what its keys take, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gancheck.config import find, load, read, stray_variables, variable
from gancheck.errors import UsageError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(path: Path, text: str) -> Path:
    """Write a file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refused(text: str, name: str = "gancheck.toml") -> UsageError:
    """Return the error that a file of settings ends in."""
    with pytest.raises(UsageError) as caught:
        read(written(Path(name), text))
    return caught.value


def test_the_nearest_file_wins_and_nothing_is_merged(here: Path) -> None:
    """A file beside the work hides those above; of two in one folder, gancheck.toml counts."""
    top = written(here / "gancheck.toml", "seed = 1")
    below = here / "a" / "b"
    below.mkdir(parents=True)
    assert find(below) == top
    project = written(here / "a" / "pyproject.toml", "[tool.gancheck]\nsamples = 500")
    assert find(below) == project
    config = load(below)
    assert config is not None
    assert dict(config.settings) == {"samples": 500}
    near = written(here / "a" / "gancheck.toml", "")
    assert find(below) == near


def test_a_project_without_our_table_is_passed_by(here: Path) -> None:
    """Neither another tool's settings nor a broken file that is not about us stop the search."""
    top = written(here / "gancheck.toml", "")
    inner = here / "a"
    for other in ("[tool.ruff]\nx = 1", "not = [toml", "# gancheck\n[broken", "tool = 3"):
        written(inner / "pyproject.toml", other)
        assert find(inner) == top


def test_a_broken_project_with_our_table_is_not_passed_by(here: Path) -> None:
    """Settings that somebody wrote are not silently left out."""
    written(here / "pyproject.toml", "[tool.gancheck]\nseed = \n")

    with pytest.raises(UsageError, match=r"pyproject\.toml is not TOML"):
        find(here)


def test_every_kind_of_value_is_read(here: Path) -> None:
    """Values come as their options take them, whatever spelling the keys have."""
    config = read(
        written(
            here / "gancheck.toml",
            """
            samples = 2_000
            batch_size = 64
            max-memory = "4G"
            resize = [64, 64]
            output_range = [-1, 1]
            arch-args = { width = 64, deep = [1, 2] }
            truncation = 1
            no-cache = true
            isolate = true
            map = "pca"

            [gate]
            max_drop = 0.03
            forbid = ["missing-modes"]
            adaptive = false
            min = { diversity = 0.8, modes.balance = 0.5 }
            max = { "modes.missing" = 0 }
            levels = { fidelity = "warn" }
            """,
        )
    )

    assert dict(config.settings) == {
        "samples": 2000,
        "batch-size": "64",
        "max-memory": "4G",
        "resize": "64,64",
        "output-range": "-1,1",
        "arch-args": '{"width": 64, "deep": [1, 2]}',
        "truncation": 1,
        "no-cache": True,
        "isolate": True,
        "map": "pca",
    }
    assert dict(config.gate) == {
        "max-drop": 0.03,
        "forbid": ["missing-modes"],
        "adaptive": False,
        "min": {"diversity": 0.8, "modes.balance": 0.5},
        "max": {"modes.missing": 0},
        "levels": {"fidelity": "warn"},
    }


def test_paths_count_from_the_folder_of_the_file(here: Path) -> None:
    """Also those inside other texts; names of models and modules are left alone."""
    (here / "ci" / "vit").mkdir(parents=True)
    config = read(
        written(
            here / "ci" / "gancheck.toml",
            """
            reference = "data.gcref"
            holdout = "/data/held"
            arch = "nets/dcgan.py:Generator"
            discriminator-arch = "package.nets:D"
            embedder = "torch:view.pt"
            [gate]
            baseline = "../main.json"
            """,
        )
    )

    assert config.settings["reference"] == "ci/data.gcref"
    assert config.settings["holdout"] == "/data/held"
    assert config.settings["arch"] == "ci/nets/dcgan.py:Generator"
    assert config.settings["discriminator-arch"] == "package.nets:D"
    assert config.settings["embedder"] == "torch:ci/view.pt"
    assert config.gate["baseline"] == "ci/../main.json"
    for given, meant in (("vit", "ci/vit"), ("google/vit-base", "google/vit-base")):
        written(here / "ci" / "gancheck.toml", f'embedder = "huggingface:{given}"')
        found = load(here / "ci")
        assert found is not None
        assert found.settings["embedder"] == f"huggingface:{meant}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sampels = 500", ("line 1", "sampels", "Did you mean samples?")),
        ("\nsamples = 'many'", ("line 2", 'samples is "many"', "whole number of at least 100")),
        ("samples = 99", ("samples is 99", "at least 100")),
        ("samples = true", ("samples is true", "whole number")),
        ("seed = 1.5", ("seed is 1.5", "whole number")),
        ("reference = 3", ("reference is 3", "path")),
        ("reference = ''", ('reference is ""', "path")),
        ("no-cache = 1", ("no-cache is 1", "true or false")),
        ("batch-size = 0", ("batch-size is 0", '"auto"')),
        ("truncation = nan", ("truncation", "at least 0")),
        ("output-range = []", ("output-range is []", "[low, high]")),
        ("arch-args = { born = 2000-01-01 }", ("arch-args", "a table")),
        ("map = 'tsne'", ('map is "tsne"', "umap, pca, none")),
        ("batch-size = 8\nbatch_size = 9", ("line 2", "batch-size and batch_size", "one setting")),
        ("trust = true", ("trust is not taken from a file", "--trust on the command line")),
        ("isolate = false", ("isolate = false is not taken from a file",)),
        ("min = { diversity = 1 }", ("min is in the wrong place", "[gate]")),
        ("gate = 3", ("gate is 3", "a table")),
        ("[gate]\nsamples = 500", ("samples is in the wrong place", "outside")),
        ("[gate]\nmni = { diversity = 1 }", ("line 2", "gate.mni", "Did you mean min?")),
        ("[gate]\nmin = 0.8", ("gate.min is 0.8", "a table of names and numbers")),
        ("[gate.min]\ndiversity = 'x'", ("gate.min is", "numbers")),
        ("[gate.min]\ndiversity = inf", ("gate.min is", "numbers")),
        ("[gate]\nforbid = 'missing-modes'", ("gate.forbid", "a list of words")),
        ("[gate]\nlevels = { diversity = 'loud' }", ("gate.levels", "off, warn, error")),
        ("[gate]\non-inconclusive = 'never'", ('gate.on-inconclusive is "never"', "fail")),
        ("[tool.gancheck]\nseed = 1", ("no setting called tool",)),
        ("seed = ", ("not TOML",)),
        ("[" * 5000, ("gancheck.toml",)),
    ],
)
def test_mistakes_name_file_key_found_and_expected(
    here: Path, text: str, words: tuple[str, ...]
) -> None:
    """Whoever wrote the file can correct it from the message alone."""
    error = refused(text)

    said = f"{error.message} {error.hint}"
    assert error.message.startswith("gancheck.toml")
    for word in words:
        assert word in said


def test_a_named_file_has_to_be_there_and_readable(here: Path) -> None:
    """Nothing falls back to another file when one was named."""
    written(here / "gancheck.toml", "")
    with pytest.raises(UsageError, match="does not exist"):
        load(here, here / "mine.toml")
    with pytest.raises(UsageError, match="cannot read"):
        load(here, here)
    (here / "latin.toml").write_bytes(b"device = '\xff'")
    with pytest.raises(UsageError, match="no text"):
        load(here, here / "latin.toml")
    assert "[tool.gancheck]" in refused("[tool.ruff]", "pyproject.toml").message


def test_lines_are_those_of_the_file(here: Path) -> None:
    """A setting is traced to its line, below other tables, in tables and in dotted names."""
    other, gate = "[tool.ruff]\nseed = 9\n\n", '[tool.gancheck.gate.min]\n"modes.balance" = 0.5'
    text = f"{other}[tool.gancheck]\nseed = 1\n{gate}"
    config = read(written(here / "pyproject.toml", text))

    assert config.place("seed") == "pyproject.toml, line 5"
    assert config.place("gate.min.modes.balance") == "pyproject.toml, line 7"
    assert config.place("samples") == "pyproject.toml"


def test_variables_that_nothing_reads_are_named() -> None:
    """A misspelled one is guessed; known ones, those of other parts and foreign ones are not."""
    said = list(
        stray_variables(
            {
                "GANCHECK_SMAPLES": "3",
                "GANCHECK_TRUST": "1",
                "GANCHECK_SAMPLES": "300",
                "GANCHECK_LEVEL": "x=off",
                "GANCHECK_CONFIG": "x",
                "GANCHECK_CACHE_DIR": "x",
                "PATH": "x",
            }
        )
    )

    assert len(said) == 2
    assert "did you mean GANCHECK_SAMPLES?" in said[0]
    assert "GANCHECK_TRUST is not used" in said[1]
    assert variable("max-drop") == "GANCHECK_MAX_DROP"
