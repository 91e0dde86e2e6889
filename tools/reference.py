# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes the reference pages that the code itself can tell: the commands and the settings.

``python -m tools.reference`` writes them, ``--check`` tells whether they are current.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from consumer.main import ALL_COMMANDS, create_app
from issuer.cli import make_group
from issuer.config import LISTS, PREFIX, SECRETS, Settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
PROGRAM = "accolades"
SOURCE = "<!-- Made by python -m tools.reference: change the code or the generator, not this. -->"

COMMANDS_INTRODUCTION = """\
# Command line

`accolades` works on the site that the [configuration](configuration.md) names. `-h` and `--help`
explain every command; `accolades --version` tells the version; `accolades --debug COMMAND` logs
what happens, with tracebacks.

An error is one line on standard error that says what is wrong, with what, and what to do. With
`--json` standard output holds JSON and nothing else. Progress bars appear on a terminal only.

## Exit codes

| code | meaning |
|---|---|
| 0 | done, or valid |
| 1 | a negative answer: see the command; or whoever read the output left |
| 2 | wrong use, or it could not run: configuration, database or a file is not as it must be |
| 130 | interrupted with Ctrl+C |
"""

#: What 1 means, and other codes; a command that is not here ends with 0, 2 or 130.
EXIT_CODES = {
    "consume": "1: database or accounts were away for ten minutes, and the message in hand went "
    "back to the queue, or a process did not end in time; 10 to 15: the bus could not be used, by "
    "the numbers of `fedora-messaging consume`",
    "db check": "1: the tables differ; every difference is a line",
    "jobs list": "1: a job of an installed package cannot be taken; the others are shown",
    "jobs run": "1: something was wrong with a person or a badge, the others were looked at; 2 "
    "also: another process runs the job, or it was interrupted and the next run goes on",
    "outbox mail": "1: the mail server took no letters; they stay",
    "outbox retry": "1: a message is not refused or delayed; the others are tried again",
    "outbox send": "1: a message was refused or delayed; the others were sent",
    "quarantine replay": "1: a message still cannot be handled; the others were",
    "replay": "1: a message could not be read; the others were processed",
    "rules check": "1: a file has an error, or with `--strict` a warning",
    "rules explain": "1: nobody would get the badge",
    "rules migrate": "1: a rule was left alone, because it is wrong or the current dialect cannot "
    "express it; with `--check` also: a file is to be rewritten",
    "rules sync": "1: a rule was refused, the others were loaded; or you did not go on",
    "verify": "1: the badge is not valid, or that could not be told",
}

ARGUMENTS = {
    "award badge": "Slug of the badge, or its id of the old systems.",
    "grant badge": "Slug of the badge, or its id of the old systems.",
    "grant user": "Name of an account that is known here; none with `--group`.",
    "award users": "User names, one or more.",
    "bake assertion": "Signed badge or JSON text, or a file with one of them; `-` for standard "
    "input.",
    "bake image": "PNG or SVG file.",
    "badges create name": "How the badge is called; it has to be new.",
    "badges retire name": "Slug of the badge, or its id of the old systems.",
    "badges show name": "Slug of the badge, or its id of the old systems.",
    "keys retire kid": "Id of the key, as `accolades keys list` shows it.",
    "keys revoke kid": "Id of the key, as `accolades keys list` shows it.",
    "badges unretire name": "Slug of the badge, or its id of the old systems.",
    "jobs run name": "Name of the job, as `accolades jobs list` shows it.",
    "jobs runs name": "Name of a job; without it, runs of all of them.",
    "export user": "Name of an account that is known here.",
    "invite badge": "Slug of the badge, or its id of the old systems.",
    "outbox retry ids": "Ids of messages, as `accolades outbox list` shows them.",
    "quarantine drop numbers": "Numbers of messages, as `accolades quarantine list` shows them.",
    "quarantine replay numbers": "Numbers of messages, as `accolades quarantine list` shows them.",
    "quarantine show number": "Number of the message, as `accolades quarantine list` shows it.",
    "replay file": "Messages, one JSON object a line; `-` for standard input.",
    "revoke award_name": "Address or id of the assertion, or id of the award.",
    "rules check paths": "Rule files, and folders of `*.yml` and `*.yaml`.",
    "backfill rule": "Slug of a rule of the site.",
    "rules dry-run rule": "Rule file, or the slug of a rule of the site.",
    "rules explain message": "File with one JSON message as `accolades replay` reads it, `-` for "
    "standard input, or the id of a message of the archive.",
    "rules explain rule": "Rule file, or the slug of a rule of the site.",
    "rules migrate paths": "Rule files, and folders of `*.yml` and `*.yaml`.",
    "rules sync collections": "Folders, files or git repositories: an http or https address, or "
    "the path of a bare repository, with a branch after `#`; without any, the bundled collection "
    "and the folders of the setting `rules`.",
    "unbake image": "PNG or SVG file.",
    "verify source": "Address, signed text, JSON text, or a file; `-` for standard input.",
}

