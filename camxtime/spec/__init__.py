"""What a user asks for: the dataset spec, its loading, its expansion into grids, and what it will cost.

Public: `load`, `DatasetSpec`, `expand`, `Expansion`, `Stage`, `PlannedGrid`, `estimate`, `json_schema`.
"""

from camxtime.spec.cost import CostEstimate, Rates, estimate
from camxtime.spec.expand import Expansion, PlannedGrid, Stage, expand
from camxtime.spec.load import LoadedSpec, load, loads
from camxtime.spec.models import DatasetSpec
from camxtime.spec.schema import json_schema

__all__ = [
    "CostEstimate",
    "DatasetSpec",
    "Expansion",
    "LoadedSpec",
    "PlannedGrid",
    "Rates",
    "Stage",
    "estimate",
    "expand",
    "json_schema",
    "load",
    "loads",
]
