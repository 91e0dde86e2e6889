# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invented packages, titles and sentences."""

PACKAGES = (
    "teapot", "lanternfish", "quillpad", "libmarzipan", "python-otterbox", "rust-pebble",
    "golang-sundial", "gnome-windowbox", "kde-hammock", "tarpan", "wobble-utils", "perl-Text-Crumb",
    "ocarina", "libfjord", "moonphase", "snailmail", "birch", "cobblestone", "driftwood",
    "paperlamp",
)  # fmt: skip
VERSIONS = ("0.9.1", "1.0.0", "1.2.3", "2.4", "3.0.1", "4.11", "5.6.2", "7.0")
RELEASES = ("F38", "F39", "F40", "F41", "F42")

PRAISE = (
    "Upgraded on a laptop and a very old desktop, both still smiling.",
    "The reproducer of the bug no longer reproduces. Thank you!",
    "Installed, opened every menu, printed a page. Fine.",
    "Ran the test suite of a project that depends on it: green.",
    "Dark theme, light theme, high contrast: all readable now.",
    "Two days of ordinary work with it and nothing to report.",
    "Starts about as fast as before, stops a lot more politely.",
    "Checked with a right-to-left language, arrows point the right way.",
)
COMPLAINTS = (
    "Crashes as soon as the second window opens, see the trace in the bug.",
    "Pulls in half of the desktop as a dependency. Please hold this one back.",
    "Settings of the previous version are gone after the upgrade.",
)
REMARKS = (
    "This update has been pushed to testing.",
    "Does this also need a rebuild of the plug-ins?",
)
COMMITS = (
    "Update to the latest release",
    "Drop the patch that went upstream",
    "Run the tests during the build",
    "Build the manual pages again",
    "Split the icons into a package of their own",
    "Fix the license tag",
)
PAGES = (
    "How to brew a live image", "Test day checklist", "Frequently lost cables", "Local groups",
    "Release party kit", "Glossary of odd words", "Keyboard layouts", "Mentors",
    "Old hardware shelf",
)  # fmt: skip
EDITS = (
    "the second link led nowhere",
    "one step was missing",
    "spelling",
    "a picture says it better",
    "no longer true since the last release",
)
POSTS = (
    "What I learned from forty failed boots",
    "A week without a mouse",
    "Packaging a teapot, part two",
    "Notes from a very small release party",
    "Why my wiki page has a map now",
    "Translating the untranslatable",
    "The quiet joy of a green test run",
)
THREADS = (
    "Printer wakes up at night",
    "Show us your desk",
    "Which laptop for a cold workshop?",
    "External screen only after the second try",
    "Introduce yourself",
    "Fonts look thin since the upgrade",
)
ISSUES = (
    "Search forgets the last letter",
    "Calendar export is one hour early",
    "Typo on the welcome page",
    "Button cannot be reached by keyboard",
    "Long usernames overlap the avatar",
)
PROJECTS = ("welcome-page", "badge-tools", "mirror-map", "release-clock")
DOCS = ("quick-docs", "install-guide", "contributor-guide")
PATCHES = (
    "Give the button a name",
    "Sort before comparing",
    "Handle an empty list",
    "Say what went wrong",
    "Remove a loop that never ran twice",
)
BUGS = (
    "opens behind its own window",
    "forgets the volume after suspend",
    "cannot read a file with a comma in its name",
    "shows yesterday's date",
)
WALLPAPERS = ("Salt flats at dusk", "Paper boats", "Lichen")
PLAYBOOKS = ("groups/wiki.yml", "groups/badges.yml", "groups/mirrors.yml", "rollback.yml")
EVENTS = ("contributor-days-2024", "release-party-2025")
