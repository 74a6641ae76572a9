"""Haar: the AWS cloud, come ashore on your own machine.

>>> from haar import Cloud
>>> with Cloud() as cloud:
...     sqs = cloud.client("sqs")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haar.clock import Clock
    from haar.cloud import Cloud
    from haar.config import Config

__all__ = ["Clock", "Cloud", "Config"]
__version__ = "0.1.0"

_HOMES = {"Cloud": "haar.cloud", "Config": "haar.config", "Clock": "haar.clock"}


def __getattr__(name: str) -> Any:
    """Import what users name only when they name it: `import haar` costs nothing."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'haar' has no attribute {name!r}")