SETTINGS_INTRODUCTION = f"""\
# Configuration

Settings come from a TOML file and from the environment; the environment wins. The file is the one
that `ACCOLADES_CONFIG` names, else `accolades.toml` in the home folder (`ACCOLADES_HOME`, usually
`var` in the working directory), if it is there. Its keys are the names below, all at the top level.
Every setting is also read from the environment, as `{PREFIX}` and its name in capitals; an empty
variable counts as absent, and lists are separated by commas there. A table is written
`name=value,name=value`, and an empty one `-`.

A secret can be given as the path of a file that holds it:
{", ".join(f"`{name}_file`" for name in SECRETS)}.

Unknown names and bad values stop the start, with all mistakes at once:

```
$ ACCOLADES_BASE_URL=example.org ACCOLADES_COLOUR=red accolades badges list
accolades: configuration: ACCOLADES_COLOUR: no such setting: remove it or correct its name
accolades: configuration: base_url: must be like https://badges.example.org, got 'example.org'
```

The bus is configured by the file that `FEDORA_MESSAGING_CONF` names, see
[how to run it in production](../how-to/run-in-production.md).
"""

#: What each setting means, by the heading under which it is shown.
MEANINGS = {
    "The site": {
        "home": "Folder of what is not in the database: `keys/`, `objects/` (pictures), and by "
        "default the SQLite database",
        "database_url": "SQLAlchemy address of the database, such as "
        "`postgresql://user:password@host/name`; empty: SQLite, `accolades.sqlite` in `home`",
        "base_url": "Public origin of the site. It becomes part of every badge when the issuer is "
        "made, and never changes for it",
        "secret_key": "Signs session cookies, the same in every web process; empty: made once and "
        "kept as `secret-key` in `home`",
        "backpack_keys": "What seals the tokens of people for their backpacks: texts of your own "
        "choice, separated by commas; the first seals, all of them open. Empty: `secret_key` does; "
        "see [Connect a backpack](../how-to/connect-a-backpack.md)",
        "site_name": "Name of the site on its pages",
        "site_claim": "One sentence below the name",
        "allow_loopback": "Whether verifying may fetch from this machine too, and backpacks may "
        "be on it, by http and at any port",
        "allow_http": "Whether verifying may fetch from other sites by http too, for badges that "
        "are older than https everywhere; whoever is on the way can change what is read",
        "cache_url": "Redis in which all workers count requests, for limits; empty: each counts "
        "by itself",
        "broker_url": "Address of the workers' broker, `amqp://user:password@host/vhost` or "
        "`amqps://` (with `?cafile=…&certfile=…&keyfile=…`): badges for backpacks, large ZIPs, "
        "backfills and decisions that may wait are left to `accolades worker`; needs the extra "
        "`worker`. Empty: each process does by itself what it left",
        "trusted_proxies": "How many proxies before us report the address of callers; 0: none is "
        "believed",
        "demo": "The site is a demo; `accolades demo` refuses a home folder whose site is none",
    },
    "The issuer": {
        "issuer_slug": "Last part of the issuer's address: small letters, digits, single hyphens",
        "issuer_name": "Name of the issuer. This and the next three are frozen into its Profile "
        "when it is made",
        "issuer_url": "Home page of the issuer; empty: `base_url`",
        "issuer_email": "Address at which the issuer can be reached; it is public",
        "issuer_description": "One sentence about the issuer",
        "email_domain": "Domain of the accounts: a badge is made out to USERNAME@ this domain, "
        "and rules that convert e-mail addresses know those of this domain",
    },
    "Signing keys": {
        "key_stores": "Where private keys lie: `folder` (`keys/` in the home folder), "
        "`environment` (`ACCOLADES_KEY_<YEAR>_<DIGITS>`, or the path of a file in the same name "
        "with `_FILE`), `pkcs11` (a token; needs the extra `pkcs11`). New ones are made in the "
        "first, all are looked into: see [keys](../explanation/keys.md)",
        "key_passphrase": "Encrypts private keys in the folder, and opens encrypted ones of the "
        "environment; without it no key is made in the folder of a site whose `base_url` is https",
        "key_passphrase_former": "Opens keys that were encrypted with the passphrase of before, "
        "until `accolades keys reseal` has run",
        "pkcs11_module": "Path of the module (a shared library) that came with the token",
        "pkcs11_token": "Label of the token",
        "pkcs11_pin": "PIN of its user",
    },
    "Accounts": {
        "accounts": "Who has an account: `open`, everybody who is named and could have one, or "
        "`fasjson`, those whom FASJSON knows; it also says whose a nick, an e-mail address or a "
        "GitHub user is",
        "fasjson_url": "Address of FASJSON, without `v1/`; needed where `accounts` is `fasjson`",
        "fasjson_auth": "What FASJSON is shown: `kerberos`, the ticket of the process (needs the "
        "extra `fasjson`), or `none`",
        "accounts_cache_seconds": "How long an account that FASJSON told is remembered; while it "
        "is away, up to a day",
        "accounts_missing_seconds": "How long it is remembered that nobody has a name",
        "openid_host": "Host of the OpenIDs of accounts: `http://USERNAME.` and this host",
        "distgit_host": "Host of package sources: rules that convert such addresses know "
        "`/user/USERNAME` there",
    },
    "Rules and messages": {
        "rules": "Folders of rules that `accolades rules sync` loads beside the bundled collection",
        "bundled_rules": "Whether the bundled collection is loaded too",
        "skip_users": "Service accounts: they never get a badge",
        "require_schemas": "Whether a message is put aside whose schema class is not installed, "
        "to be replayed when it is; otherwise its body alone is looked at",
        "send_outbox": "Whether consumers send the announcements in the outbox to the bus; if not, "
        "`accolades outbox send --follow` has to run",
        "outbox_keep_days": "How many days an announcement stays in the outbox after it was sent; "
        "0: for ever",
        "message_url": "Address where people read a message of the bus, with `{id}`; it becomes "
        "the evidence of an award. Empty: no evidence",
    },
    "History": {
        "history": "Who knows what was on the bus before this site listened: `datanommer` (its "
        "database), `datagrepper` (its pages), or `archive`: nobody but our own archive. It gives "
        "the first value of counters, and `accolades backfill` looks at it too",
        "history_url": "Where that history is: `postgresql://reader@host/messages` (only read) or "
        "`https://apps.example.org/datagrepper`",
        "history_until": "The moment that divides, such as `2026-11-01T00:00:00Z`: messages sent "
        "before it are counted there, later ones here. Give the time when the queue was bound, if "
        "that was not when the site first started with this history, which is the default",
    },
    "Login": {
        "oidc_issuer": "Address of the OpenID Connect provider; empty: nobody can log in",
        "oidc_client_id": "The site's id at the provider; its redirect address there is "
        "`base_url`/login/callback",
        "oidc_client_secret": "The site's secret at the provider; empty: a public client",
        "oidc_scopes": "What is asked of the provider; must contain `openid`",
        "admin_groups": "Groups of the provider whose members may do everything",
        "manager_groups": "Groups whose members manage badges: `group` those of all issuers, "
        "`issuer:group` those of one",
        "reviewer_groups": "Groups whose members answer claims",
        "rights_minutes": "How long the groups of a login are believed: afterwards pages that need "
        "a right ask the provider again",
        "idle_minutes": "A login that nobody uses for so long ends; one with groups that count "
        "here ends after `rights_minutes` where that is less. Each ends after eight hours",
    },
    "People": {
        "mail_host": "Mail server through which letters go, such as the link that proves an "
        "address; empty: none is sent, and links stand in the log (in a demo, on the page)",
        "mail_port": "Its port: usually 587 with `starttls`, 465 with `tls`, 25 with `none`",
        "mail_security": "`starttls`, `tls` from the start, or `none` for a server on this machine",
        "mail_user": "Name for its login; empty: no login",
        "mail_password": "Password for its login",
        "mail_from": "Address from which letters come; empty: `issuer_email`",
        "avatar_url": "Service of pictures by the SHA-256 of an e-mail address, as Libravatar; we "
        "ask it for people who want that, and browsers never do. Empty: nobody has a picture",
        "font_folder": "Folder of fonts (`.ttf`, `.otf`) for certificates, beside those that are "
        "shipped, for scripts that these lack; without one they are written in Latin letters",
        "erasure": "What becomes of the badges of somebody who is erased: `anonymise` lets them go "
        "on verifying, `revoke` revokes them",
    },
    "Jobs": {
        "lifecycle_badges": "Job `lifecycle`: the badge of each age of an account in years",
        "lifecycle_group": "Job `lifecycle`: the group whose members it looks at; empty: all "
        "accounts of the directory",
        "group_badges": "Job `group-membership`: the badge of each group, for its members, or "
        "with `:sponsors` behind its name for its sponsors",
        "mirror_url": "Job `mirror`: address of the list of administrators, JSON with `admins`",
        "mirror_badge": "Job `mirror`: its badge",
        "avatar_badge": "Job `libravatar`: its badge; the service is that of `avatar_url`",
        "avatar_seconds": "Job `libravatar`: seconds between two questions",
        "avatar_everybody": "Job `libravatar`: whether it also asks about the account addresses of "
        "people who did not choose to show a picture here",
        "author_repositories": "Job `repository-authors`: git repositories, as `rules sync` takes "
        "them",
        "author_badge": "Job `repository-authors`: its badge",
        "grant_lists": "Job `old-school`: for each badge a file with one user name a line",
        "anniversary_badges": "Job `anniversary`: the badge of each number of years since "
        "somebody's first badge",
        "streak_badges": "Job `streak`: the badge of each number of months in a row",
        "series_badge": "Job `series-completion`: its badge; a repeatable one is awarded for each "
        "series",
        "invitation_keep_days": "Job `invitation-clean-up`: how many days an invitation stays "
        "after its end",
        "key_max_days": "Job `key-age`: after how many days of use it warns of a signing key",
        "archive_keep_days": "Job `archive-retention`: how many days messages stay in the archive "
        "at least; 0: for ever",
    },
}


