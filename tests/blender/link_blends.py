"""Run by a child Python with bpy: two .blend files, each of which shows a collection of the other. Argument: FOLDER."""

import sys
from pathlib import Path

import bpy

folder = Path(sys.argv[1])
first, second = str(folder / "first.blend"), str(folder / "second.blend")


def new(name):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_plane_add(size=12)
    plane = bpy.context.object
    collection = bpy.data.collections.new(name)
    bpy.context.scene.collection.children.link(collection)
    bpy.context.scene.collection.objects.unlink(plane)
    collection.objects.link(plane)


def show(own, other, file):
    with bpy.data.libraries.load(file, link=True) as (_, here):
        here.collections = [other]
    shown = bpy.data.objects.new("shown", None)
    shown.instance_type, shown.instance_collection = "COLLECTION", here.collections[0]
    bpy.data.collections[own].objects.link(shown)


new("first")
bpy.ops.wm.save_as_mainfile(filepath=first)
new("second")
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "alone.blend"), compress=False)
show("second", "first", first)
bpy.ops.wm.save_as_mainfile(filepath=second)
bpy.ops.wm.open_mainfile(filepath=first)
show("first", "second", second)
bpy.ops.wm.save_as_mainfile(filepath=first, compress=False)
