"""Haar's own API under `/_haar/`: health, clock, reset, explain, save and load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.wire.http import HttpReply, HttpRequest

if TYPE_CHECKING:
    from haar.cloud import Cloud

PREFIX = "/_haar/"


def handle(cloud: Cloud, http: HttpRequest) -> HttpReply:
    """Answer a request under `/_haar/`."""
    return HttpReply(404, [("content-type", "application/json")], b"{}")