class IncompleteError(Exception):
    """Something has no explanation here, or an explanation explains nothing any more."""


def command_group() -> click.Group:
    """Return the group of all commands, as the console script makes it."""
    return make_group(create_app, ALL_COMMANDS)


def pages() -> dict[Path, str]:
    """Return the text of every page; raise `IncompleteError` where an explanation is missing."""
    return {
        FOLDER / "command-line.md": commands_page(command_group()),
        FOLDER / "configuration.md": settings_page(MEANINGS),
    }


def commands_page(group: click.Group) -> str:
    """Return the page of all commands."""
    found = dict(_leaves(group, click.Context(group, info_name=PROGRAM)))
    arguments = {
        f"{name} {parameter.name}"
        for name, context in found.items()
        for parameter in context.command.params
        if isinstance(parameter, click.Argument)
    }
    _ensure_same("argument", arguments, ARGUMENTS)
    superfluous = EXIT_CODES.keys() - found.keys()
    if superfluous:
        raise IncompleteError(f"exit codes of commands that are none: {_names(superfluous)}")
    parts = [SOURCE, COMMANDS_INTRODUCTION.rstrip()]
    parts += [_command(name, found[name]) for name in sorted(found)]
    return "\n\n".join(parts) + "\n"


def settings_page(meanings: dict[str, dict[str, str]]) -> str:
    """Return the page of all settings."""
    explained = {name for section in meanings.values() for name in section}
    _ensure_same("setting", set(Settings.model_fields), explained)
    parts = [SOURCE, SETTINGS_INTRODUCTION.rstrip()]
    for heading, section in meanings.items():
        rows = [
            f"| `{name}` | {_variables(name)} | {_default(name)} | {_cell(meaning)} |"
            for name, meaning in section.items()
        ]
        head = "| name | environment | default | meaning |\n|---|---|---|---|"
        parts.append(f"## {heading}\n\n{head}\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _leaves(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Context]]:
    for name in group.list_commands(context):
        command = cast("click.Command", group.get_command(context, name))
        inner = click.Context(command, info_name=name, parent=context, terminal_width=200)
        if isinstance(command, click.Group):
            yield from _leaves(command, inner)
        else:
            yield inner.command_path.removeprefix(PROGRAM).strip(), inner


def _command(name: str, context: click.Context) -> str:
    command = context.command
    usage = command.get_usage(context).removeprefix("Usage: ")
    text = " ".join(inspect.cleandoc(command.help or "").replace("\n\n", "\0").split("\n"))
    parts = [f"## {PROGRAM} {name}", f"```\n{usage}\n```", text.replace("\0", "\n\n")]
    if rows := [row for parameter in command.params for row in _row(name, parameter, context)]:
        parts.append("| argument or option | meaning |\n|---|---|\n" + "\n".join(rows))
    if name in EXIT_CODES:
        parts.append(f"Exit codes: {EXIT_CODES[name]}.")
    return "\n\n".join(parts)


def _row(name: str, parameter: click.Parameter, context: click.Context) -> Iterator[str]:
    if isinstance(parameter, click.Argument):
        shown = parameter.make_metavar(context)
        yield f"| `{shown}` | {_cell(ARGUMENTS[f'{name} {parameter.name}'])} |"
    elif record := parameter.get_help_record(context):
        yield f"| `{_cell(record[0])}` | {_cell(record[1])} |"


def _variables(name: str) -> str:
    variable = f"`{PREFIX}{name.upper()}`"
    return f"{variable}, `{PREFIX}{name.upper()}_FILE`" if name in SECRETS else variable


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    if field.is_required():
        return "must be given"
    value = field.default
    if value in ("", (), {}):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return f"`{', '.join(f'{key}={badge}' for key, badge in value.items())}`"
    return f"`{', '.join(value)}`" if name in LISTS else f"`{value}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _ensure_same(what: str, there: Collection[str], explained: Collection[str]) -> None:
    if missing := set(there) - set(explained):
        raise IncompleteError(f"no meaning for {what} {_names(missing)}: add it to the table")
    if more := set(explained) - set(there):
        raise IncompleteError(f"a meaning for {what} {_names(more)}, which is not there: remove it")


def _names(names: Collection[str]) -> str:
    return ", ".join(sorted(names))


def differences(wanted: dict[Path, str]) -> list[str]:
    """Return what distinguishes the files from the pages, a line each."""
    return [
        f"{path}: is not current: run python -m tools.reference"
        for path, text in wanted.items()
        if not path.is_file() or path.read_text("utf-8") != text
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if not current")
    options = parser.parse_args(arguments)
    try:
        wanted = pages()
    except IncompleteError as error:
        print(f"tools.reference: {error}", file=sys.stderr)
        return 1
    if options.check:
        found = differences(wanted)
        for line in found:
            print(line, file=sys.stderr)
        return 1 if found else 0
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
