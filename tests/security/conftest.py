"""Budgets of the fuzzing: small in CI, a campaign by `pytest tests/security --hypothesis-profile=campaign`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "campaign", max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
