import os
import sys

import pytest

from headrace.bootstrap.machine import (
    family_of,
    proxy_of,
    running_interpreter,
    this_machine,
    without_credentials,
)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("ID=debian\n", "debian"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "ubuntu"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "rhel"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "suse"),
        ("ID=plan9\n", ""),
        ("", ""),
    ],
)
def test_the_family_of_distributions_is_read(text, family):
    assert family_of(text) == family


def test_the_interpreter_is_the_installed_one_behind_a_virtual_environment():
    interpreter = running_interpreter()
    assert interpreter.version == sys.version_info[:3]
    assert os.path.realpath(interpreter.executable).startswith(os.path.realpath(sys.base_prefix))


def test_this_machine_is_described():
    machine = this_machine()
    assert machine.system == sys.platform
    assert machine.memory is None or machine.memory > 0


def test_credentials_are_blotted_out_of_every_address():
    text = "GET https://me:s3c@one.invalid/x, then http://tok@two.invalid and https://plain.invalid"
    assert without_credentials(text) == (
        "GET https://****@one.invalid/x, then http://****@two.invalid and https://plain.invalid"
    )


def test_the_proxy_is_named_without_credentials():
    assert (
        proxy_of({"https_proxy": "http://me:pw@proxy.invalid:1"}) == "http://****@proxy.invalid:1"
    )
    assert proxy_of({}) == ""
