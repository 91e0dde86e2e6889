# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards by hand: names or a file, a preview of every line, and then what was shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import jsonify, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from issuer import steps
from issuer.access import acting, current_actor, needs
from issuer.admin import lines, working
from issuer.admin.award_forms import AwardForm, ColumnsForm, FileForm
from issuer.admin.parts import REFUSALS, REFUSED, Section, attempt, done, failed, part
from issuer.errors import AccountsAwayError, ConflictError, InvalidInputError
from issuer.models import BatchKind, BatchState
from issuer.services import (
    award_lists,
    awarding,
    batches,
    naming,
    revocations,
    searching,
    sheets,
    wishes,
)
from issuer.services.permissions import Right
from issuer.site import current_site, db_session
from issuer.telling import worded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from flask_wtf import FlaskForm
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import Batch
    from issuer.services.permissions import Actor
    from issuer.services.wishes import Wish

    Answer = Response | tuple[str, int] | str

blueprint = part("awarding", "award")
SECTIONS = (Section(_("Award"), "admin_awarding.show", Right.AWARD, _("People"), 200),)
SUGGESTED = 8
FOUND = 20


@blueprint.get("/")
@needs(Right.AWARD)
def show() -> Answer:
    """Show the form: for one person or many, or a file."""
    form = AwardForm(formdata=None)
    form.badge.data = request.args.get("badge", "")[:200]
    form.people.data = request.args.get("people", "")[:1000]
    return _form(form, FileForm(formdata=None))


@blueprint.post("/")
@needs(Right.AWARD)
def preview() -> Answer:
    """Show what would be awarded; with ``find`` look for people, and keep all that was typed."""
    form, files = AwardForm(), FileForm(formdata=None)
    form.offer(_found(form.find.data or "") if request.form.get("action") == "find" else ())
    if request.form.get("action") == "find":
        return _form(form, files, looked=True)
    if not form.validate_on_submit():
        return _form(form, files), REFUSED
    options = {"make_accounts": form.make_accounts.data, "again": form.again.data}
    uuid = _refusing(form, lambda: _keep(form.wanted(), options))
    return redirect(_page(uuid), 303) if uuid else (_form(form, files), REFUSED)


@blueprint.post("/file")
@needs(Right.AWARD)
def upload() -> Answer:
    """Take a file, and ask what its columns hold."""
    form = FileForm()

    def keep(session: Session, actor: Actor, now: datetime) -> UUID:
        sheet = sheets.read(form.file.data.stream.read(sheets.MAX_BYTES + 1))
        options = {
            "make_accounts": form.make_accounts.data,
            "again": form.again.data,
            "badge": (form.badge.data or "").replace("\0", "").strip(),
            "encoding": sheet.encoding,
        }
        kind = BatchKind.AWARD
        return batches.make(session, actor, kind, now=now, content=sheet.text, options=options).uuid

    uuid = attempt(form, keep)
    if uuid is None:
        return _form(AwardForm(formdata=None), form), REFUSED
    return redirect(_page(uuid), 303)


@blueprint.get("/<uuid:uuid>")
@needs(Right.AWARD)
def page(uuid: UUID) -> Answer:
    """Show a list: its columns, what would be awarded, or what was."""
    session, now = db_session(), datetime.now(UTC)
    actor = acting(session)
    batch = _find(session, uuid, actor)
    if batch.state == BatchState.FILE:
        sheet = sheets.parse(batch.content or "", batch.options["encoding"])
        return _columns(batch, ColumnsForm.of(sheet, batch), sheet)
    found = lines.shown(session, actor, batch, now)
    return render_template("admin/awarding/list.html", found=found, batch=batch)


@blueprint.post("/<uuid:uuid>/columns")
@needs(Right.AWARD)
def choose(uuid: UUID) -> Answer:
    """Read a file by what its columns hold, and show what would be awarded."""
    batch = _find(db_session(), uuid)
    if batch.state != BatchState.FILE:
        return redirect(_page(uuid), 303)
    sheet = sheets.parse(batch.content or "", batch.options["encoding"])
    form = ColumnsForm.of(sheet, batch)
    if form.validate_on_submit():
        wanted = form.wanted(sheet, batch.options["badge"])
        if _refusing(form, lambda: _read(uuid, wanted)):
            return redirect(_page(uuid), 303)
    return _columns(batch, form, sheet), REFUSED


@blueprint.post("/<uuid:uuid>/give")
@needs(Right.AWARD)
def give(uuid: UUID) -> Response:
    """Award what was shown, and tell what really happened."""
    domain = current_site().settings.email_domain

    def step(session: Session, actor: Actor, now: datetime) -> bool:
        batch = _find(session, uuid, actor, lock=True)
        return awarding.give(session, actor, batch, email_domain=domain, now=now)

    return _told(uuid, step)


@blueprint.post("/<uuid:uuid>/undo")
@needs(Right.AWARD)
def undo(uuid: UUID) -> Response:
    """Undo all of a list that was just awarded."""

    def step(session: Session, actor: Actor, now: datetime) -> bool:
        batch = _find(session, uuid, actor, lock=True)
        return revocations.undo(session, actor, batch, now=now)

    try:
        more = working.repeat(step)
    except (ConflictError, InvalidInputError) as error:
        return failed(worded(error), _page(uuid))
    if more:
        return failed(gettext("Not all are undone yet: go on."), _page(uuid))
    return done(gettext("All of it is undone."), _page(uuid))


