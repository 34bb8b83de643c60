"""The summary: the whole table by its text, and its other forms."""

import pytest
from rich.console import Console

from seedbed.network import Network

NET = Network.parse("linear 64, prelu, dropout 0.2, linear 10 bias=none")

GOLDEN = """\
layer                       shapes                                parameters  FLOPs  weight bytes  output bytes
───────────────────────────────────────────────────────────────────────────────────────────────────────────────
0      linear 64            (B, 64) · (64, 64) + (64,) → (B, 64)       4,160  8,256        16,640         8,192
1      prelu                (B, 64) → (B, 64)                              1    128             4         8,192
2      dropout 0.2          (B, 64) → (B, 64)                              0      0             0         8,192
3      linear 10 bias=none  (B, 64) · (64, 10) → (B, 10)                 640  1,280         2,560         1,280
───────────────────────────────────────────────────────────────────────────────────────────────────────────────
       total                                                           4,801  9,664        19,204        25,856
input (B, 64), output bytes for B = 32"""


def test_text() -> None:
    assert str(NET.summary((8, 8, 1), batch=32)) == GOLDEN


def test_totals_are_those_of_the_network() -> None:
    summary = NET.summary((64,), batch=2, dtype_bytes=8)
    assert summary.totals["n_params"] == NET.n_params((64,))
    assert summary.totals["flops"] == NET.flops((64,))
    assert summary.totals["params_bytes"] == 8 * NET.n_params((64,))
    assert [row.out_shape for row in summary.rows] == NET.shapes((64,))


def test_plain_data() -> None:
    plain = NET.summary((64,)).to_dict()
    assert plain["rows"][3]["layer"] == "linear 10 bias=none" and plain["rows"][3]["out_shape"] == [10]
    assert plain["totals"]["n_params"] == 4801 and plain["in_shape"] == [64]


def test_every_form_says_the_same() -> None:
    summary = NET.summary((64,))
    console = Console(width=150)
    with console.capture() as capture:
        console.print(summary)
    html = summary._repr_html_()
    for row in summary.rows:
        for cell in row.cells:
            assert cell in str(summary)
            assert cell in html
            assert cell in capture.get()
    assert html.count("<tr>") == 6


def test_marks_of_html_are_escaped() -> None:
    assert "→" in NET.summary((64,))._repr_html_()


def test_an_unbound_network_has_none() -> None:
    with pytest.raises(ValueError, match=r"network.layers\[0\].units: expected a number, got 'out'"):
        Network.parse("linear out").summary((3,))
