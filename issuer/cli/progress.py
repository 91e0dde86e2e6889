# SPDX-License-Identifier: AGPL-3.0-or-later
"""A progress bar on a terminal, and silence anywhere else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _Rate(ProgressColumn):
    """How many steps are done a second, as of late."""

    def render(self, task: Task) -> Text:
        """Return the rate, nothing before it is known."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="progress.data.speed")


@contextmanager
def bar(title: str, total: int | None) -> Iterator[Callable[[], None]]:
    """Show how far a long work is; the block calls what it is given once a step."""
    with growing_bar(title, total) as (advance, _):
        yield advance


@contextmanager
def growing_bar(
    title: str, total: int | None = None
) -> Iterator[tuple[Callable[[], None], Callable[[int], None]]]:
    """Show the same for a work that tells later how long it is, by the other function."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=total)
        yield lambda: progress.advance(task), lambda number: progress.update(task, total=number)