@blueprint.post("/<uuid:uuid>/drop")
@needs(Right.AWARD)
def drop(uuid: UUID) -> Response:
    """Forget a list of which nothing was awarded."""
    try:
        with current_site().database.writing() as session:
            batches.drop(session, _find(session, uuid, acting(session), lock=True))
    except (ConflictError, InvalidInputError) as error:
        return failed(worded(error), _page(uuid))
    return done(gettext("The list is dropped; nothing was awarded."), url_for(".show"))


@blueprint.get("/people")
@needs(Right.AWARD)
def people() -> Response:
    """Name people that fit what was typed so far."""
    found = searching.people(db_session(), request.args.get("q", ""), SUGGESTED)
    return jsonify(items=[{"value": card.username, "text": card.name} for card in found])


@blueprint.get("/badges")
@needs(Right.AWARD)
def badges() -> Response:
    """Name badges of one's own that fit what was typed so far."""
    now, query = datetime.now(UTC), request.args.get("q", "").replace("\0", "")[:100]
    found = award_lists.suggested_badges(
        db_session(), current_actor(), Right.AWARD, query, now=now, limit=SUGGESTED
    )
    return jsonify(items=[{"value": slug, "text": name} for slug, name in found])


def _form(form: AwardForm, files: FileForm, *, looked: bool = False) -> str:
    directory = current_site().settings.accounts != "open"
    return render_template(
        "admin/awarding/form.html",
        form=form,
        files=files,
        looked=looked,
        directory=directory,
        most=sheets.MAX_ROWS,
        megabytes=sheets.MAX_BYTES >> 20,
    )


def _columns(batch: Batch, form: ColumnsForm, sheet: sheets.Sheet) -> str:
    return render_template(
        "admin/awarding/columns.html", batch=batch, form=form, sheet=sheet, first=sheet.rows[:6]
    )


def _found(query: str) -> list[tuple[str, str]]:
    found = searching.people(db_session(), query, FOUND)
    return [
        (card.username, f"{card.name} ({card.username})" if card.display_name else card.username)
        for card in found
    ]


def _keep(wanted: Sequence[Wish], options: dict[str, bool]) -> UUID:
    """Keep a new list with all its lines judged."""
    names = _ask(wanted)
    with current_site().database.writing() as session:
        actor, now = acting(session), datetime.now(UTC)
        found = wishes.read(session, wanted, names, make_accounts=options["make_accounts"], now=now)
        awarding.judge(session, actor, found, again=options["again"], now=now)
        kind = BatchKind.AWARD
        return batches.make(session, actor, kind, found, now=now, options=options).uuid


def _read(uuid: UUID, wanted: Sequence[Wish]) -> UUID:
    """Give the list of a file its lines, judged."""
    names = _ask(wanted)
    with current_site().database.writing() as session:
        actor, now = acting(session), datetime.now(UTC)
        batch = _find(session, uuid, actor, lock=True)
        if batch.state != BatchState.FILE:
            raise ConflictError("file: was read before: go to its list")
        options = batch.options
        found = wishes.read(session, wanted, names, make_accounts=options["make_accounts"], now=now)
        awarding.judge(session, actor, found, again=options["again"], now=now)
        batches.put_lines(session, batch, found)
        batch.state, batch.content = BatchState.SHOWN, None
        return uuid


def _ask(wanted: Sequence[Wish]) -> naming.Names:
    """Ask who the people are while no transaction of ours holds anything."""
    with current_site().database.reading() as session:
        return naming.ask(session, steps.accounts(), [wish.name for wish in wanted if wish.name])


def _refusing(form: FlaskForm, work: Callable[[], UUID]) -> UUID | None:
    try:
        return work()
    except (*REFUSALS, AccountsAwayError) as error:
        form.form_errors.append(worded(error))
        return None


def _told(uuid: UUID, step: working.Step) -> Response:
    """Do the steps, and say what the lines say afterwards."""
    try:
        more = working.repeat(step)
    except (ConflictError, InvalidInputError) as error:
        return failed(worded(error), _page(uuid))
    with current_site().database.reading() as session:
        numbers = batches.numbers(session, _find(session, uuid))
    number, refused = numbers["done"], numbers["refused"]
    words = ngettext("%(n)s badge was awarded.", "%(n)s badges were awarded.", number, n=number)
    if more:
        ready = numbers["ready"]
        words += " " + ngettext(
            "%(n)s line is not done yet: go on.",
            "%(n)s lines are not done yet: go on.",
            ready,
            n=ready,
        )
        return failed(words, _page(uuid))
    if refused:
        words += " " + ngettext(
            "%(n)s line was not awarded: see why.",
            "%(n)s lines were not awarded: see why.",
            refused,
            n=refused,
        )
    return done(words, _page(uuid)) if number else failed(words, _page(uuid))


def _find(session: Session, uuid: UUID, actor: Actor | None = None, *, lock: bool = False) -> Batch:
    actor = actor or acting(session)
    return batches.find(session, actor, uuid, BatchKind.AWARD, lock=lock)


def _page(uuid: UUID) -> str:
    return url_for(".page", uuid=uuid)
