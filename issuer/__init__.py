"""The issuer: data, services, public documents, pages and command line."""
