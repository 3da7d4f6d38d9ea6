"""What is secret in the settings never stays in a text that is kept or shown."""

from paper2run.errors import EngineError, HostError, redacted
from paper2run.model.outcome import Log
from paper2run.redaction import MASK, redact
from paper2run.settings import Settings

SETTINGS = Settings(
    index_url="https://name:p%40ssw0rd-of-index@index.test/simple",
    https_proxy="http://user:proxy-passw0rd@proxy.test:3128",
    conda_channel_alias="https://me:c0nda-passw0rd@conda.test/",
    nvidia_api_key="nv-key-without-a-known-form",
    api_key="own-key-without-a-known-form",
)


def test_passwords_of_addresses_and_keys_are_known_in_both_spellings():
    assert set(SETTINGS.secrets()) == {
        "p%40ssw0rd-of-index", "p@ssw0rd-of-index", "proxy-passw0rd", "c0nda-passw0rd",
        "nv-key-without-a-known-form", "own-key-without-a-known-form",
        # As `curl -v` prints them.
        "bmFtZTpwQHNzdzByZC1vZi1pbmRleA==", "dXNlcjpwcm94eS1wYXNzdzByZA==", "bWU6YzBuZGEtcGFzc3cwcmQ=",
    }  # fmt: skip


def test_what_a_step_prints_of_the_sites_files_is_masked_in_logs():
    printed = (
        "[global]\nindex-url = https://name:p%40ssw0rd-of-index@index.test/simple\n"
        '{"BasicHTTP": {"username": "me", "password": "c0nda-passw0rd"}}\nproxy-passw0rd alone\n'
    )
    found = Log(stdout=printed, stderr=printed).redacted(SETTINGS.secrets())

    for secret in SETTINGS.secrets():
        assert secret not in found.stdout + found.stderr
    assert f"index-url = https://name:{MASK}@index.test/simple" in found.stdout


def test_a_login_in_any_address_is_masked_and_other_text_stays():
    assert redact("git clone https://u:hunter2@forge.test/a/b") == (
        f"git clone https://{MASK}@forge.test/a/b"
    )
    for text in ("see https://forge.test/a@b:c", "git@forge.test:a/b", "http://h:8080/p?q=x@y"):
        assert redact(text) == text


def test_tokens_that_stand_elsewhere_in_an_address_are_known_and_users_are_none():
    settings = Settings(
        index_url="https://t0ken-of-index@index.test/simple?access_token=t0ken-of-query&region=eu-west-1",
        conda_channel_alias="https://conda.test/t/t0ken-of-conda/get",
        storage="sftp://paper2run@store.test/runs",
        http_proxy="http://[broken",
    )

    assert set(settings.secrets()) == {"t0ken-of-index", "t0ken-of-query", "t0ken-of-conda"}


def test_no_error_of_ours_says_a_login_whoever_wrote_its_words():
    words = "404 Client Error: Not Found for url: https://name:passw0rd@index.test/simple/x/"
    error = HostError(words, hint="try https://name:passw0rd@index.test")

    assert "passw0rd" not in f"{error} {error.what} {error.hint}"
    assert "index.test/simple/x/" in error.what


def test_an_error_is_freed_of_secrets_without_losing_what_it_is():
    error = EngineError(
        "step: own-key-without-a-known-form", transient=True, trouble="disk", hint="look"
    )
    freed = redacted(error, SETTINGS.secrets())

    assert isinstance(freed, EngineError)
    assert (freed.what, freed.hint) == (f"step: {MASK}", "look")
    assert (freed.transient, freed.trouble) == (True, "disk")
