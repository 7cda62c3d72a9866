"""Budgets of the fuzzing: small in CI, a campaign by `pytest tests/security --hypothesis-profile=campaign`.

`--hypothesis-profile=replay` only tries again what failed before, without looking for a smaller example.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "campaign", max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
settings.register_profile("replay", phases=[Phase.explicit, Phase.reuse], deadline=None)
