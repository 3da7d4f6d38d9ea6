"""Checks that conda's channels answer: one short request each, without waiting or retries."""

from typing import Final

import requests

from paper2run.index.conda_channels import SUBDIR, authorization, mirrored, shown
from paper2run.settings import Settings

TIMEOUT_S: Final = (4, 8)
"""To connect; until the first byte. A site that drops packets costs one of the first."""


def why_not(channels: tuple[str, ...], settings: Settings) -> str:
    """Return why the first failing channel cannot be used; empty if all answer.

    A mirror is named with its host, never with its password.
    """
    for channel in channels:
        why = _why_not(channel, settings)
        if why:
            return why
    return ""


def _why_not(channel: str, settings: Settings) -> str:
    address = f"{mirrored(channel, settings.conda_channel_alias)}/{SUBDIR}/repodata.json"
    login = authorization(settings.conda_channel_alias)
    ours = address != f"{channel}/{SUBDIR}/repodata.json"
    place = shown(address).removesuffix(f"/{SUBDIR}/repodata.json")
    try:
        # Streamed and closed at once: the list itself may be hundreds of megabytes.
        with requests.get(
            address,
            headers={"Authorization": login} if login and ours else None,
            timeout=TIMEOUT_S,
            verify=str(settings.ca_bundle) if settings.ca_bundle else True,
            stream=True,
        ) as response:
            if response.ok:
                return ""
            return f"the channel {place} answered {response.status_code}"
    except requests.exceptions.SSLError:
        return f"the channel {place} cannot be reached: its certificate is not trusted here"
    except requests.RequestException as error:
        return f"the channel {place} cannot be reached ({type(error).__name__})"
