"""Run by a child Python with bpy: write a .blend that would run code when opened, if it were let.

Arguments: BLEND, MARKER (a file that the code would create). With `open` as third argument, open it with scripts allowed.
"""

import sys

import bpy

blend, marker = sys.argv[1:3]
if sys.argv[3:] == ["open"]:
    bpy.ops.wm.open_mainfile(filepath=blend, use_scripts=True)
    bpy.context.scene.frame_set(5)
    sys.exit(0)

bpy.ops.wm.read_factory_settings(use_empty=True)
text = bpy.data.texts.new("trap.py")
text.write(f"open({marker + '.text'!r}, 'w').close()\n")
text.use_module = True  # "Register": run on load
bpy.ops.mesh.primitive_plane_add(size=12)
bpy.ops.mesh.primitive_cube_add(location=(0, 0, 1))
cube = bpy.context.object
cube.name = "box"
cube.keyframe_insert("rotation_euler", frame=1)
cube.rotation_euler.z = 3.0
cube.keyframe_insert("rotation_euler", frame=20)
cube.animation_data.action.name = "Spin"
driver = cube.driver_add("location", 0).driver
driver.type = "SCRIPTED"
driver.expression = f"(open({marker + '.driver'!r}, 'w').close() or 0.0)"
bpy.ops.wm.save_as_mainfile(filepath=blend)
