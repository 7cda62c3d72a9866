"""Pictures of a grid (cameras across, times down) and of a dataset (a row of diagonal cells a grid), as PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from camxtime.errors import InputError
from camxtime.shards.atomic import write_atomic
from camxtime.shards.colours import pass_colours
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Cell, Grid

_PAPER, _INK, _FAINT, _EMPTY = (255, 255, 255), (28, 30, 36), (112, 116, 126), (226, 228, 232)
_GAP, _MARGIN, _TITLE, _SMALL, _LEAST = 3, 20, 19, 13, 360


@dataclass(frozen=True)
class SheetOptions:
    """How much a sheet shows.

    columns, rows: most cells across and down (every k-th is taken so that they suffice). thumb_px: length of a thumbnail's
    longer side. pass_name: the pass to show.
    """

    columns: int = 12
    rows: int = 8
    thumb_px: int = 128
    pass_name: str = "rgb"

    def check(self, passes: Sequence[str]) -> None:
        """`InputError` for sizes or a pass that cannot be."""
        if not (1 <= self.columns <= 200 and 1 <= self.rows <= 1000 and 8 <= self.thumb_px <= 2048):
            raise InputError("A contact sheet has 1 to 200 columns, 1 to 1000 rows and thumbnails of 8 to 2048 pixels.")
        if self.pass_name not in passes:
            raise InputError(f"The dataset has no pass {self.pass_name!r} to show; it has {', '.join(passes)}.")


def grid_sheet(grid: Grid, options: SheetOptions | None = None) -> Image.Image:
    """Contact sheet of a grid: every k-th camera across, every k-th time down, both labelled.

    Cells that are not rendered yet are empty boxes. Errors as `Grid.clip`; `InputError` for impossible options.
    """
    options = options or SheetOptions()
    options.check(grid.passes)
    cameras, times = _every(grid.C, options.columns), _every(grid.T, options.rows)
    present = grid.index.shard[..., grid.passes.index(options.pass_name)][np.ix_(times, cameras)] >= 0
    rows, columns = np.nonzero(present)
    thumbs: dict[tuple[int, int], Image.Image] = {}
    if rows.size:
        images = grid.clip(np.array(cameras)[columns], np.array(times)[rows], (options.pass_name,)).image(
            options.pass_name
        )
        for row, column, picture in zip(rows, columns, pass_colours(options.pass_name, images), strict=True):
            thumbs[int(row), int(column)] = _thumb(picture, options.thumb_px)
    facts = f"{grid.C} cameras by {grid.T} times, {grid.W} x {grid.H}, {grid.fps:g} fps, {options.pass_name}"
    steps = ", ".join(
        f"every {_ordinal(step)} {what}"
        for what, step in (("camera", _step(cameras)), ("time", _step(times)))
        if step > 1
    )
    lines = [line for line in (grid.caption, facts + (f"; {steps}" if steps else "")) if line]
    return _draw(_Page(
        grid.id, lines, [str(c) for c in cameras], [str(t) for t in times], "camera", "time", thumbs,
        _thumb_size(grid.H, grid.W, options.thumb_px),
    ))  # fmt: skip


def dataset_sheet(dataset: Dataset, options: SheetOptions | None = None) -> Image.Image:
    """Overview of a dataset: a row of diagonal cells (camera and time advance together) for every k-th grid."""
    options = options or SheetOptions(columns=8, rows=40)
    options.check(tuple(sorted(dataset.passes)))
    chosen = _every(len(dataset), options.rows)
    thumbs: dict[tuple[int, int], Image.Image] = {}
    size = (options.thumb_px, options.thumb_px)
    labels = []
    for row, ordinal in enumerate(chosen):
        grid = dataset.grid(dataset.grids.ids[ordinal])
        size = _thumb_size(grid.H, grid.W, options.thumb_px)
        labels.append(f"{grid.id}\n{grid.C} x {grid.T} cells, {grid.W} x {grid.H}" + _status(grid))
        f = np.linspace(0, 1, options.columns)
        cameras, times = (np.rint(f * (n - 1)).astype(int) for n in (grid.C, grid.T))
        present = grid.index.shard[times, cameras, grid.passes.index(options.pass_name)] >= 0
        if present.any():
            images = grid.clip(cameras[present], times[present], (options.pass_name,)).image(options.pass_name)
            for column, picture in zip(np.flatnonzero(present), pass_colours(options.pass_name, images), strict=True):
                thumbs[row, int(column)] = _thumb(picture, options.thumb_px)
    counts = dataset.header["counts"]
    lines = [f"{counts['grids']} grids, {counts['cells']:,} cells, passes {', '.join(dataset.passes)}; diagonals"
             + (f" of every {_ordinal(_step(chosen))} grid" if _step(chosen) > 1 else "")]  # fmt: skip
    ticks = [f"{100 * i // max(options.columns - 1, 1)} %" for i in range(options.columns)]
    return _draw(_Page(dataset.name, lines, ticks, labels, "camera and time", "", thumbs, size))


def cell_picture(cell: Cell) -> Image.Image:
    """The cell's rgb image, or its first pass in colours if it has none."""
    name = "rgb" if "rgb" in cell.grid.passes else cell.grid.passes[0]
    return Image.fromarray(pass_colours(name, cell.image(name)))


