"""The diagnosis as one page: no network, nothing outside the file, one script at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from gancheck.reporters import REPORTERS
from gancheck.reporters.html.method import registered_docs

if TYPE_CHECKING:
    from jinja2 import Environment

    from gancheck.types import Diagnosis

DocsOf: TypeAlias = Callable[[Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True)
class Html:
    """One self-contained page.

    Attributes:
        name: Name in the CLI.
        suffix: File suffix.
        docs_of: Finds the documentation of analyzers by their names.
    """

    name: str = "html"
    suffix: str = ".html"
    docs_of: DocsOf = registered_docs

    def render(self, diagnosis: Diagnosis) -> str:
        """Return the page; the home directory is written as ``~`` wherever it stands."""
        from gancheck.reporters.html.page import build

        page = build(diagnosis, docs_of=self.docs_of)
        return environment().get_template("templates/report.html.j2").render(page=page)


@cache
def environment() -> Environment:
    """Return the templates, with everything escaped and the filters they use."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from gancheck.reporters import wording
    from gancheck.reporters.html import method, redaction

    environment = Environment(
        loader=PackageLoader("gancheck.reporters.html", ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=redaction.printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        mark=wording.SEVERITIES.__getitem__,
        number=wording.number,
        between=wording.between,
        percent=wording.percent,
        duration=wording.duration,
        passages=wording.passages,
        segments=method.segments,
        score_numbers=wording.score_numbers,
        score_title=wording.score_title,
    )
    return environment


REPORTERS.register("html")(Html())
