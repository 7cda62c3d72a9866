"""How procedural subjects move: baking of motion into key frames, rotations, the biped's gaits and its body."""
