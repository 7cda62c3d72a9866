"""Run by a child Python with bpy: write the same small things in every format that Blender exports.

Arguments: FOLDER. A post 2 m high stands on a rig of two bones and bows for 24 frames at 24 fps (`bow.*`); a box of 1 m
slides 3 m along x in the same time (`slide.*`); the post alone, unmoving (`still.*`); a yard of 12 m (`yard.*`).
"""

import sys
from pathlib import Path

import bpy

folder = Path(sys.argv[1])
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.fps, scene.frame_start, scene.frame_end = 24, 1, 25


def active(*items):
    for item in scene.objects:
        item.select_set(item in items)
    bpy.context.view_layer.objects.active = items[0]


def file(name):
    return str(folder / name)


bpy.ops.mesh.primitive_plane_add(size=12)
yard = bpy.context.object
for x in (-5.5, 5.5):
    bpy.ops.mesh.primitive_cube_add(size=1, location=(x, 5.5, 0.5))
    bpy.context.object.parent = yard
active(yard, *yard.children)
bpy.ops.wm.obj_export(filepath=file("yard.obj"), export_selected_objects=True)
bpy.ops.wm.stl_export(filepath=file("yard.stl"), export_selected_objects=True)
bpy.ops.wm.ply_export(filepath=file("yard.ply"), export_selected_objects=True)
bpy.ops.wm.usd_export(filepath=file("yard.usda"), selected_objects_only=True)
bpy.ops.wm.alembic_export(filepath=file("yard.abc"), selected=True)
bpy.ops.export_scene.fbx(filepath=file("yard.fbx"), use_selection=True)
bpy.ops.export_scene.gltf(filepath=file("yard.gltf"), use_selection=True, export_format="GLTF_SEPARATE")
for item in list(scene.objects):
    bpy.data.objects.remove(item)

bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 0, 1))
box = bpy.context.object
box.name = "box"
box.keyframe_insert("location", frame=1)
box.location.x = 3
box.keyframe_insert("location", frame=25)
box.animation_data.action.name = "Slide"
active(box)
bpy.ops.wm.alembic_export(filepath=file("slide.abc"), selected=True)
bpy.ops.wm.usd_export(filepath=file("slide.usda"), selected_objects_only=True, export_animation=True)
bpy.ops.export_scene.fbx(filepath=file("slide.fbx"), use_selection=True)
bpy.data.actions.remove(box.animation_data.action)
bpy.data.objects.remove(box)

skeleton = bpy.data.armatures.new("rig")
rig = bpy.data.objects.new("rig", skeleton)
scene.collection.objects.link(rig)
bpy.context.view_layer.objects.active = rig
bpy.ops.object.mode_set(mode="EDIT")
hip, chest = skeleton.edit_bones.new("hip"), skeleton.edit_bones.new("chest")
hip.head, hip.tail, chest.head, chest.tail = (0, 0, 0), (0, 0, 1), (0, 0, 1), (0, 0, 2)
chest.parent, chest.use_connect = hip, True
bpy.ops.object.mode_set(mode="OBJECT")
bpy.ops.mesh.primitive_cylinder_add(radius=0.2, depth=2, location=(0, 0, 1))
post = bpy.context.object
post.name = "post"
post.parent = rig
post.modifiers.new("rig", "ARMATURE").object = rig
for name, upper in (("chest", True), ("hip", False)):
    post.vertex_groups.new(name=name).add([v.index for v in post.data.vertices if (v.co.z > 0) == upper], 1, "REPLACE")
bone = rig.pose.bones["chest"]
bone.rotation_mode = "XYZ"
for frame, angle in ((1, 0.0), (13, 1.0), (25, 0.0)):
    bone.rotation_euler.x = angle
    bone.keyframe_insert("rotation_euler", frame=frame)
rig.animation_data.action.name = "Bow"
active(rig, post)
bpy.ops.wm.alembic_export(filepath=file("bow.abc"), selected=True)
for suffix in ("usda", "usdc", "usdz"):
    bpy.ops.wm.usd_export(filepath=file(f"bow.{suffix}"), selected_objects_only=True, export_animation=True,
                          export_armatures=True)  # fmt: skip
bpy.ops.export_scene.fbx(filepath=file("bow.fbx"), use_selection=True)
bpy.ops.export_scene.gltf(filepath=file("bow.glb"), use_selection=True)
bpy.ops.export_scene.gltf(filepath=file("bow.gltf"), use_selection=True, export_format="GLTF_SEPARATE")
bpy.ops.wm.save_as_mainfile(filepath=file("bow.blend"))
active(rig)
bpy.ops.export_scene.gltf(filepath=file("bones.glb"), use_selection=True)
bpy.ops.export_anim.bvh(filepath=file("bow.bvh"), frame_start=1, frame_end=25)
active(post)
bpy.ops.wm.obj_export(filepath=file("still.obj"), export_selected_objects=True)
bpy.ops.wm.stl_export(filepath=file("still.stl"), export_selected_objects=True)
bpy.ops.wm.ply_export(filepath=file("still.ply"), export_selected_objects=True)
