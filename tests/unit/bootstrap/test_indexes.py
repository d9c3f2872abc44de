from headrace.bootstrap.indexes import has_no_index, parse_pip_config, uv_environment

LISTING = """:env:.cert='/certs/env.pem'
global.cert='/certs/file.pem'
global.extra-index-url='\\nhttps://one.invalid/simple\\nhttps://two.invalid/simple'
global.index-url='https://me:secret@mirror.invalid/simple'
install.timeout='90'
freeze.timeout='1'
"""


def test_pips_settings_are_read_with_the_stronger_section_winning():
    assert parse_pip_config(LISTING) == {
        "cert": "/certs/env.pem",
        "extra-index-url": "\nhttps://one.invalid/simple\nhttps://two.invalid/simple",
        "index-url": "https://me:secret@mirror.invalid/simple",
        "timeout": "90",
    }


def test_uv_is_given_pips_mirror_certificates_and_time_out():
    assert uv_environment(parse_pip_config(LISTING), {}) == {
        "UV_DEFAULT_INDEX": "https://me:secret@mirror.invalid/simple",
        "UV_INDEX": "https://one.invalid/simple https://two.invalid/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_HTTP_TIMEOUT": "90",
        "SSL_CERT_FILE": "/certs/env.pem",
    }


def test_uvs_own_settings_are_never_overruled():
    environ = {
        "UV_INDEX_URL": "https://mine.invalid",
        "UV_EXTRA_INDEX_URL": "https://more.invalid",
        "SSL_CERT_FILE": "/mine.pem",
        "UV_HTTP_TIMEOUT": "5",
    }
    assert uv_environment(parse_pip_config(LISTING), environ) == {}


def test_pips_proxy_is_used_unless_the_environment_names_one():
    config = {"proxy": "http://proxy.invalid:3128"}
    assert uv_environment(config, {})["HTTPS_PROXY"] == "http://proxy.invalid:3128"
    assert uv_environment(config, {"https_proxy": "http://other.invalid"}) == {}


def test_pip_without_an_index_means_uv_without_an_index():
    config = {"no-index": "true", "find-links": "/wheels /more"}
    assert has_no_index(config)
    assert uv_environment(config, {}) == {"UV_FIND_LINKS": "/wheels,/more"}
    assert not has_no_index({"find-links": "/wheels"})


def test_pip_without_a_configuration_changes_nothing():
    assert uv_environment(parse_pip_config(""), {}) == {}
