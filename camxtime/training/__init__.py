"""The reference model and its trainer (docs/training.md). Single process: PyTorch, pyarrow and OpenCV; no Ray, bpy or pydantic.

config, device         what a run is told, and where it runs
embeddings, blocks, copy_head, model   the model, part by part as in the paper
objectives             regression and flow matching; making a clip
long_tracks            tracks longer than F, segment after segment
batch, data, text      from the sampler's pairs to tensors
optim, checkpoint, log, stop, loop     the trainer
baselines, validation  scores and clips while training
predictor              a checkpoint as a callable
ray_train              the same loop on Ray Train (the only module here that imports Ray)
wan                    the same conditioning in Wan-2.1 (needs diffusers)
ablation               what a full grid is worth: conditions, runs, scores, report
"""

from camxtime.training.config import DataConfig, ModelConfig, OptimConfig, RunConfig, TrainConfig, read_config
from camxtime.training.loop import Options, Summary, train
from camxtime.training.model import Conditions, SpaceTimeModel, Track
from camxtime.training.objectives import Solver, generate

__all__ = [
    "Conditions", "DataConfig", "ModelConfig", "OptimConfig", "Options", "RunConfig", "Solver", "SpaceTimeModel", "Summary",
    "Track", "TrainConfig", "generate", "read_config", "train",
]  # fmt: skip
