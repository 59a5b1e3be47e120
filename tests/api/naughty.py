"""Strings that are valid and that programs stumble over: each must come back as it was sent, byte for byte."""

WORDS = ("null", "None", "NULL", "undefined", "true", "NaN", "-Infinity", "0", "-0", "1e400", "0x7f", "nil", "[]", "{}")
MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "${7*7}",
    "%(name)s %s %d",
    "{0}{name}",
    "&lt;b&gt;&amp;",
    "]]><!--",
    "javascript:alert(1)",
)
STATEMENTS = (
    "'; DROP TABLE log.event; --",
    "' OR '1'='1",
    "1); DELETE FROM log.event; --",
    "\\'; SELECT pg_sleep(9); --",
    "$$ SELECT 1 $$",
    "%%_%",
    "E'\\\\x00'",
)
FORMULAS = ("=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(1)", '=HYPERLINK("http://x","y")')
LETTERS = (
    "Zoë Müller-Ångström",
    "e\u0301 is not \u00e9",  # the same to the eye
    "\u202eright to left\u202c",
    "שלום עולם",
    "مرحبا بالعالم",
    "田中さん、こんにちは。",
    "👩‍👩‍👧‍👦 and 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "zero\u200bwidth\u200djoiner\ufeff",
    "Z̸̢͎͝a̷l̴g̶o̵",
    "ﬀ ﬁ ﬂ İ ı ſ ß",
    "\U0010ffff\U000e0001",
    "\x01\x02\x1f\x7f\x85\u2028\u2029",
)
SPACES = ("line\nfeed", "carriage\rreturn", "\r\n\r\n", "tab\there", "a\u00a0b\u3000c", "back\\slash\\n", "\"'`´")
STRINGS = (*WORDS, *MARKUP, *STATEMENTS, *FORMULAS, *LETTERS, *SPACES)
