"""Tests of procedural content: scenes, animations, what they are built from."""
