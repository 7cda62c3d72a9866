"""Importers and exporters, one module per foreign format; conventions are converted here and nowhere deeper
(docs/exchange.md has every table).

Cameras alone, each direction:
multicamvideo   MultiCamVideo / SynCamVideo `camera_extrinsics.json`
camera_data     Cam×Time `camera_data.json` (both schemas) and the full release's trajectory file
transforms      nerfstudio / D-NeRF `transforms.json`
colmap          COLMAP text model
spacetimepilot  `*_extrinsics.npy` and time indices

Shared: untrusted (reading what strangers wrote).
"""
