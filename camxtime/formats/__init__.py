"""Importers and exporters, one module per foreign format; conventions are converted here and nowhere deeper
(docs/exchange.md has every table).

Cameras alone, each direction:
multicamvideo   MultiCamVideo / SynCamVideo `camera_extrinsics.json`
camera_data     Cam×Time `camera_data.json` (both schemas) and the full release's trajectory file
transforms      nerfstudio / D-NeRF `transforms.json`
colmap          COLMAP text model
spacetimepilot  `*_extrinsics.npy` and time indices
posed           camxtime's own `frames.json`: cameras and times of exported frames or videos

Whole datasets, each with `import_folder` and `export_folder`: camxtime_eval, camxtime_full, multicam_dataset, nerf_dataset,
colmap_dataset, webdataset, frames, clips (MP4), pilot_dataset.

Shared: registry (formats by name, `import_dataset`, `export_dataset`), untrusted (reading what strangers wrote), images,
video, arrange (posed images → a grid), importing, stored (cells → a new dataset), exporting (tracks, sidecar, report).
"""
