"""Which proxy a request of ours goes through: that of the settings, which builds use as well.

The libraries below read the environment alone, and so would miss PAPER2RUN_HTTPS_PROXY and the settings of a worker.
"""

from typing import NamedTuple, Self
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # in no stub

from requests.utils import address_in_network, is_ipv4_address, is_valid_cidr

from paper2run.settings import Settings


class SiteProxies(NamedTuple):
    """The proxies of a site; empty texts for none."""

    http: str = ""
    https: str = ""
    no_proxy: str = ""
    """Hosts, domains and networks that are reached without one, by commas."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return those of the settings."""
        return cls(settings.http_proxy, settings.https_proxy, settings.no_proxy)

    def proxy_for(self, url: str) -> str:
        """Return the proxy of a request; empty for none."""
        parts = urlsplit(url)
        proxy = self.https if parts.scheme == "https" else self.http
        return "" if proxy and self._is_near(parts.hostname or "", parts.netloc) else proxy

    def requested(self, url: str) -> dict[str, str] | None:
        """Return what `requests` takes; None leaves the choice to the environment."""
        if not self.http and not self.https:
            return None
        # An empty text is none, and keeps `requests` from asking the environment for that scheme.
        return {urlsplit(url).scheme: self.proxy_for(url)}

    def _is_near(self, host: str, netloc: str) -> bool:
        networks = [one.strip() for one in self.no_proxy.split(",") if is_valid_cidr(one.strip())]
        if is_ipv4_address(host) and any(address_in_network(host, one) for one in networks):
            return True
        return bool(proxy_bypass_environment(netloc.rpartition("@")[2], {"no": self.no_proxy}))
