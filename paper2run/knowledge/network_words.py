"""What programs and libraries say where a host cannot be reached: git, curl, Python, Java and Go."""

from typing import Final

NO_NETWORK: Final = (
    r"Temporary failure in name resolution|Name or service not known|[Cc]ould not resolve host|Network is unreachable"
    r"|Max retries exceeded|NewConnectionError|urlopen error|getaddrinfo|UnknownHostException|dial tcp: lookup"
    r"|[Cc]onnection timed out|unable to access '|Could not GET 'http|(?:Connect|Read)TimeoutError"
    r"|We couldn't connect to|LocalEntryNotFoundError"
)
"""A regular expression without groups."""
