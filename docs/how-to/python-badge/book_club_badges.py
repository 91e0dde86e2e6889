# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two badges for a book club."""


class Bookworm:
    """For those who read a lot; the program tells how many books somebody has read."""

    slug = "bookworm"
    levels = (
        ("Bookworm", "Read ten books."),
        ("Shelf Eater", "Read a hundred books."),
    )
    events = ("book.read",)
    image = "bookworm.svg"
    tags = ("books",)

    def award(self, state):
        """Return the level that somebody has reached, or None."""
        if state["books"] >= 100:
            return 2
        if state["books"] >= 10:
            return 1
        return None


class Reviewer:
    """For each review of a thousand words; words are counted later, by a worker."""

    slug = "reviewer"
    levels = (("Reviewer", "Wrote a review of a thousand words."),)
    events = ("review.published",)
    multiple = True
    background = True

    def freeze(self, state):
        """Return what the decision needs: the text as it was when it was published."""
        return {"text": state["text"]}

    def award(self, state):
        """Return the level where the text is long enough."""
        return 1 if len(state["text"].split()) >= 1000 else None
