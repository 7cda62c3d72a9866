"""Predictions of any model, scored on a benchmark cut from a dataset (docs/evaluation.md). Needs neither Ray, bpy nor pydantic.

items        benchmark items, from the frozen file or made in memory
tasks        what a predictor is given, and what predictors are
baselines    copy, reshuffle, median, depth-warp, oracle
predictions  a folder of videos or frames as a predictor, checked before anything is scored
metrics      PSNR and SSIM; lpips: LPIPS (the only module that imports torch)
masks        which pixels the source shows, and which move
cells        camera and time error in cells of the grid
poses        camera accuracy; pose_files: from any estimator; estimate: the built-in one (features: matching)
sync         matches between views of one time
measures     names, units and meaning of all of these
score, scorer  the score of one clip: of arrays; of an item, with what items share kept
stats        means, spreads, bootstrap intervals
harness      `evaluate`: methods × items → report; options: what is measured
report, writing, page  summaries; JSON, CSV, Markdown; the page with clips side by side
"""

from camxtime.evaluation.baselines import BASELINES
from camxtime.evaluation.harness import evaluate
from camxtime.evaluation.items import EvalItem, EvalSet, item_set, load_items
from camxtime.evaluation.options import EvalOptions
from camxtime.evaluation.predictions import FolderPredictions
from camxtime.evaluation.report import Report
from camxtime.evaluation.score import ClipScore, score_clip
from camxtime.evaluation.tasks import Batched, Prediction, PredictionError, Predictor, Task

__all__ = [
    "BASELINES", "Batched", "ClipScore", "EvalItem", "EvalOptions", "EvalSet", "FolderPredictions", "Prediction",
    "PredictionError", "Predictor", "Report", "Task", "evaluate", "item_set", "load_items", "score_clip",
]  # fmt: skip
