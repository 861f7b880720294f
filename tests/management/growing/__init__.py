"""An app with a migration that is yet to be applied, and changes a table that requests read."""
