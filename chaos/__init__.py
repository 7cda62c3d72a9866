"""A seeded campaign of faults over real renders: what a farm meets in weeks, in an hour.

    python -m chaos --faults 200 --seed 1 --out /tmp/chaos --report docs/reliability.md

Every trial renders a tiny spec with real Ray and real Blender, breaks something at a seeded moment (`kinds`), and then does
what a user would: verify, follow the mends, render again, verify in full. It must end with the digest of the run that nobody
disturbed, and nothing that was damaged may have been taken for good on the way (`aftermath`).
"""
