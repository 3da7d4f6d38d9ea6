"""What is secret in the settings never stays in a text that is kept or shown."""

from paper2run.model.outcome import Log
from paper2run.redaction import MASK, redact, redact_log, secrets_of
from paper2run.settings import Settings

SETTINGS = Settings(
    index_url="https://name:p%40ssw0rd-of-index@index.test/simple",
    https_proxy="http://user:proxy-passw0rd@proxy.test:3128",
    conda_channel_alias="https://me:c0nda-passw0rd@conda.test/",
    nvidia_api_key="nv-key-without-a-known-form",
    api_key="own-key-without-a-known-form",
)


def test_passwords_of_addresses_and_keys_are_known_in_both_spellings():
    assert set(secrets_of(SETTINGS)) == {
        "p%40ssw0rd-of-index", "p@ssw0rd-of-index", "proxy-passw0rd", "c0nda-passw0rd",
        "nv-key-without-a-known-form", "own-key-without-a-known-form",
    }  # fmt: skip


def test_what_a_step_prints_of_the_sites_files_is_masked_in_logs():
    printed = (
        "[global]\nindex-url = https://name:p%40ssw0rd-of-index@index.test/simple\n"
        '{"BasicHTTP": {"username": "me", "password": "c0nda-passw0rd"}}\nproxy-passw0rd alone\n'
    )
    found = redact_log(Log(stdout=printed, stderr=printed), secrets_of(SETTINGS))

    for secret in secrets_of(SETTINGS):
        assert secret not in found.stdout + found.stderr
    assert f"index-url = https://name:{MASK}@index.test/simple" in found.stdout


def test_a_login_in_any_address_is_masked_and_other_text_stays():
    assert redact("git clone https://u:hunter2@forge.test/a/b") == (
        f"git clone https://{MASK}@forge.test/a/b"
    )
    for text in ("see https://forge.test/a@b:c", "git@forge.test:a/b", "http://h:8080/p?q=x@y"):
        assert redact(text) == text
