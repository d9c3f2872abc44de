"""Who is at the other end of a socket."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from asyncio.trsock import TransportSocket
from collections.abc import Collection
from pathlib import Path

_CREDENTIALS = struct.Struct("3i")
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_NOBODY = -1
"""Of a socket that its process has closed: the kernel shows root for it."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def same_user(stream: socket.socket | TransportSocket) -> bool:
    """Whether the peer's process runs as this user (SO_PEERCRED, unix(7))."""
    data = stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(data)
    return bool(uid == os.getuid())


def may_call(address: Address, port: int, called: Collection[int]) -> bool:
    """Whether a TCP connection's peer is a process of this user or of root, or on another machine.

    The kernel's table of connections (proc(5)) says whose a socket of this machine is. One that is
    on the loopback interface and not in it, or that nobody holds any more, is somebody else's.

    Args:
        called: the ports that it may have called on this side.
    """
    users = _users_of(_plain(address), port, called)
    if not users:
        return not _plain(address).is_loopback
    return users <= {os.getuid(), 0}


def _users_of(address: Address, port: int, called: Collection[int]) -> set[int]:
    users: set[int] = set()
    for table in _TABLES:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue  # the machine has no IPv6
        for line in lines:
            _, local, remote, _, _, _, _, uid, _, inode, *_ = line.split()
            host, _, at = local.partition(":")
            to = remote.rpartition(":")[2]
            if int(at, 16) == port and int(to, 16) in called and _read(host) == address:
                users.add(int(uid) if int(inode) else _NOBODY)
    return users


def _read(words: str) -> Address:
    """An address as the kernel prints it: words of 32 bits in the machine's byte order."""
    numbers = [int(words[start : start + 8], 16) for start in range(0, len(words), 8)]
    packed = struct.pack(f"={len(numbers)}I", *numbers)
    return _plain(ipaddress.ip_address(packed))


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as one of IPv6, as IPv4."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
