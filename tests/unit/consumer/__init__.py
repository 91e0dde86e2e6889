"""The console script chooses the event loop; in one process nothing may choose before it."""

import fedora_messaging.cli  # noqa: F401 -- importing it installs the event loop
