"""Everything that runs inside Blender: scenes, animations, asset import, camera rigs, passes and the worker.

Only this package imports bpy, and it needs nothing but bpy, NumPy and the standard library, so that it runs in any
Blender from 5.0 on. The rest of camxtime talks to it through the JSON protocol of `worker.py`.
"""
