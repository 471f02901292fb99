"""What secrets look like: private keys, tokens whose issuers gave them a recognizable form, and passwords in URLs.

Each rule has a *marker*, a literal with which its secrets begin, and a pattern for the whole secret. Few documents
contain any marker, and only those are searched further. Patterns are anchored at a marker, and all repetitions in them
are of a fixed length or possessive, so no input takes more than linear time (docs/decisions/0060).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from installhub.runtime.gc import gc_frozen

with gc_frozen():
    from pydantic_core import SchemaValidator, core_schema

MIN_SECRET_LENGTH: Final = 8
"""No rule finds a shorter text."""

_START: Final = r"(?<![A-Za-z0-9])"
_END: Final = r"(?![A-Za-z0-9])"
_BLANK: Final = r"[ \t\r\n]"
_BREAK: Final = rf"(?:{_BLANK}|\\[rn])"  # keys in environment files and in JSON have escaped line breaks
_PEM: Final = (
    rf"(?:[A-Z0-9]{{1,12}}+ ){{0,3}}PRIVATE KEY(?: BLOCK)?-----{_BREAK}{{0,8}}+"
    rf"(?:(?:Proc-Type|DEK-Info|Version|Comment): [^\r\n\\]{{0,100}}+{_BREAK}{{1,8}}+){{0,4}}+"
    r"[A-Za-z0-9+/]{24}[A-Za-z0-9+/=\\\s]{0,16000}+"
)
_PEM_CLUE: Final = (
    r"[A-Z0-9 ]{0,39}PRIVATE KEY(?: BLOCK)?-----[ \\nrt]{0,24}"
    r"(?:[A-Za-z0-9+/]{24}|Proc-Type: |DEK-Info: |Version: |Comment: )"
)
# A placeholder such as ${PASSWORD}, {{password}}, <password> or *** is no password.
_IN_URL: Final = r"[^\s:/?#@\[\](){}<>$*,;&|`^\"'\\]"
_LOOKAHEAD: Final = re.compile(r"\(\?!\[[^]]*\]\)$")
_WORDS: Final = "[A-Za-z0-9_-]"


class SecretMatch(NamedTuple):
    """What a rule found in a text.

    Attributes:
        rule: Name of the rule.
        value: The secret.
    """

    rule: str
    value: str


class _Rule(NamedTuple):
    """The form of a secret.

    Attributes:
        name: Name of the rule, which several forms may have.
        marker: What the secret begins with.
        rest: Pattern of what follows.
        before: Pattern of what precedes the secret.
        clued_by: What follows the marker in JSON if a search is worthwhile; needed if ``rest`` matches characters that
            JSON escapes.
    """

    name: str
    marker: str
    rest: str
    before: str = _START
    clued_by: str | None = None

    @property
    def pattern(self) -> str:
        """The regular expression for the secret."""
        return f"{self.before}{re.escape(self.marker)}{self.rest}"

    @property
    def clue(self) -> str:
        """A regular expression of Rust that matches JSON of every text that :attr:`pattern` matches."""
        greedy = _LOOKAHEAD.sub("", self.rest).replace("}+", "}")
        return re.escape(self.marker) + (greedy if self.clued_by is None else self.clued_by)


_RULES: Final = (
    _Rule("private-key", "-----BEGIN ", _PEM, before="", clued_by=_PEM_CLUE),
    _Rule("private-key", "PuTTY-User-Key-File-", r"[23]: (?s:.){64,16000}+", clued_by="[23]: "),
    _Rule("private-key", "AGE-SECRET-KEY-1", rf"[0-9A-Z]{{58}}{_END}"),
    *(_Rule("aws-access-key", prefix, rf"[A-Z2-7]{{16}}{_END}") for prefix in ("AKIA", "ASIA")),
    *(
        _Rule(
            *("aws-secret-key", name),
            rf"['\"]?{_BLANK}{{0,4}}+[=:]{_BLANK}{{0,4}}+['\"]?[A-Za-z0-9/+]{{40}}(?![A-Za-z0-9/+=])",
            clued_by=r"""[\\"' nrt=:]{1,24}[A-Za-z0-9/+]{40}""",
        )
        for name in ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY")
    ),
    _Rule("azure-key", "AccountKey=", "[A-Za-z0-9+/]{86}=="),
    _Rule("azure-key", "SharedAccessKey=", "[A-Za-z0-9+/]{43}="),
    _Rule("google-api-key", "AIza", rf"{_WORDS}{{35}}(?!{_WORDS})"),
    _Rule("google-oauth-secret", "GOCSPX-", rf"{_WORDS}{{28}}(?!{_WORDS})"),
    *(_Rule("github-token", f"gh{kind}_", rf"[A-Za-z0-9]{{36}}{_END}") for kind in "pousr"),
    _Rule("github-token", "github_pat_", rf"[A-Za-z0-9]{{22}}_[A-Za-z0-9]{{59}}{_END}"),
    *(
        _Rule("gitlab-token", f"gl{kind}-", rf"{_WORDS}{{20,}}+")
        for kind in ("pat", "dt", "rt", "ptt", "cbt", "soat", "agent")
    ),
    *(_Rule("slack-token", f"xox{kind}-", r"[0-9]{8,}+-[A-Za-z0-9-]{16,}+") for kind in "abeoprs"),
    _Rule("slack-token", "xapp-", r"[0-9]-[A-Z0-9]{9,}+-[0-9]{8,}+-[a-f0-9]{32,}+"),
    _Rule("slack-webhook", "hooks.slack.com/services/", "T[A-Z0-9]{7,}+/B[A-Z0-9]{7,}+/[A-Za-z0-9]{16,}+"),
    *(_Rule("stripe-key", f"{kind}k_live_", "[A-Za-z0-9]{16,}+") for kind in "rs"),
    _Rule("sendgrid-key", "SG.", rf"{_WORDS}{{22}}\.{_WORDS}{{43}}(?!{_WORDS})"),
    _Rule("twilio-key", "SK", rf"[0-9a-f]{{32}}{_END}"),
    _Rule("npm-token", "npm_", rf"[A-Za-z0-9]{{36}}{_END}"),
    _Rule("pypi-token", "pypi-AgE", rf"{_WORDS}{{70,}}+"),
    _Rule("openai-key", "T3BlbkFJ", rf"{_WORDS}{{20,}}+", before=rf"(?<={_WORDS}{{20}})"),
    _Rule("anthropic-key", "sk-ant-", rf"[a-z0-9]{{2,16}}+-{_WORDS}{{40,}}+"),
    _Rule("huggingface-token", "hf_", rf"[A-Za-z]{{34}}{_END}"),
    _Rule("databricks-token", "dapi", rf"[0-9a-f]{{32}}{_END}"),
    _Rule("digitalocean-token", "dop_v1_", rf"[0-9a-f]{{64}}{_END}"),
    *(_Rule("shopify-token", f"shp{kind}_", rf"[0-9a-fA-F]{{32}}{_END}") for kind in ("at", "ca", "pa", "ss")),
    _Rule("vault-token", "hvs.", rf"{_WORDS}{{90,}}+"),
    _Rule(
        "password-in-url",
        "://",
        rf"{_IN_URL}{{0,128}}+:{_IN_URL}{{3,256}}+@",
        before="",
        clued_by=r'[^/@" {}<>*$:]*:[^/@" {}<>*$]+@',
    ),
)
_BY_MARKER: Final = {rule.marker: rule for rule in _RULES}

RULE_NAMES: Final = tuple(dict.fromkeys(rule.name for rule in _RULES))
"""The names of all rules."""


def may_contain_secrets(document: bytes) -> bool:
    """Whether a document in UTF-8 contains what secrets begin with; if not, it contains no secret."""
    return _clues().isinstance_python(document)


def secrets_in(text: str) -> Iterator[SecretMatch]:
    """Yield the secrets in ``text``, which do not overlap."""
    find = _markers().search
    found = find(text)
    while found:
        rule = _BY_MARKER[found.group()]
        secret = _compiled(rule.pattern).match(text, found.start())
        if secret:
            yield SecretMatch(rule.name, secret.group())
        found = find(text, secret.end() if secret else found.start() + 1)


@cache
def _clues() -> SchemaValidator:
    """Matches documents with any clue. pydantic-core has the regular expressions of Rust, which find all at once."""
    return SchemaValidator(core_schema.str_schema(pattern="|".join(rule.clue for rule in _RULES)))


@cache
def _markers() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(rule.marker) for rule in _RULES))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)  # when it is first needed, since compiling all would delay every cold start
