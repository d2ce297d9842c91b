"""Texts with the length that X counts, for the server, the browser and the simulator."""

LENGTHS = [
    ("", 0),
    ("plain words", 11),
    ("日本語", 6),
    ("e\u0301", 1),
    # The sign of an emoji, where it is needed, where it is needless, and where it makes no emoji.
    ("☕️ at ⭐️⭐️⭐️", 12),
    ("⚡️⚽️⛔️⚪️❗️⌛️", 12),
    ("❤️ ☎️ ✈️", 8),
    ("❤ ☎ ✈", 8),
    ("🔥\ufe0f", 4),
    ("⭐\ufe0e", 4),
    ("a\ufe0f", 3),
    # Letters, until the sign makes them emoji.
    ("Fern & Kettle™ © 2026 ®", 24),
    ("©️®️", 4),
    # Flags, and what is none.
    ("🇳🇴🇸🇪🇫🇮", 6),
    ("🇦🇦", 4),
    ("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", 2),
    ("🏳️‍🌈", 2),
    # Keycaps, with and without the sign.
    ("4️⃣#️⃣*️⃣", 6),
    ("4⃣", 2),
    ("4 #", 3),
    # People, skin tones, families.
    ("👍🏽👩🏾‍🚒🤷‍♀️", 6),
    ("👨‍👩‍👧‍👦", 2),
    ("😀🏽", 4),
    ("👍🏽 and 👍 and 👩‍🚒", 16),
    # Links, with and without http, and words with dots.
    ("https://example.com/" + "x" * 200, 23),
    ("see kettle.example.com now", 31),
    ("Hello kettle.shop/lids?size=9, thanks", 37),
    ("Thanks.That was quick", 21),
    ("node.js e.g. v1.2.3 a.m.", 24),
    ("info@kettle.com", 15),
    ("@kettle.com #kettle.com", 23),
    ("(https://kettle.com/a).", 26),
    ("siehe kettle.com。ありがとう", 41),
    ("日本語.jp is not seen without http", 34),
    ("http://日本語.jp is", 26),
    ("http://" + "k" * 64 + ".com", 75),
    ("https://t.co/abc123/more", 28),
    ("kettle.com and KETTLE.DE and lid.kettle.co.uk", 79),
    ("½ ÷ × … “q” —", 14),
    ("a\nb", 3),
]

#: Emoji that are newer than twitter-text: X counts them as one all the same.
NEWER = [("🫶🏿", 2), ("❤️‍🔥", 2), ("🏳️‍⚧️", 2), ("🐻‍❄️", 2)]
