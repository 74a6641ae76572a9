"""What `haar up` says once it listens, and what `haar env` prints."""

from __future__ import annotations

from typing import Any

__all__ = ["assignments", "endpoint_of", "environment", "text"]

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared with, not listened on


def endpoint_of(host: str, port: int) -> str:
    """The URL at which this machine reaches a server bound to an address."""
    host = _EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def environment(endpoint: str, region: str, *, loopback: bool, key: tuple[str, str] | None = None) -> dict[str, str]:
    """The environment variables that point AWS's tools at a cloud.

    On a loopback address the development keys are among them; elsewhere only a root key that has just been made.
    """
    known = ("test", "test") if loopback else key
    named = {"AWS_ENDPOINT_URL": endpoint}
    if known is not None:
        named |= {"AWS_ACCESS_KEY_ID": known[0], "AWS_SECRET_ACCESS_KEY": known[1]}
    return named | {"AWS_DEFAULT_REGION": region}


def assignments(variables: dict[str, str], shell: str = "bash") -> list[str]:
    """Lines that set environment variables in a shell: `bash` (and every POSIX shell), `fish` or `powershell`."""
    written = {"bash": "export {}={}", "fish": "set -gx {} {}", "powershell": "$Env:{} = {}"}[shell]
    return [written.format(name, _quoted(value, shell)) for name, value in variables.items()]


def text(said: dict[str, Any]) -> str:
    """The start message for people, from the one for programs."""
    lines = [f"Haar {said['version']} listens on {said['endpoint']}", ""]
    lines += [f"  {line}" for line in assignments(said["environment"])]
    lines.append("")
    if said["root_key_made"]:
        lines.append("The root key above is shown this once: keep it. It signs AWS calls and the haar command's own.")
    elif not said["loopback"]:
        lines.append(
            "Other machines can reach this cloud: only its own keys are good, and the root key was shown before."
        )
    lines.append(f"Data   {said['data'] or 'in memory: gone when Haar stops'}")
    if said["detached"]:
        lines.append(f"Log    {said['log']}")
    stop = "haar down" if said["port"] == 4566 else f"haar down --endpoint {said['endpoint']}"
    lines.append(f"Stop   {stop}" if said["detached"] else f"Stop   Ctrl+C, or: {stop}")
    return "\n".join(lines)


def _quoted(value: str, shell: str) -> str:
    plain = value.replace("_", "").replace("-", "").replace(":", "").replace("/", "").replace(".", "").isalnum()
    if shell == "powershell":
        return "'" + value.replace("'", "''") + "'"
    if plain and value.isascii():
        return value
    if shell == "fish":
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + value.replace("'", "'\\''") + "'"
