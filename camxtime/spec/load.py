"""Reading a spec from YAML, with errors that name the file, the field and the mend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from camxtime.errors import InputError
from camxtime.spec.models import DatasetSpec
from camxtime.spec.paths import PATH_MODELS

MAX_SPEC_BYTES = 8 * 2**20
MAX_DEPTH = 32
SHOWN_PROBLEMS = 5
# Pydantic's locations name the branch of a union that was tried; to a reader of YAML these are no fields.
_NUMBER_OR_RANGE = frozenset({"float", "int", "tuple[float, float]", "tuple[int, int]"})
_BRANCHES = _NUMBER_OR_RANGE | frozenset(PATH_MODELS) | {"cross", "list", "each_animation_in_one_scene"}


@dataclass(frozen=True)
class LoadedSpec:
    """A validated spec together with the folder that its relative files are looked up in."""

    spec: DatasetSpec
    source: str
    folder: Path

    def assets_root(self, assets: str | Path | None) -> Path:
        """The folder that `file:` entries are relative to: `assets` if given, else the spec's own folder."""
        return Path(assets).resolve() if assets is not None else self.folder


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader, without duplicate keys (the last one would win unseen) and without aliases (bombs)."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.constructor.ConstructorError(
                None, None, "aliases (*name) are not allowed in specs; write the value out", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def load(path: str | Path) -> LoadedSpec:
    """Read and validate a spec file.

    Raises:
        InputError: the file is missing, too large, not YAML, or says something a spec cannot say.
    """
    file = Path(path)
    try:
        if file.stat().st_size > MAX_SPEC_BYTES:
            raise InputError(f"{file}: a spec is at most {MAX_SPEC_BYTES // 2**20} MiB; this is not one.")
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{file}: there is no such spec; see scene_specs/ for ones to start from.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read as a spec: {error}.") from error
    return LoadedSpec(loads(text, str(file)), str(file), file.resolve().parent)


def loads(text: str, source: str = "spec") -> DatasetSpec:
    """Validate a spec given as YAML text; `source` is the name used in errors.

    Raises:
        InputError: not YAML, or not a valid spec.
    """
    try:
        data = yaml.load(text, Loader=_StrictLoader)  # noqa: S506  a SafeLoader, stricter
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{source}{where}: not valid YAML: {problem}.") from error
    except (RecursionError, ValueError) as error:
        raise InputError(f"{source}: not valid YAML: {error}.") from error
    if not isinstance(data, dict):
        raise InputError(f"{source}: a spec is a mapping of fields (name, grid, image, scenes, …).")
    if _depth(data) > MAX_DEPTH:
        raise InputError(f"{source}: nested more than {MAX_DEPTH} levels deep; a spec needs fewer.")
    try:
        return DatasetSpec.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{source}: {_explain(error)}") from error


def _depth(value: Any, level: int = 0) -> int:
    if level > MAX_DEPTH:
        return level
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((_depth(child, level + 1) for child in children), default=level)


def _explain(error: ValidationError) -> str:
    problems = list(dict.fromkeys(_problem(item) for item in error.errors(include_url=False)))
    lines = problems[:SHOWN_PROBLEMS]
    more = len(problems) - len(lines)
    return "; ".join(lines) + (f"; and {more} more" if more > 0 else "") + "."


def _problem(item: Any) -> str:
    field = ".".join(str(part) for part in item["loc"] if part not in _BRANCHES) or "the spec"
    if item["type"] == "extra_forbidden":
        return f"{field}: unknown field; check its spelling or take it out"
    if item["loc"] and item["loc"][-1] in _NUMBER_OR_RANGE:
        return f"{field}: must be a number or a range [low, high] (got {item['input']!r:.60})"
    if item["type"] == "union_tag_invalid":
        chosen = item["input"].get(item["ctx"]["discriminator"].strip("'"))
        return f"{field}: {chosen!r} is not known; choose from {item['ctx']['expected_tags']}"
    if item["type"] == "missing":
        return f"{field}: is missing; add it"
    message = item["msg"].removeprefix("Value error, ")
    shown = repr(item["input"])
    if item["type"] == "value_error" or len(shown) > 60:
        return f"{field}: {message}"
    return f"{field}: {message[0].lower()}{message[1:]} (got {shown})"
