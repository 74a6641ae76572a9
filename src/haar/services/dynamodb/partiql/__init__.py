"""PartiQL: statements in a language like SQL, for single items, queries and scans."""

from __future__ import annotations
