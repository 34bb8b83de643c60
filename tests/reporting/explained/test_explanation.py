"""The explanation as a value: in a terminal, as a page, in a notebook, as data."""

import io
import json
import math
import re

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from seedbed.core.errors import UsageError
from seedbed.core.messages import message
from seedbed.reporting.explained.explanation import Explanation, Section
from seedbed.reporting.explained.listing import Listing
from seedbed.reporting.explained.page import blocks, fragment, page
from seedbed.reporting.explained.parts import Equations, Fact, Facts, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot, draw_plot, plot_data
from seedbed.reporting.explained.words import Said, Share, plain, say, shown
from seedbed.reporting.saving import save_png

X = np.linspace(-1.0, 1.0, 21)
PLOTS = (
    Plot("cube", "x³", [Line("x³", X, X**3), Line("<b>x", X, np.where(X > 0, X, np.nan), is_dots=True)]),
    Plot("fall", "f", [Line("f", [1, 2, 3], [1.0, 0.1, 0.0], is_steps=True)], bands=[(2, math.inf)], is_log_y=True,
         bands_label=say("column.layer")),
)  # fmt: skip
TABLE = Table("rates", [say("column.function"), "η"], [("relu", 0.5), ("a & b", math.inf)], strong=1)


def made(language="en"):
    return Explanation("sigmoid", "activations", [
        Section("formula", [Equations(["f(x) = x"], "this <test>")]),
        Section("picture", PLOTS),
        Section("measured", [Facts([Fact("range", [0.0, math.inf], say("fact.from_to", low=0.0, high=math.inf)),
                                    Fact("max_slope", 0.25)])]),
        Section("vanishing", [say("fact.just", value=Share(0.123)), TABLE, Remedy(say("fact.at", value=1, at=-2.0))]),
    ], ("tanh",), language)  # fmt: skip


@pytest.mark.parametrize(("value", "text"), [
    (0.25, "0.25"), (0.24999, "0.250"), (1 / 3, "0.333"), (3.0, "3"), (-0.0, "0"), (12345.6, "12,346"),
    (math.nan, "NaN"),
    (2.2e-7, "2.2e-07"), (np.float32(0.5), "0.5"), (Share(0.5), "50.0\u202f%"), ([1.0, "a"], "1, a"), (-1.5, "−1.5"),
    (True, "yes"), (np.int64(7), "7"),
])  # fmt: skip
def test_values_as_a_reader_wants_them(value, text):
    assert shown(value, "en") == text


def test_a_sentence_may_stand_in_another():
    inner = say("fact.below", x=-1.0)
    assert say("fact.both", one=inner, other="y").text("en") == "x < −1 and y"
    assert say("fact.centred", mean=0.0).text("ko") == message("explain.fact.centred", "ko", mean="0")
    with pytest.raises(UsageError, match=r"message 'explain\.fact\.below': expected values for x"):
        Said("fact.below").text("en")


def test_plain_data_are_json_without_infinities():
    text = json.dumps(plain({"a": [np.float32(0.5), -math.inf, math.nan], "b": say("yes")}, "en"), allow_nan=False)
    assert json.loads(text) == {"a": [0.5, "-inf", "nan"], "b": "yes"}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_it_fits_a_terminal_of_80_columns(language):
    text = str(made(language))
    assert max(map(cell_len, text.splitlines())) <= 80 and text == repr(made(language))
    for word in ("f(x) = x", "this <test>", "x³", "⠒", "12.3%", "a & b", "tanh", message("explain.remedy", language)):
        assert word in text, word
    assert all(line == line.rstrip() for line in text.splitlines())


def test_it_prints_in_colour_on_a_rich_console():
    console = Console(width=90, force_terminal=True, color_system="standard", file=io.StringIO())
    with console.capture() as said:
        console.print(made())
    assert "\x1b[36m" in said.get() and "\x1b[1mSigmoid" in said.get()


def test_data_of_a_plot_leave_out_what_cannot_be_drawn():
    table = plot_data(PLOTS[1], "en")
    assert table["y"].tolist() == [1.0, 0.1]
    table = plot_data(PLOTS[0], "en")
    assert (table["place"].value_counts().to_dict()) == {0: 21, 1: 10}


def test_every_plot_can_be_drawn(tmp_path):
    for plot in PLOTS:
        assert save_png(draw_plot(plot), tmp_path / f"{plot.name}.png").stat().st_size > 4000


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_holds_everything_and_loads_nothing(language):
    told = made(language)
    html = page(told)
    assert len(re.findall(r'<script type="application/json">', html)) == len(PLOTS) and f'lang="{language}"' in html
    markup = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r'(src|href)="(https?:)?//', markup) and "default-src &#39;none&#39;" in html
    assert "this <test>" not in html and "this &lt;test&gt;" in html and "a &amp; b" in html and "∞" in html
    for section in told.sections:
        assert f'<section id="{section.name}">' in html and section.heading(language) in html


def test_pictures_in_a_row_stand_side_by_side():
    found = blocks([PLOTS[0], PLOTS[1], TABLE, PLOTS[0]], "en")
    assert [block.kind for block in found] == ["panels", "table", "panels"]
    assert [len(block.content) for block in found[::2]] == [2, 1]
    assert found[0].content[0].key == [("line0", "x³"), ("dots1", "<b>x")]
    assert found[0].content[1].key == [("shade", "layer")]


def test_a_notebook_shows_it_without_scripts():
    html = fragment(made())
    assert len(html) == len(made()._repr_html_())  # but for the numbers of the clips, which count on
    assert html.count("<svg") == len(PLOTS) and "<script" not in html and "<html" not in html
    assert "this &lt;test&gt;" in html and "12.3" in html and "╺━╸" not in html and "•••" in html


def test_it_is_data():
    told = made()
    assert told.facts == {"range": [0.0, math.inf], "max_slope": 0.25}
    assert told.tables["rates"].to_dict("en") == {
        "columns": ["function", "η"],
        "rows": [["relu", 0.5], ["a & b", "inf"]],
    }
    data = json.loads(json.dumps(told.to_dict(), allow_nan=False))
    assert data["facts"]["range"] == [0.0, "inf"] and data["plots"]["fall"]["lines"][0]["y"] == [1.0, 0.1, 0.0]
    assert data["sections"][3]["sentences"][0] == {"text": "12.3\u202f%", "values": {"value": 0.123}}
    assert data["equations"] == ["f(x) = x"] and data["related"] == ["tanh"] and data["title"] == "Sigmoid"


def test_it_is_saved_whole_or_refused(tmp_path):
    page = tmp_path / "deep" / "page.html"
    assert made().save(page).read_text("utf-8").startswith("<!doctype html>")
    assert made("ko").save(page) == page and 'lang="ko"' in page.read_text("utf-8")
    (tmp_path / "notes.html").write_text("<html>mine</html>")
    refused = r"expected no file, or a page that seedbed explain wrote, got another file\nhint: choose another name"
    with pytest.raises(UsageError, match=refused):
        made().save(tmp_path / "notes.html")
    assert (tmp_path / "notes.html").read_text() == "<html>mine</html>"
    with pytest.raises(UsageError, match="expected a file that can be written, but"):
        made().save(tmp_path)


def test_the_list_says_each_name_under_its_theme():
    listing = Listing({"activations": ("sigmoid",)}, "en")
    assert str(listing).splitlines()[:2] == ["Activations", "  sigmoid  Sigmoid"]
    assert listing.to_dict() == {"explanations": [{"name": "sigmoid", "title": "Sigmoid", "theme": "activations"}]}
    assert "<code>sigmoid</code>" in listing._repr_html_()
