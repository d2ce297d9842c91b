import pytest

from routing.reading import languages
from routing.reading.languages import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my parcel? I have been waiting for a week now.", "en"),
        ("Wo bleibt mein Paket? Ich warte seit einer Woche darauf.", "de"),
        ("¿Dónde está mi paquete? Llevo una semana esperando.", "es"),
        ("@merkurshop https://t.co/abc Waar blijft mijn pakketje nou weer?", "nl"),
        ("WHERE IS MY PARCEL I HAVE BEEN WAITING FOR A WEEK", "en"),
        ("荷物がまだ届きません。どうなっていますか、教えてください。", "ja"),
        ("ok", ""),
        ("Wo bleibt die Kanne?", "de"),
        # Names and places are of no language, and the model guesses one.
        ("Paulo Teixeira", ""),
        ("Hans Meier Bau", ""),
        ("", ""),
        ("@brand @other https://example.org/where/is/my/parcel", ""),
        ("12345 67890 12345 67890", ""),
    ],
)
def test_the_language_of_a_text(text, language):
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["\ud800" * 50, "\n" * 100, "x" * 100_000, "\u202e" * 99, "😀" * 99])
def test_no_text_is_too_strange(text):
    assert isinstance(detect_language(text), str)


def test_a_model_that_fails_costs_nothing(monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("model")

    monkeypatch.setattr(languages, "_load_detector", lambda: fail)
    assert detect_language("Where is my parcel? I have been waiting.") == ""
