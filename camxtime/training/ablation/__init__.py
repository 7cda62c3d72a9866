"""What is a full grid worth? The paper's central comparison (its Table 5) in miniature, from one dataset.

plan     the conditions: which pairs each sees, which model; sizes and seeds
pairs    the conditions' samplers over the same grids
items    held-out clips to make, the same for all
score    PSNR, SSIM, moving and static pixels, camera and time error in cells
runs     training and scoring of one (condition, seed), and of all, several at a time, resumable
report   docs/ablation.md: table, plots, clips

    python -m camxtime.training.ablation DATASET --out out/ablation
"""
