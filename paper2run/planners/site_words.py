"""Words for what this site gives to a run: what a model is told beside the repository."""

from paper2run.model.needs import Site
from paper2run.settings import Settings


def site_words(site: Site, settings: Settings) -> str:
    """Return what the container had and which network there was, at the build and while a command ran.

    No address of the site is told.
    """
    gpu = "an NVIDIA GPU" if site.has_gpu else "no GPU"
    network = "a network" if site.has_network else "no network"
    index = "an index of the site's own" if settings.index_url else "the public package index"
    proxy = ", through a proxy" if settings.http_proxy or settings.https_proxy else ""
    return (
        f"Linux, {gpu}, {site.memory_mb} MB of memory, {site.seconds:g} seconds;"
        f" the build: a network, with {index}{proxy}; the command: {network}"
    )
