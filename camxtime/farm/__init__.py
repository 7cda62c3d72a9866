"""The farm: a spec becomes committed shards, on this machine or on a Ray cluster.

Public: `driver.render`, `status.status`, and the options and reports below. They are not imported here because rendering
needs the `render` extra and asking for the status does not. The rest (worker, ledger, scheduler, the protocol to
Blender) is how it is done and may change.
"""

from camxtime.farm.options import Failure, Progress, RenderOptions, RenderSummary

__all__ = ["Failure", "Progress", "RenderOptions", "RenderSummary"]
