"""Finds services that code calls: keys that it demands, databases, brokers, clouds.

A need is hard only where most of the leading work of a repository loads the call, a document or a sample of settings
names what is needed, and the file with the call opens no connection to another service instead; or where most of the
README's examples open the connection. For a library that others use even that is soft: its tests may do without.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from paper2run.detectors import documents
from paper2run.detectors.documented_work import is_used_by_others, leading_works
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.service_clients import CLIENTS_OF
from paper2run.model.facts import Command, Fact, OutsideNeed
from paper2run.model.value import Source
from paper2run.python.python_modules import PythonModule, modules_of

NAME: Final = "services"

DEMANDED: Final = re.compile(
    r"\bos\.environ\[\s*['\"]([A-Z][A-Z0-9_]*(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?|_URL|_URI|_DSN))['\"]\s*\]"
    r"(?!\s*(?:=[^=]|\+=))"
    r"|\bos\.(?:getenv|environ\.get)\(\s*['\"]([A-Z][A-Z0-9_]*(?:API_KEY|TOKEN|SECRET|_KEY))['\"]\s*\)(?!\s*or\b)"
)
"""A variable that is read without a default; what a program sets for others is none."""
OPTIONAL_KEYS: Final = re.compile(
    r"WANDB|COMET|NEPTUNE|MLFLOW|SENTRY|CODECOV|HF_|HUGGING|GITHUB|SLACK|TELEGRAM|PYPI|RANDOM|HASH"
)
"""Keys of services that watch or publish and do no part of the work."""
CLIENTS: Final = {
    "a server of PostgreSQL": ("psycopg2.connect", "psycopg.connect", "asyncpg.connect"),
    "a server of MySQL": ("pymysql.connect", "MySQLdb.connect", "mysql.connector.connect"),
    "a server of MongoDB": ("pymongo.MongoClient", "MongoClient"),
    "a server of Redis": ("redis.Redis", "redis.StrictRedis"),
    "a server of RabbitMQ": ("pika.BlockingConnection",),
    "a server of Kafka": ("KafkaConsumer", "KafkaProducer"),
    "a server of Oracle": ("cx_Oracle.connect",),
    "a server of Elasticsearch": ("Elasticsearch",),
    "a server of Neo4j": ("GraphDatabase.driver",),
    "an account of AWS": ("boto3.client", "boto3.resource", "boto3.Session"),
    "an account of Google Earth Engine": ("ee.Initialize",),
    "an account of Google Cloud": ("bigquery.Client", "storage.Client"),
}
"""Calls that open a connection, by their usual names."""
ADDRESS: Final = re.compile(
    r"['\"](redis|amqp|mongodb|postgres(?:ql)?|mysql)(?:\+\w+)?://(?:[^'\"@/\s]*@)?(?:localhost|127\.0\.0\.1)\b"
)
"""A server that code expects on its own machine."""
SCHEMES: Final = {
    "redis": "Redis", "amqp": "RabbitMQ", "mongodb": "MongoDB", "postgres": "PostgreSQL", "postgresql": "PostgreSQL",
    "mysql": "MySQL",
}  # fmt: skip
KEY_WORDS: Final = re.compile(
    r"(?i)\bapi[ _-]?keys?\b|\baccess tokens?\b|\bcredentials\b|_API_KEY\b"
)
OTHER_WAY: Final = re.compile(
    r"(?i)\b(?:without|no|not need|don't need)\b[^.\n]{0,30}\bkeys?\b|\bollama\b|\bvllm\b|\bself-?hosted"
    r"|\blocal(?:ly)? (?:hosted |served )?(?:model|llm|lm)s?\b|\boptional(?:ly)?\b[^.\n]{0,40}\bkeys?\b"
)
"""Words for a way without a key."""
SWITCHED_OFF: Final = (
    r"(?i)\b(?:enable|use|with)_?\w*{}\w*['\"]?\s*[=:,]\s*['\"]?(?:false|0|no|off)\b"
)
"""A switch of a service that is off by default, as `ENABLE_REDIS=false` or `getenv("USE_REDIS", "false")`."""
SAMPLES: Final = (
    "README*",
    "readme*",
    ".env*",
    "*.env",
    "env.example",
    "docker-compose*.y*ml",
    "compose*.y*ml",
)
ASKED_FOR: Final = re.compile(
    r"(?i)\b(?:api|access)[ _-]?(?:keys?|tokens?)\b|\bcredentials\b"
    r"|\b(?:your )?own (?:\w+ ){0,2}account\b|\bdeveloper account\b"
)
"""What a README may ask for: an account of its reader's own."""
ASKS: Final = re.compile(
    r"(?i)\b(?:you|your|need(?:s|ed)?|requires?|required|must|provide|set|obtain|create|sign up|register|enter|insert"
    r"|replace|fill in|add|put|paste|export)\b"
)
DENIES: Final = re.compile(
    r"(?i)\b(?:no|not|without|never|remove|delete|strip|optional(?:ly)?|alternatively|if you (?:want|wish|prefer|like)"
    r"|download\w*|commit)\b|n't\b"
)
"""A sentence that asks for none, or for data that an account opens."""
SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
MAX_SERVICES: Final = 10


