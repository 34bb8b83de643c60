"""Reporting: what a run found, as figures and as one page.

Every figure is two functions: `*_data`, which computes what is shown, and `draw_*`, which draws it. Altair and Jinja2
are imported by the modules that draw (`page.py`, `figures.py` and one file for each figure); this package and the
modules that other rooms import at their top, `evidence.py` and `most_wrong.py`, bring in neither.
"""

from seedbed.reporting.evidence import Evidence, Step

__all__ = ["Evidence", "Step"]
