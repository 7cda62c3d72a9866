"""The farm: a spec becomes committed shards, on this machine or on a Ray cluster.

Public: `render`, `RenderOptions`, `RenderSummary`, `Progress`, `status`, `StatusReport`. The rest (driver, worker,
ledger, scheduler, the protocol to Blender) is how it is done and may change.
"""

from camxtime.farm.options import Failure, Progress, RenderOptions, RenderSummary

__all__ = ["Failure", "Progress", "RenderOptions", "RenderSummary"]
