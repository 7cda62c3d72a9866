"""The measures: names, units and meaning, in the order in which they are reported (docs/evaluation.md defines them)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Measure:
    """label: heading of its column. unit: "" for a plain number. digits: after the point. better: +1 higher, −1 lower, 0 neither.

    words: what it is, in one line. of_100: stored as a share, shown in per cent.
    """

    label: str
    unit: str
    digits: int
    better: int
    words: str
    of_100: bool = False


MEASURES: MappingProxyType[str, Measure] = MappingProxyType({
    "psnr": Measure("PSNR", "dB", 2, 1, "mean over frames, as published; infinite if any frame is exact"),
    "psnr_pooled": Measure("PSNR pooled", "dB", 2, 1, "PSNR of the clip's mean squared error"),
    "ssim": Measure("SSIM", "", 4, 1, "mean over frames, as published"),
    "lpips": Measure("LPIPS", "", 4, -1, "AlexNet, mean over frames, as published"),
    "psnr_covisible": Measure("PSNR co-visible", "dB", 2, 1, "pooled over pixels whose surface the source clip shows"),
    "psnr_revealed": Measure("PSNR revealed", "dB", 2, 1, "pooled over pixels that the source clip does not show"),
    "psnr_moving": Measure("PSNR moving", "dB", 2, 1, "pooled over pixels of the animated subjects"),
    "psnr_static": Measure("PSNR static", "dB", 2, 1, "pooled over all other pixels"),
    "psnr_known": Measure("PSNR known", "dB", 2, 1, "pooled over pixels that the method says it knows"),
    "share_covisible": Measure("co-visible", "%", 1, 0, "share of pixels", of_100=True),
    "share_moving": Measure("moving", "%", 1, 0, "share of pixels", of_100=True),
    "share_known": Measure("known", "%", 1, 1, "share of pixels that the method says it knows", of_100=True),
    "camera_cells": Measure("camera error", "cells", 2, -1, "|camera of the nearest cell − wanted camera|, mean over frames"),
    "time_cells": Measure("time error", "cells", 2, -1, "|time of the nearest cell − wanted time|, mean over frames"),
    "camera_cells_row": Measure("camera error, time given", "cells", 2, -1, "as camera error, among cells of the wanted time"),
    "time_cells_column": Measure("time error, camera given", "cells", 2, -1,
                                 "as time error, among cells of the wanted camera"),
    "right_cell": Measure("right cell", "%", 1, 1, "frames whose nearest cell is the wanted one", of_100=True),
    "cell_margin": Measure("cell margin", "%", 1, 1, "how much nearer the nearest cell is than any beyond its neighbours",
                           of_100=True),
    "sharpness": Measure("sharpness", "%", 0, 0, "gradient energy against the truth's; far below 100: blurred", of_100=True),
    "rel_rot": Measure("RelRot", "°", 2, -1, "rotation error, both relative to their own first frame"),
    "rel_trans": Measure("RelTrans", "%", 2, -1, "position error, both relative to their own first frame, of the source's path",
                         of_100=True),
    "abs_rot": Measure("AbsRot", "°", 2, -1, "rotation error, both relative to the source's first frame"),
    "abs_trans": Measure("AbsTrans", "%", 2, -1, "position error, both relative to the source's first frame, of its path",
                         of_100=True),
    "rot": Measure("Rot", "°", 2, -1, "error of the rotation from the source's first to the first generated frame"),
    "rta_15": Measure("RTA@15", "%", 1, 1, "direction from the source's first to the first generated camera within 15°",
                      of_100=True),
    "rta_30": Measure("RTA@30", "%", 1, 1, "… within 30°", of_100=True),
    "posed": Measure("posed", "%", 1, 1, "frames for which there is a pose", of_100=True),
    "sync_matches": Measure("Mat.Pix", "", 1, 1, "consistent matches with the source's frame of the same time, mean over frames"),
    "sync_consistent": Measure("sync", "%", 1, 1, "share of such matches that fit the known geometry", of_100=True),
    "sync_of_truth": Measure("Mat.Pix of truth", "%", 1, 1, "consistent matches against those that the truth has", of_100=True),
})  # fmt: skip
