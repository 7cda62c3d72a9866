"""From a dataset to pairs of clips for training: which cells, in which order, with which pixels and cameras.

tracks         which cells a clip is made of
camera_tracks  how a clip moves along a camera path, by name
time_terms     what a recipe may name as a time path (warps, patterns, mixtures)
recipe         which pairs are drawn, as plain values
catalog        the grids drawn from, and which show the same scene and animation
pairs          PairSampler: pair i as a pure function of its index
contexts, overlap  further clips of the scene, chosen by what they see
permute, draws, order  shuffling, randomness and sharding that store nothing
view, decode   cells to arrays, cut to size
poses, condition  relative poses, ray maps, the geometric condition
loader         PairLoader: a pair as a dict of arrays
torch_data     the same for PyTorch (the only module here that imports torch)
"""

from camxtime.sampling.camera_tracks import CAMERA_TRACKS, camera_track
from camxtime.sampling.loader import PairError, PairLoader, SampleOptions
from camxtime.sampling.order import Lane
from camxtime.sampling.pairs import Pair, PairSampler
from camxtime.sampling.recipe import Contexts, Family, Recipe
from camxtime.sampling.tracks import ClipRef, Track, Window
from camxtime.sampling.view import View

__all__ = [
    "CAMERA_TRACKS", "ClipRef", "Contexts", "Family", "Lane", "Pair", "PairError", "PairLoader", "PairSampler", "Recipe",
    "SampleOptions", "Track", "View", "Window", "camera_track",
]  # fmt: skip
