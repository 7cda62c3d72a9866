"""English for what files call their clips: "Knight.glb" and "Running_A" become "a knight runs". Needs no bpy."""

from __future__ import annotations

import re

_VERBS = {
    "aim": "aims", "aiming": "aims", "attack": "attacks", "block": "blocks", "blocking": "blocks", "bow": "bows",
    "cast": "casts a spell", "cheer": "cheers", "chop": "chops", "clap": "claps", "climb": "climbs", "crawl": "crawls",
    "crouch": "crouches", "cry": "cries", "dance": "dances", "death": "falls down dead", "die": "falls down dead",
    "dodge": "dodges", "drink": "drinks", "eat": "eats", "emote": "gestures", "fall": "falls", "fight": "fights",
    "flap": "flaps its wings", "float": "floats", "fly": "flies", "gallop": "gallops", "hit": "is hit", "hop": "hops",
    "idle": "stands idle", "interact": "reaches out", "jog": "jogs", "jump": "jumps", "kick": "kicks",
    "land": "lands", "laugh": "laughs", "lie": "lies down", "look": "looks round", "march": "marches", "nod": "nods",
    "open": "opens", "pickup": "picks something up", "point": "points", "punch": "punches", "push": "pushes",
    "reload": "reloads", "roar": "roars", "roll": "rolls", "run": "runs", "salute": "salutes", "shoot": "shoots",
    "sit": "sits", "slash": "slashes", "slice": "slices", "sleep": "sleeps", "slide": "slides", "sneak": "sneaks",
    "spellcast": "casts a spell", "spellcasting": "casts a spell", "spin": "spins", "sprint": "sprints",
    "stab": "stabs", "stand": "stands", "standup": "stands up", "strafe": "steps sideways", "sway": "sways",
    "swim": "swims", "swing": "swings", "talk": "talks", "taunt": "taunts", "throw": "throws", "trot": "trots",
    "turn": "turns", "use": "uses something", "walk": "walks", "wave": "waves", "yell": "yells",
}  # fmt: skip
"""What an action is called in clips' names, and the verb for it; "-ing" forms are found by their stem."""

_SPECIAL = ("chop", "slice", "slash", "stab", "spin", "kick", "punch", "standup", "reload", "shoot", "aim", "strafe")
"""Verbs that say more than another one beside them: `Melee_Attack_Chop` is a chop, `Sit_Floor_StandUp` a standing up."""

_HOW = {
    "left": "to the left", "right": "to the right", "forward": "forward", "forwards": "forward", "back": "backward",
    "backward": "backward", "backwards": "backward", "sideways": "sideways", "1h": "with one hand",
    "2h": "with both hands", "unarmed": "bare-handed", "dualwield": "with two weapons", "fast": "fast",
    "slow": "slowly", "floor": "on the floor", "chair": "on a chair", "ground": "on the ground", "long": "high",
    "raise": "with raised arms",
}  # fmt: skip

_HANDS = frozenset({"1h", "2h", "unarmed"})
_BODILY = frozenset({"idle", "kick", "punch"})
"""Actions whose clips may name what is in the hands, which says nothing of the motion."""

_EMPTY = frozenset({"a", "b", "c", "d", "action", "actions", "anim", "animation", "armature", "baselayer", "clip", "com",
                    "layer", "layer0", "loop", "looping", "mixamo", "motion", "pose", "rig", "root", "scene", "take",
                    "the", "in", "place", "inplace"})  # fmt: skip
"""Words of clips' names that say nothing of the motion: variants, tools' defaults."""


def words_of(name: str) -> list[str]:
    """Lower-case words of a name in snake_case, kebab-case, CamelCase or with spaces; numbers at word ends are dropped."""
    text = re.sub(
        r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])",
        " ",
        name.replace("PickUp", "Pickup").replace("StandUp", "Standup"),
    )
    words = [word.lower() for word in re.split(r"[^A-Za-z0-9]+", text) if word]
    kept = [word if re.fullmatch(r"\d+[a-z]+", word) else re.sub(r"\d+$", "", word) for word in words]
    return [word for word in kept if word]


def noun_phrase(file: str) -> str:
    """ "a knight" for `Knight.glb`, "an old oak" for `old_oak-B.obj`."""
    stem = file.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    words = words_of(stem)
    while len(words) > 1 and len(words[-1]) == 1:
        words.pop()
    noun = " ".join(words) or "subject"
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def clip_phrase(clip: str) -> str:
    """A verb phrase for a clip: "runs" for `Running_A`, "chops with one hand" for `1H_Melee_Attack_Chop`; "" for none.

    A name without a known verb is quoted, "performs “Zombie sway”", or, with a word in -ing, put as it is: "is weeping".
    """
    spoken = words_of(clip.rsplit("|", 1)[-1])
    words = [word for word in spoken if word not in _EMPTY]
    verbs = [stem for word in words if (stem := _stem(word)) is not None]
    if not verbs and ("pose" in spoken or "static" in spoken):
        return "holds a pose"
    if not words:
        return ""
    if not verbs:
        if any(word.endswith("ing") and len(word) > 4 for word in words):
            return "is " + " ".join(words)
        return f"performs “{' '.join(words)}”"
    chosen = next((verb for verb in verbs if verb in _SPECIAL), verbs[0])
    how = [_HOW[word] for word in words if word in _HOW and not (chosen in _BODILY and word in _HANDS)]
    verb = _VERBS[chosen]
    if chosen == "strafe" and "run" in verbs:
        verb, how = "runs", ["sideways", *how]
    elif chosen == "standup":
        how = [part.replace("on ", "from ") for part in how]
    elif chosen == "sit" and "down" in words:
        verb = "sits down"
    elif chosen == "lie" and ("idle" in verbs or "pose" in spoken):
        verb = "lies still"
    return " ".join([verb, *how])


def subject_phrase(file: str, clip: str, still: bool = False) -> str:
    """A clause such as "a knight runs"; of a BVH file, which has no subject, "a figure walks"."""
    if file.lower().endswith(".bvh"):
        noun, verb = "a figure of capsules", clip_phrase(file.rsplit(".", 1)[0])
    else:
        noun, verb = noun_phrase(file), clip_phrase(clip)
    return noun + " " + ("stands still" if still else verb or "moves")


def _stem(word: str) -> str | None:
    """The key of `_VERBS` that a word is a form of, or None."""
    forms = [word]
    for ending in ("ing", "ed", "s"):
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            forms += [stem, stem + "e", stem[:-1] if len(stem) > 2 and stem[-1] == stem[-2] else stem]
    forms += [word.removesuffix("ying") + "ie"] if word.endswith("ying") else []
    return next((form for form in forms if form in _VERBS), None)
