"""The rules of STYLE.md as checks; one module a kind of rule, entry point ../tidy."""
