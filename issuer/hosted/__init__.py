# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public Open Badges documents and pictures, at addresses that never change."""

from issuer.hosted.responses import HTML_VIEWS
from issuer.hosted.views import blueprint

__all__ = ["HTML_VIEWS", "blueprint"]
