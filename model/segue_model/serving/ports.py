"""Addresses to listen at."""

import socket

from segue_model.serving.errors import UsageError


def address(host: str, port: int) -> str:
    """Return host and port in one, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listening(host: str, port: int, flag: str) -> socket.socket:
    """Return a socket that listens there; raise UsageError that names the flag if none can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise refused(host, port, flag, error.strerror or str(error)) from error


def refused(host: str, port: int, flag: str, reason: str) -> UsageError:
    """Return the error of a port that cannot be listened at."""
    return UsageError(f"--{flag}: cannot listen at {address(host, port)}: {reason}")
