"""What is read from a text alone: its words in any script, emoji only, how many words."""

from __future__ import annotations

import pytest

from routing.letters import fold_text
from routing.text import _TOKEN, count_words, is_emoji_only, parse_phrase, tokenize


@pytest.mark.parametrize("text", ["🔥", "😍😍 ❤️", "@brand 🔥", "👨‍👩‍👧", "🇩🇪!!", "👍🏽", "1️⃣ 🔥"])
def test_nothing_but_emoji(text):
    assert is_emoji_only(text)


@pytest.mark.parametrize("text", ["", "!!!", "ok 🔥", "7 🔥", "é", "@brand", "退款 🔥", ":-)"])
def test_more_than_emoji(text):
    assert not is_emoji_only(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("@brand where is my parcel?", 4),
        ("I can't, it's well-known", 4),
        ("look https://t.co/abc 🔥", 1),
        ("退款", 2),
        ("7 days", 2),
        ("मेरा पैसा कब वापस आएगा", 5),
        ("আমার টাকা কোথায়", 3),
        ("أين طَلَبِي؟", 2),
        ("kettle-club.com is down", 2),
    ],
)
def test_words_are_counted_without_handles_and_links(text, count):
    assert count_words(text) == count


def test_plain_text_is_cut_as_any_other_text_would_be():
    text = "Hello_there I'm @brand: #1 charged TWICE!! http://a.b/c?d=e_f 9.50"
    assert tokenize(text) == tuple(_TOKEN.findall(fold_text(text)))


def occurs(word, text):
    """Return whether the word of a rule is among the words of a text."""
    return f" {parse_phrase(word)[0]} " in f" {' '.join(tokenize(text))} "


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("पैसा", "मेरा पैसा वापस करो"),
        ("টাকা", "আমার টাকা কোথায়"),
        ("பணம்", "என் பணம் எங்கே"),
        ("ເງິນ", "ຂໍເງິນຄືນ"),
        ("เงิน", "ขอเงินคืนด้วย"),
        ("ပိုက်ဆံ", "ကျွန်တော့်ပိုက်ဆံပြန်ပေးပါ"),
        ("លុយ", "សូមសងលុយខ្ញុំ"),
        ("退货", "我想退货可以吗"),
        ("طلب", "أين طَلَبٌ رقم ٥"),
        ("تأخر", "تـــأخّر كثيرا"),
        ("احمد", "أنا أحمد"),
        ("کتاب", "كتاب"),
        ("תודה", "תּוֹדָה רבה"),
        ("kettle", "ｋｅｔｔｌｅ"),
        ("kettle", "𝐤𝐞𝐭𝐭𝐥𝐞"),
        ("kettle", "ket\u00adtle"),
        ("fluff", "ﬂuﬀ everywhere"),
        ("œuvre", "OEUVRE"),
        ("smorrebrod", "smørrebrød"),
        ("gross", "Groß"),
        ("зеленый", "Зелёный"),
        ("ガス", "ｶﾞｽが出ない"),
        ("order 512", "order ५१२"),
        ("cafe\u0301", "café"),
    ],
)
def test_a_word_is_the_same_however_it_is_written(word, text):
    assert occurs(word, text)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("पैसा", "पास से"),
        ("कल", "काल कील कुल"),
        ("বই", "বাই"),
        ("ငွေ", "ငါ့"),
        ("มา", "ม้า"),
        ("ກາ", "ກ້າ"),
        ("خير", "سيتم تأخير الرحلة"),
        ("سال", "عندي سؤال"),
        ("را", "هذا رأي"),
        ("かき", "かぎがない"),
        ("ヘン", "ペンが折れた"),
        ("kettle", "kettles"),
    ],
)
def test_no_word_is_found_in_another(word, text):
    assert not occurs(word, text)


@pytest.mark.parametrize(
    "text", ["\u093f\u093e", "\u0e31\u0e49", "\u3099", "ـــ", "\u0654", "\U000e0100", "￿", "\ud800"]
)
def test_marks_alone_are_no_error(text):
    assert tokenize(text) == tokenize(fold_text(text))
