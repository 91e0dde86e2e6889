# SPDX-License-Identifier: AGPL-3.0-or-later
"""The leaderboard and the reports of days, weeks, months and years."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, cast

from flask import Blueprint, current_app, redirect, render_template, request, url_for

from issuer.charts import bars
from issuer.errors import InvalidInputError, NotFoundError
from issuer.limits import limiter
from issuer.models import Period
from issuer.services import leaderboards, reports, spans
from issuer.services.leaderboards import MEASURES, Wanted
from issuer.services.spans import FIRST_YEAR, LAST_YEAR
from issuer.services.sums import Memory
from issuer.site import db_session, live
from issuer.telling import worded
from issuer.web.spans import part_title, span_title

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from issuer.charts import Chart
    from issuer.services.leaderboards import Board
    from issuer.services.reports import Numbers
    from issuer.services.spans import Span

blueprint = Blueprint("boards", __name__)


@blueprint.before_request
def _shown() -> None:
    if not live().leaderboard:
        raise NotFoundError("%(path)s: ranks are not shown on this site", path=request.path)


EXTENSION = "accolades_memory"
PERIODS = (Period.ALL, Period.YEAR, Period.MONTH, Period.WEEK)
PAGE_LENGTH = 50
REPORT_LENGTH = 25
#: Adding up a span that nobody asked for lately reads many rows.
COSTLY = "20 per minute"


def init_app(app: Flask) -> None:
    """Let the application remember what was added up."""
    app.extensions[EXTENSION] = Memory()
    app.add_template_filter(span_title)
    app.add_template_filter(part_title)


@blueprint.get("/leaderboard")
def leaderboard() -> str:
    """Show who has most badges or points, and where somebody stands."""
    wanted = _wanted()
    session = db_session()
    trouble = ""
    try:
        board = read(wanted)
    except NotFoundError as error:
        if not wanted.find:
            raise
        trouble = worded(error)
        board = read(Wanted(span=wanted.span, measure=wanted.measure, team=wanted.team))
    return render_template(
        "boards/leaderboard.html",
        board=board,
        wanted=wanted,
        arguments=_arguments(wanted),
        periods=PERIODS,
        measures=MEASURES,
        teams=leaderboards.teams(session),
        trouble=trouble,
    )


@blueprint.get("/report")
def report() -> str:
    """Show this week."""
    return _report(spans.current(Period.WEEK, _today()))


@blueprint.get("/report/this/<any(day, week, month, year):period>")
def report_this(period: str) -> Response:
    """Lead to the report of the present day, week, month or year."""
    return redirect(report_path(spans.current(Period(period), _today())))


@blueprint.get("/report/<int:year>")
@blueprint.get("/report/<int:year>/<int:month>")
@blueprint.get("/report/<int:year>/<int:month>/<int:day>")
def report_of(year: int, month: int = 0, day: int = 0) -> str:
    """Show a year, a month or a day."""
    _check_year(year)
    try:
        first = date(year, month or 1, day or 1)
    except (ValueError, OverflowError) as error:
        raise NotFoundError("report %(path)s: there is no such day", path=request.path) from error
    period = Period.DAY if day else Period.MONTH if month else Period.YEAR
    return _report(spans.current(period, first))


@blueprint.get("/report/<int:year>/week/<int:week>")
def report_week(year: int, week: int) -> str:
    """Show a week, as ISO 8601 counts them."""
    _check_year(year)
    try:
        first = date.fromisocalendar(year, week, 1)
    except (ValueError, OverflowError) as error:
        raise NotFoundError("report %(path)s: there is no such week", path=request.path) from error
    return _report(spans.current(Period.WEEK, first))


def report_path(span: Span) -> str:
    """Return the address of the report of a period."""
    first = span.first
    if span.period is Period.WEEK:
        year, week, _ = first.isocalendar()
        return url_for("boards.report_week", year=year, week=week)
    month = None if span.period is Period.YEAR else first.month
    day = first.day if span.period is Period.DAY else None
    return url_for("boards.report_of", year=first.year, month=month, day=day)


def read(wanted: Wanted) -> Board:
    """Return a part of a leaderboard; who asks for many unusual ones has to wait."""
    _shown()
    memory = cast("Memory", current_app.extensions[EXTENSION])
    if wanted.is_kept or memory.knows(wanted.key):
        return leaderboards.board(db_session(), wanted, memory)
    with limiter.limit(COSTLY):
        return leaderboards.board(db_session(), wanted, memory)


def _report(span: Span) -> str:
    session, today = db_session(), _today()
    if span.first > today:
        raise NotFoundError("report %(path)s: has not begun", path=request.path)
    wanted = Wanted(span=span, limit=REPORT_LENGTH)
    numbers = reports.numbers(session, span)
    often, newest = reports.badges(session, span)
    before, after = spans.neighbours(span)
    return render_template(
        "boards/report.html",
        span=span,
        board=read(wanted),
        numbers=numbers,
        often=often,
        newest=newest,
        chart=_chart(numbers),
        before=before if before.first.year >= FIRST_YEAR else None,
        after=after if after.first <= today else None,
        others=[spans.current(period, min(span.last, today)) for period in PERIODS[1:]],
        path=report_path,
        arguments=_arguments(wanted),
    )


def _chart(numbers: Numbers) -> Chart | None:
    """Return a bar for each part of a period, where there is something to be seen."""
    if not numbers.badges or not numbers.parts:
        return None
    return bars([(part.span.first, part.badges) for part in numbers.parts])


def _wanted() -> Wanted:
    given = {name: request.args.get(name, "").strip() for name in _NAMES}
    measure = given["by"] or "badges"
    if measure not in MEASURES:
        raise InvalidInputError("by %(text)r: is badges or points", text=measure[:20])
    return Wanted(
        span=_span(given["period"], given["from"], given["to"]),
        measure=measure,
        team=given["team"],
        after=given["after"],
        before=given["before"],
        find=given["find"],
        limit=PAGE_LENGTH,
    )


_NAMES = ("period", "from", "to", "by", "team", "after", "before", "find")


def _span(period: str, first: str, last: str) -> Span:
    today = _today()
    if first or last:
        begin = spans.read_day(first) if first else date(FIRST_YEAR, 1, 1)
        return spans.between(begin, spans.read_day(last) if last else today)
    if period not in {"", *Period}:
        raise InvalidInputError(
            "period %(text)r: is all, year, month, week or day", text=period[:20]
        )
    return spans.current(Period(period or "all"), today)


def _arguments(wanted: Wanted) -> dict[str, str]:
    """Return what names the leaderboard, without the place in it."""
    span, values = wanted.span, {}
    if not span.is_all:
        if span.period and span == spans.current(span.period, _today()):
            values["period"] = span.period.value
        else:
            values.update({"from": span.first.isoformat(), "to": span.last.isoformat()})
    if wanted.measure != "badges":
        values["by"] = wanted.measure
    if wanted.team:
        values["team"] = wanted.team
    return values


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotFoundError("report %(path)s: there is no such year", path=request.path)


def _today() -> date:
    return datetime.now(UTC).date()
