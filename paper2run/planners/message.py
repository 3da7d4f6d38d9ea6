"""One message of a conversation with a language model."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Message:
    """A text and who says it."""

    role: Literal["system", "user", "assistant"]
    content: str
