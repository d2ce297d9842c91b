"""What a customer says after an answer: fixed, thanks, another complaint; and what only looks like it."""

from __future__ import annotations

import pytest

from routing.reading import SAYINGS, read_message
from routing.reading.lexicon import LANGUAGES
from routing.reading.saying import _load_phrases

SAID = {
    "fixed": [
        ("en", "It works again, thank you Ana!"),
        ("en", "ok that did the trick"),
        ("en", "The lid arrived today. Cheers"),
        ("en", "You were right, the reset helped: all good now."),
        ("en", "I did not believe it, but it works now."),
        ("de", "Läuft wieder, vielen Dank!"),
        ("de", "Der Deckel ist angekommen"),
        ("de", "Hat sich erledigt, danke euch"),
        ("fr", "C'est réglé, merci beaucoup"),
        ("fr", "Le colis est arrivé ce matin"),
        ("es", "Ya funciona, mil gracias"),
        ("es", "Por fin llegó el pedido"),
        ("pt", "Deu certo, obrigada!"),
        ("pt", "Já chegou, valeu"),
        ("it", "Tutto risolto, grazie"),
        ("it", "Il pacco è arrivato"),
        ("nl", "Hij doet het weer, bedankt"),
        ("nl", "Het is gelukt!"),
        ("", "It works again, thank you"),
        ("en", "Now it works! Problem solved"),
        ("de", "Das Paket ist da, danke"),
    ],
    "thanks": [
        ("en", "Thank you so much, you are lovely"),
        ("en", "thanks!"),
        ("en", "🙏"),
        ("en", "❤️"),
        ("de", "Danke dir"),
        ("fr", "Merci pour votre aide"),
        ("es", "Muchas gracias por la respuesta"),
        ("pt", "Obrigado pela ajuda"),
        ("it", "Grazie mille"),
        ("nl", "Dank je wel"),
    ],
    "complains": [
        ("en", "It still does not work and nobody answers. Terrible."),
        ("en", "Thanks for nothing, still waiting for my refund, awful service"),
        ("de", "Funktioniert immer noch nicht, eine Frechheit, ich warte seit Wochen"),
        ("fr", "Toujours pas reçu mon colis, c'est inadmissible"),
        ("es", "Sigue sin funcionar, nadie responde, qué vergüenza"),
        ("pt", "Até agora nada, péssimo atendimento"),
        ("it", "Non funziona ancora, una vergogna, nessuno risponde"),
        ("nl", "Nog steeds geen antwoord, belachelijk"),
    ],
    "": [
        ("en", "Is it fixed?"),
        ("en", "It arrived today, in the wrong size"),
        ("en", "Do you know how it works"),
        ("de", "Was ist da los"),
        ("nl", "Het pakket is binnen drie dagen beloofd"),
        ("fr", "Il est arrivé un problème"),
        ("en", "Please write when it works again"),
        ("en", "I will be glad once it is fixed"),
        ("en", "You said it is fixed"),
        ("en", "I tried all three, none of it worked"),
        ("en", "Which lid fits the small kettle?"),
        ("en", "Thanks, could you send me the number?"),
        ("en", ""),
        ("de", "Wann geht es wieder?"),
        ("de", "Das geht wieder nicht"),
        ("de", "Sobald es behoben ist, melde ich mich"),
        ("fr", "Quand ça marche, je vous le dis"),
        ("es", "No está resuelto"),
        ("pt", "Ainda não chegou hoje"),
        ("it", "Non è arrivato"),
        ("nl", "Het is niet opgelost"),
        ("nl", "Werkt weer niet"),
        ("ja", "ありがとうございます"),
    ],
}


@pytest.mark.parametrize("said", SAID)
def test_what_is_said_in_every_language(said):
    wrong = [
        (language, text, read_message(text, language=language).said)
        for language, text in SAID[said]
        if read_message(text, language=language).said not in ({said} if said else {"", "complains"})
    ]
    assert wrong == []


def test_every_language_has_its_phrases_and_every_saying_a_case():
    assert {language for language in LANGUAGES if _load_phrases(language).fixed} == set(LANGUAGES)
    assert {said for said in SAID if said} == set(SAYINGS)


def test_spam_says_nothing_and_length_costs_nothing():
    assert read_message("it is fixed " * 20_000, language="en").said == "fixed"
    assert read_message("onlyfans adf ly it works again thanks", language="en").said == ""
