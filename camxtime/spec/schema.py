"""The spec's JSON Schema, for editors (YAML language servers complete and check specs with it)."""

from __future__ import annotations

from typing import Any

from camxtime.spec.models import DatasetSpec


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a dataset spec."""
    schema = DatasetSpec.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "camxtime dataset spec", **schema}