class Sign(NamedTuple):
    """One place that shows a service."""

    what: str
    named: re.Pattern[str]
    """What documents call it."""
    line: int


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each service once: of the README's examples, then of the leading work, then any other."""
    found: dict[str, OutsideNeed] = {}
    for need in (*_of_examples(tree), *_of_code(tree)):
        found.setdefault(need.what, need)
    if not any(need.hard for need in found.values()):
        yield from islice(_of_readme(tree), 1)
    yield from found.values()


def _of_readme(tree: RepoTree) -> Iterator[OutsideNeed]:
    """Yield the account that the README of code without a project asks its reader for.

    A project's users may call what works without.
    """
    if any(map(tree.has, ("setup.py", "pyproject.toml", "setup.cfg", "DESCRIPTION"))):
        return
    for path in tree.matching("README*", "readme*"):
        text = tree.text(path) if "/" not in path else ""
        if OTHER_WAY.search(text):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if any(map(_asks, SENTENCE.split(line))) and not OPTIONAL_KEYS.search(line.upper()):
                source = Source(kind="readme", path=path, line=number)
                yield OutsideNeed(
                    form="service", what="an account of your own", hard=True, source=source
                )


def _asks(sentence: str) -> bool:
    """Whether a sentence asks its reader for an account."""
    asks = ASKED_FOR.search(sentence) and ASKS.search(sentence)
    return bool(asks) and not DENIES.search(sentence)


def _of_examples(tree: RepoTree) -> Iterator[OutsideNeed]:
    examples = [
        fact
        for fact in documents.detect(tree)
        if isinstance(fact, Command)
        and fact.form == "python-example"
        and fact.source.kind == "readme"
    ]
    for what, calls in CLIENTS.items():
        # Examples of several lines stand in the command with `\n` between them.
        opens = re.compile(rf"(?:(?<!\w)|\\n)(?:{'|'.join(map(re.escape, calls))})\(")
        found = [fact for fact in examples if opens.search(fact.line)]
        if 2 * len(found) > len(examples):
            hard, source = not is_used_by_others(tree), found[0].source
            yield OutsideNeed(form="service", what=what, hard=hard, source=source)


def _of_code(tree: RepoTree) -> Iterator[OutsideNeed]:
    by_what: dict[str, list[tuple[PythonModule, Sign]]] = {}
    for module in modules_of(tree):
        if module.role in {"package", "script"}:
            for sign in _signs(tree, module):
                by_what.setdefault(sign.what, []).append((module, sign))
    works, library = leading_works(tree), is_used_by_others(tree)
    documents = [tree.text(path) for path in tree.matching(*SAMPLES) if "/" not in path]
    for what, found in list(by_what.items())[:MAX_SERVICES]:
        paths = {module.path for module, _ in found}
        wanted = paths - _choosing(what, by_what)
        share = sum(not wanted.isdisjoint(work.loads) for work in works)
        named = any(found[0][1].named.search(text) for text in documents)
        keyed = "key" in what.lower()
        free = keyed and any(OTHER_WAY.search(text) for text in documents)
        switch = re.compile(SWITCHED_OFF.format(re.escape(what.rpartition(" ")[2])))
        free = free or any(map(switch.search, (*documents, *map(tree.text, paths))))
        loaded = {path for work in works for path in work.loads}
        module, sign = min(found, key=lambda pair: pair[0].path not in loaded)
        yield OutsideNeed(
            form="service",
            what=what,
            hard=named and not free and not library and 2 * share > len(works),
            source=Source(kind="file", path=module.path, line=sign.line),
        )


def _choosing(what: str, by_what: Mapping[str, list[tuple[PythonModule, Sign]]]) -> set[str]:
    """Return the files that open connections to other services too: there a user chooses one."""
    others = by_what.keys() & CLIENTS.keys() - {what} if what in CLIENTS else set()
    return {module.path for other in others for module, _ in by_what[other]}


def _signs(tree: RepoTree, module: PythonModule) -> Iterator[Sign]:
    text = tree.text(module.path)
    for match in DEMANDED.finditer(text) if "environ" in text or "getenv" in text else ():
        name = match[1] or match[2]
        if not OPTIONAL_KEYS.search(name) and not re.search(rf"{name}['\"]\s*\]\s*=[^=]", text):
            line = text.count("\n", 0, match.start()) + 1
            yield Sign(f"the variable {name}", re.compile(rf"\b{name}\b"), line)
    for match in ADDRESS.finditer(text) if "://" in text else ():
        product = SCHEMES[match[1]]
        line = text.count("\n", 0, match.start()) + 1
        yield Sign(f"a server of {product}", re.compile(rf"(?i)\b{product}\b"), line)
    for called in module.source.calls:
        for what, calls in CLIENTS.items():
            if called.name in calls or called.name.endswith(tuple(f".{call}" for call in calls)):
                product = what.partition(" of ")[2]
                yield Sign(what, re.compile(rf"(?i)\b{product}\b"), called.line)
    for imported in module.source.imports:
        product = CLIENTS_OF.get(imported.module) or CLIENTS_OF.get(
            imported.module.partition(".")[0], ""
        )
        if product and not imported.guarded and not imported.level:
            yield Sign(f"a key of {product}", KEY_WORDS, imported.line)
