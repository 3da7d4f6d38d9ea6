"""Names the Python modules that are clients of one service, and what they raise where it refuses."""

import re
from typing import Final

CLIENTS_OF: Final = {
    "openai": "OpenAI", "langchain_openai": "OpenAI", "anthropic": "Anthropic", "langchain_anthropic": "Anthropic",
    "cohere": "Cohere", "google.generativeai": "Google", "groq": "Groq", "mistralai": "Mistral",
    "replicate": "Replicate", "together": "Together", "dashscope": "Alibaba Cloud", "zhipuai": "Zhipu",
    "voyageai": "Voyage", "serpapi": "SerpApi", "pinecone": "Pinecone",
    "tweepy": "Twitter", "twython": "Twitter", "praw": "Reddit", "prawcore": "Reddit", "spotipy": "Spotify",
    "flickrapi": "Flickr", "googlemaps": "Google Maps", "newsapi": "News API", "twilio": "Twilio",
    "cdsapi": "Copernicus", "sentinelsat": "Copernicus", "sentinelhub": "Sentinel Hub", "kaggle": "Kaggle",
    "quandl": "Quandl", "nasdaqdatalink": "Nasdaq Data Link", "fredapi": "FRED", "shodan": "Shodan",
    "censys": "Censys", "vt": "VirusTotal",
}  # fmt: skip
"""Modules that do nothing without an account's key, with the service they ask."""
ALL_CLIENTS: Final = {
    **CLIENTS_OF, "ee": "Google Earth Engine", "botocore": "AWS", "google.auth": "Google Cloud",
    "google.api_core": "Google Cloud", "azure": "Azure", "snowflake": "Snowflake", "wandb": "Weights & Biases",
}  # fmt: skip
"""Further modules do much without an account; what they raise is their service's refusal all the same."""
_MODULES: Final = "|".join(map(re.escape, sorted(ALL_CLIENTS)))
REFUSED: Final = re.compile(
    rf"^\s*(?:E\s+)?(?P<client>{_MODULES})\.(?:\w+\.)*"
    r"(?!\w*(?:Param|Valid|Value|Type|Attribute|Import|NotImplemented|Unknown|Unsupported|Deprecat))"
    r"[A-Z]\w*(?::|\s*$)"
)
"""An exception of a client's own; one about an argument is a fault of the call."""