def png_bytes(image: Image.Image) -> bytes:
    """The picture as PNG."""
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def write_sheet(image: Image.Image, path: Path) -> None:
    """Write the picture as a PNG file, atomically; `WorkError` if that fails."""
    write_atomic(Path(path), png_bytes(image))


@dataclass(frozen=True)
class _Page:
    title: str
    lines: list[str]
    column_labels: list[str]
    row_labels: list[str]
    across: str  # what the columns count
    down: str  # what the rows count, "" if they are named
    thumbs: dict[tuple[int, int], Image.Image]
    size: tuple[int, int]  # width, height of a thumbnail


def _draw(page: _Page) -> Image.Image:
    title, small = ImageFont.load_default(_TITLE), ImageFont.load_default(_SMALL)
    width, height = page.size
    line = _SMALL + 5
    label_width = max((_text_width(small, text) for text in page.row_labels), default=0) + 10
    label_width = max(label_width, _text_width(small, page.down) + 26) if page.down else label_width
    left = _MARGIN + label_width
    right = max(left + len(page.column_labels) * (width + _GAP), _MARGIN + _text_width(title, page.title), _LEAST)
    lines = [part for text in page.lines for part in wrapped(text, small, right - _MARGIN)]
    top = _MARGIN + _TITLE + 10 + line * len(lines) + 8 + line * 2
    full = (
        right + _MARGIN,
        top + len(page.row_labels) * (height + _GAP) + _MARGIN,
    )
    sheet = Image.new("RGB", full, _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, _MARGIN), page.title, _INK, title)
    for i, text in enumerate(lines):
        draw.text((_MARGIN, _MARGIN + _TITLE + 10 + i * line), text, _FAINT, small)
    draw.text((left, top - 2 * line), page.across, _FAINT, small)
    _arrow(draw, (left + _text_width(small, page.across) + 8, top - 2 * line + _SMALL // 2 + 2), (1, 0))
    if page.down:
        draw.text((left - 26, top - line), page.down, _FAINT, small, anchor="ra")
        _arrow(draw, (left - 16, top - line - 3), (0, 1))
    for column, text in enumerate(page.column_labels):
        draw.text((left + column * (width + _GAP) + width // 2, top - line), text, _INK, small, anchor="ma")
    for row, text in enumerate(page.row_labels):
        y = top + row * (height + _GAP)
        draw.multiline_text((left - 10, y + height // 2), text, _INK, small, anchor="rm", align="right")
        for column in range(len(page.column_labels)):
            x = left + column * (width + _GAP)
            thumb = page.thumbs.get((row, column))
            if thumb is not None:
                sheet.paste(thumb, (x, y))
            else:
                draw.rectangle((x, y, x + width - 1, y + height - 1), fill=_EMPTY)
                draw.text((x + width // 2, y + height // 2), "not rendered", _FAINT, small, anchor="mm")
    return sheet


def wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """The words of a text in lines of at most `width` pixels (a longer word stands alone)."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _arrow(draw: ImageDraw.ImageDraw, start: tuple[int, int], way: tuple[int, int]) -> None:
    """An arrow of 20 pixels, drawn, since not every font has one."""
    x, y = start
    dx, dy = way
    tip = (x + 20 * dx, y + 20 * dy)
    draw.line((x, y, *tip), _FAINT)
    for side in (-1, 1):
        draw.line((*tip, tip[0] - 5 * dx + 4 * side * dy, tip[1] - 5 * dy + 4 * side * dx), _FAINT)


def _text_width(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, text: str) -> int:
    return max(int(np.ceil(font.getlength(line))) for line in text.split("\n"))


def _thumb(picture: NDArray[np.uint8], longest: int) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(picture))
    return image.resize(_thumb_size(picture.shape[0], picture.shape[1], longest), Image.Resampling.LANCZOS)


def _thumb_size(height: int, width: int, longest: int) -> tuple[int, int]:
    scale = longest / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _every(count: int, most: int) -> list[int]:
    """Every k-th of 0..count−1, the smallest k that gives at most `most`."""
    return list(range(0, count, -(-count // most))) if count else []


def _step(indices: list[int]) -> int:
    return indices[1] - indices[0] if len(indices) > 1 else 1


def _ordinal(number: int) -> str:
    tail = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{tail}"


def _status(grid: Grid) -> str:
    return "" if grid.status == "complete" else f"\n{grid.status}"
