"""The report: one HTML page that holds everything it shows and loads nothing."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata, resources
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

from seedbed.core.cache import cache_folder, kept_text
from seedbed.core.messages import catalogue, message, preferred_language
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.figures import FIGURES, Figure
from seedbed.reporting.headline import headline_data
from seedbed.reporting.members import SPARK, member_lines
from seedbed.reporting.preprocessing import BARS, Prepared, bars, pictures, preprocessing_data
from seedbed.reporting.theme import style_sheet, with_variables
from seedbed.reporting.tiles import tiles
from seedbed.reporting.wording import fact_label, number, shortened, text

GENERATOR = "seedbed report"  # what the page names as its maker, by which it is known again
SNIPPET = "window.vegaEmbed = vegaEmbed;"


def page(evidence: Evidence, language: str | None = None) -> str:
    """The report as one HTML page, in `language` or the reader's own.

    Vega, Vega-Lite and vega-embed stand in it once, about 900 kB; each chart is a block of JSON. Its content security
    policy admits nothing from a network and no script but the two that it was written with.
    """
    language = language or preferred_language()
    prepared = preprocessing_data(evidence, language)
    places, lines = member_lines(evidence, language)
    figures = [made for figure in FIGURES if (made := figure(evidence, language)) is not None]
    scripts = [vega(), asset("page.js")]
    return template("page.html").render(
        t=functools.partial(message, language=language), language=language, evidence=evidence,
        title=str(evidence.data.get("name", evidence.name)), contents=contents(figures, prepared, language),
        prepared=prepared, bars=bars, size=BARS, pictures=pictures(evidence),
        step_name=functools.partial(step_name, language=language),
        fact_label=functools.partial(fact_label, language=language),
        head=headline_data(evidence, language), figures=figures, embed=embedded, tiles=tiles(evidence, language),
        places=places, lines=lines, spark=SPARK, policy=policy(scripts),
        scripts=[Markup(script) for script in scripts], style=Markup(style_sheet() + asset("page.css")),
        version=metadata.version("seedbed") if _is_installed() else "", date=datetime.now(UTC).strftime("%Y-%m-%d"),
        generator=GENERATOR,
    )  # fmt: skip


def step_name(name: str, language: str | None = None) -> str:
    """The heading of a step; its own name where the catalogue has none."""
    key = f"report.step.{name}"
    return message(key, language) if key in catalogue("en") else name


def contents(
    figures: Sequence[Figure], prepared: Prepared | None, language: str | None = None
) -> list[tuple[str, str]]:
    """The sections that the bar leads to: their place and their heading."""
    names = [
        "recipe",
        *(["preprocessing"] * (prepared is not None)),
        *(figure.name for figure in figures),
        "most_wrong",
        "members",
        "environment",
    ]
    return [(name, message(f"report.{name}", language)) for name in names]


@functools.cache
def vega() -> str:
    """Vega, Vega-Lite and vega-embed as one script, kept in the cache: to bundle it takes a second and a half."""
    path = cache_folder() / "scripts" / f"vega-{metadata.version('vl-convert-python')}.js"
    return kept_text(path, lambda: str(vl_convert.javascript_bundle(SNIPPET)))


def embedded(chart: Any) -> Markup:
    """A chart as JSON that may stand inside a script element: no word in it can end that element."""
    spec = with_variables(chart.to_dict(validate=False))
    text = json.dumps(spec, separators=(",", ":"), ensure_ascii=False, default=str)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # < > and & are gone


def policy(scripts: list[str]) -> str:
    """The content security policy: nothing from outside, these scripts alone."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}; base-uri 'none'"


@functools.cache
def template(name: str) -> jinja2.Template:
    """The template of that name."""
    loader = jinja2.FunctionLoader(asset)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"number": number, "text": text, "shortened": shortened}
    return environment.get_template(name)


def asset(name: str) -> str:
    """What stands in a file of the folder of templates."""
    return (resources.files("seedbed.reporting") / "template" / name).read_text("utf-8")


def _is_installed() -> bool:
    try:
        metadata.version("seedbed")
    except metadata.PackageNotFoundError:
        return False
    return True
