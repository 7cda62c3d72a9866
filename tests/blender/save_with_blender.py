"""Run by a child Python with bpy: save a float image through Blender's own view transform as an 8-bit PNG.

Arguments: NPY (H, W, 4 float32, rows from the top), PNG, view transform, look, exposure.
"""

import sys

import bpy
import numpy as np

source, target, view, look, exposure = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
pixels = np.load(source)
image = bpy.data.images.new("linear", pixels.shape[1], pixels.shape[0], alpha=True, float_buffer=True)
image.pixels.foreach_set(np.ascontiguousarray(pixels[::-1]).ravel())
scene = bpy.context.scene
scene.render.dither_intensity = 0.0
scene.render.image_settings.file_format = "PNG"
scene.render.image_settings.color_mode = "RGB"
scene.view_settings.view_transform = view
scene.view_settings.look = look
scene.view_settings.exposure = float(exposure)
image.save_render(target, scene=scene)
