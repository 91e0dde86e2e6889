"""Open Badges as a library: documents, signing, baking and verifying, without any I/O of its own."""
