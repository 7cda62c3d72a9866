"""Is a grid worth training on? Measures, bounds, diversity and the report; see docs/quality.md.

Public: `assess` (a dataset), `read_sample` and `measure` (cells), `judge` (values against the bounds of a spec);
`report.write_report` needs matplotlib.
"""

from camxtime.quality.assess import DatasetQuality, GridQuality, assess
from camxtime.quality.judge import Fault, judge
from camxtime.quality.measures import measure
from camxtime.quality.sample import Sample, read_sample

__all__ = ["DatasetQuality", "Fault", "GridQuality", "Sample", "assess", "judge", "measure", "read_sample"]
