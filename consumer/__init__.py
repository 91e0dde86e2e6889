"""The bus side: messages in, awards out."""
