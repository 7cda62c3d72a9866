"""Predictions of any model, scored on a benchmark cut from a dataset (docs/evaluation.md).

items        benchmark items, from the frozen file or made in memory
tasks        what a predictor is given, and what predictors are
baselines    copy, reshuffle, median, depth-warp, oracle
predictions  a folder of videos or frames as a predictor, checked before anything is scored
metrics      PSNR and SSIM
"""
