"""Reads INI files such as setup.cfg and tox.ini: https://docs.python.org/3/library/configparser.html."""

import configparser

from paper2run.formats.structured import unreadable
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Unreadable


def read_config(tree: RepoTree, path: str) -> configparser.ConfigParser | Unreadable:
    """Return an INI file as parsed, keys in lower case with `_` for `-`, or why it cannot be read."""
    text = tree.read(path)
    if isinstance(text, Unreadable):
        return text
    config = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    config.optionxform = lambda key: key.strip().lower().replace("-", "_")  # type: ignore[method-assign, assignment]
    try:
        config.read_string(text)
    except (configparser.Error, AttributeError) as error:
        # AttributeError: how configparser (3.11) takes an indented line below a key without `=`.
        return unreadable(path, f"not an INI file: {str(error).splitlines()[0]}")
    return config


def lines_of(config: configparser.ConfigParser, section: str, key: str) -> list[str]:
    """Return the non-empty lines of a value without comment lines; none where it is absent."""
    value = config.get(section, key, fallback="") or ""
    lines = (line.strip() for line in value.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
