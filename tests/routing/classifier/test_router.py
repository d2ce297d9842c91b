"""The learned router as numbers: it learns, says how sure it is, never does worse than the rules, is stored safely."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.testing.quick import scale_examples
from routing.classifier import scoring
from routing.classifier.arrays import feature_weights, kernel_matrix, pack_rows, score_rows, transpose_rows
from routing.classifier.cross_validation import choose_strength
from routing.classifier.features import (
    FeatureSpace,
    Votes,
    build_feature_space,
    count_features,
    message_words,
    sign_features,
)
from routing.classifier.fitting import RegressionProblem, fit_regression
from routing.classifier.hints import likeness_weights, rule_phrases
from routing.classifier.measuring import LabelledMessage, measure_learning_curve, split_messages
from routing.classifier.router import BadArrays, Guess, Router, belief_scores, unpack_router
from routing.classifier.stop_words import stop_words
from routing.classifier.training import (
    MIN_EXAMPLES,
    TooFewExamples,
    train_router,
)
from routing.classifier.training_data import Example, build_training_data
from routing.conditions.word_lists import inline_word_lists
from routing.learning.active import ActiveRouter
from routing.learning.example_facts import facts_of_text
from routing.learning.votes import HELD_OUT_FROM, held_out_votes, training_votes
from routing.rules.engine import compile_rules
from routing.rules.starter import starter_snapshot
from tests.routing.classifier.examples import PATTERNS, examples

SILENT = Votes("service", by_default=True)
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="module")
def trained():
    return train_router(examples(90))


# Numbers


def test_the_kernel_is_every_row_times_every_row():
    rng = np.random.default_rng(3)
    dense = (rng.random((70, 30)) * (rng.random((70, 30)) < 0.8)).astype(np.float32)
    dense[:, 20:] *= rng.random((70, 10)) < 0.05
    rows = pack_rows(([(at, value) for at, value in enumerate(row) if value] for row in dense), 30)
    held = transpose_rows(rows)
    assert np.allclose(kernel_matrix(held), dense @ dense.T, atol=1e-5)
    share = rng.random((70, 4)).astype(np.float32)
    assert np.allclose(feature_weights(held, share), dense.T @ share, atol=1e-4)
    assert np.allclose(score_rows(rows, dense.T @ share), dense @ dense.T @ share, atol=1e-3)


def test_the_fit_ends_where_the_gradient_is_nothing():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(40, 6)).astype(np.float32)
    targets = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 40)]
    weights = rng.random(40).astype(np.float32)
    offset = rng.normal(size=(40, 3)).astype(np.float32)
    problem = RegressionProblem(x @ x.T, targets, weights, offset, 0.5)
    share, scores = fit_regression(problem)
    assert np.allclose(scores, problem.kernel @ share, atol=1e-3)
    total = offset + x @ (x.T @ share)
    chances = np.exp(total) / np.exp(total).sum(axis=1, keepdims=True)
    gradient = x.T @ (weights[:, None] * (chances - targets)) + 0.5 * x.T @ share
    assert np.abs(gradient).max() < 0.02


def test_rows_that_weigh_nothing_teach_nothing():
    x = np.eye(4, dtype=np.float32)
    targets = np.eye(2, dtype=np.float32)[[0, 0, 1, 1]]
    zero = np.zeros((4, 2), np.float32)
    share, _ = fit_regression(
        RegressionProblem(x @ x.T, targets, np.asarray([1, 1, 1, 0], np.float32), zero, 0.1)
    )
    assert np.all(share[3] == 0)
    assert share[0, 0] > 0


# Features


def test_links_names_and_figures_are_signs():
    assert message_words("@Acme see https://t.co/x1 order 123") == ("✉", "see", "↗", "order", "000")


def test_what_a_message_looks_like_counts_in_any_language():
    said = Votes("service", by_default=True, sentiment="negative")
    assert set(sign_features("@acme #help ¿Dónde está mi pedido 123? https://t.co/x", said)) == {
        "sign addressed",
        "sign asks",
        "sign figures",
        "sign hashtag",
        "sign link",
        "sign names somebody",
        "length 12",
        "sentiment negative",
    }
    assert set(sign_features("", SILENT)) == {"length 6"}
    assert {"sign asks", "sign ends asking"} <= set(sign_features("什么时候？", SILENT))
    assert "sign several sentences" in sign_features("One. Two is here. And three", SILENT)
    assert "length more" in sign_features("word " * 30, SILENT)


def test_what_a_message_looks_like_is_learned_where_no_word_is_shared():
    known = [
        Example(f"{word}{'!' if at % 2 else '?'}", "marketing" if at % 2 else "service", SILENT)
        for at, word in enumerate(f"w{chr(97 + at % 26)}{chr(97 + at // 26)}q" for at in range(60))
    ]
    router = train_router(known).router
    assert router.guess("日本!", SILENT)[0].department == "marketing"
    assert router.guess("日本?", SILENT)[0].department == "service"


def test_rules_written_beside_the_messages_are_not_believed_too_much():
    """From `TELLING` messages on a rule for one of them alone does not vote on it; a rule for two does."""
    wording = {"field": "words", "any": ["zebra", "apple"]}
    snapshot = {
        **starter_snapshot(),
        "rules": [{"key": "k", "name": "k", "department": "hr", "condition": wording}],
    }
    rules = compile_rules(snapshot)
    facts = [
        facts_of_text(text)
        for text in ["a zebra", "an apple", "one apple", *["nothing"] * (HELD_OUT_FROM - 3)]
    ]
    assert [one.by_default for one in training_votes(facts, rules)[:4]] == [True, False, False, True]
    assert [one.by_default for one in training_votes(facts[:4], rules)] == [False, False, False, True]


def test_only_the_beginning_of_a_giant_text_costs_anything():
    assert len(count_features("word " * 1_000_000)) < 200


@settings(max_examples=scale_examples(150))
@given(st.text(max_size=400), st.sampled_from(["service", "billing", "unheard-of", ""]), st.booleans())
def test_a_guess_is_total_and_adds_up(trained, text, department, by_default):
    said = Votes(department, by_default, () if by_default else ((department, "some-key"),))
    guesses = trained.router.guess(text, said)
    assert {one.department for one in guesses} == set(trained.router.departments)
    assert abs(sum(one.probability for one in guesses) - 1) < 1e-6
    assert guesses == sorted(guesses, key=lambda one: -one.probability)
    assert guesses == trained.router.guess(text, said)
    assert len(trained.router.reasons(text, said, department)) <= 3


# Learning


def test_it_learns_what_the_rules_do_not_know(trained):
    best = trained.router.guess("you took 40 euros from my card", SILENT)[0]
    assert (best.department, best.probability > 0.6) == ("billing", True)
    assert trained.is_better
    assert trained.metrics["accuracy"] > 0.9 > trained.metrics["rules_accuracy"]
    assert trained.metrics["by_department"] == dict.fromkeys(PATTERNS, 30)


def test_it_names_the_words_that_spoke_for_it(trained):
    assert "euros" in " ".join(trained.router.reasons("you took 40 euros from me", SILENT, "billing"))
    assert trained.router.reasons("you took 40 euros from me", SILENT, "nowhere") == ()


def test_words_that_say_nothing_are_no_reason(trained):
    """Every word speaks for billing here; only those that say something are named, in each language."""
    texts = {
        "can you please take it back to me, you took euros": {"took", "euros", "take"},
        "ich habe das nicht bekommen, bitte die Erstattung": {"bekommen", "erstattung"},
        "perché non avete fatto il rimborso a noi": {"rimborso", "fatto"},
        "por favor, todavía no me han hecho la devolución": {"hecho", "devolucion"},
        "is it you or me?": set(),
    }
    for text, meant in texts.items():
        names = {name: number for number, name in enumerate(count_features(text))}
        weights = np.array([[1.0, 0.0]] * len(names) + [[0.0, 0.0]], np.float32)
        space = FeatureSpace(names, [1.0] * len(names), {})
        reasons = Router(("billing", "service"), space, weights, 1.0).reasons(text, SILENT, "billing")
        named = set(" ".join(reasons).split())
        assert named <= meant and bool(named) == bool(meant), (text, reasons)


def test_stop_words_are_read_whole():
    assert {"the", "nicht", "vous", "gracias", "perche", "niet", "obrigado", "domingo"} <= stop_words()


def test_the_same_examples_give_the_same_router(trained):
    again = train_router(examples(90))
    assert again.router.pack() == trained.router.pack()


def test_with_a_rule_that_holds_it_takes_much_to_think_otherwise():
    sure = belief_scores(Votes("billing", by_default=False), ("billing", "service", "tech"))
    unsure = belief_scores(Votes("billing", by_default=True), ("billing", "service", "tech"))
    assert sure[0] - sure[1] > unsure[0] - unsure[1] > 0


def test_what_is_worse_than_the_rules_is_said_to_be_and_what_is_better_too():
    """The rules are right about two thirds; scores for and against the truth stand in for what folds found."""
    known = examples(
        60, votes=lambda department: Votes("tech" if department == "billing" else department, True)
    )
    data = build_training_data(known, [])
    for sign, expected in ((-50, False), (50, True)):
        _, is_better = choose_strength(data, [sign * data.targets])
        assert is_better is expected


def test_where_learning_adds_nothing_the_rules_stay_what_they_are():
    """Texts that say nothing beside rules that are always right: whatever is used of them is not worse."""
    right = examples(90, votes=lambda department: Votes(department, False, ((department, "k"),)))
    found = train_router(
        [Example(f"word{at % 7}", one.department, one.votes) for at, one in enumerate(right)]
    )
    assert found.metrics["accuracy"] == found.metrics["rules_accuracy"] == 1.0
    assert found.is_better


def test_too_little_teaches_nothing():
    with pytest.raises(TooFewExamples, match=str(MIN_EXAMPLES)):
        train_router(examples(MIN_EXAMPLES - 1))
    with pytest.raises(TooFewExamples, match="one department"):
        train_router([Example("x", "billing", SILENT)] * MIN_EXAMPLES)


def test_a_department_with_one_example_breaks_nothing():
    found = train_router([*examples(40), Example("is there a job for me", "hr", SILENT)])
    assert "hr" in found.router.departments


def test_empty_texts_break_nothing():
    found = train_router([Example("", one.department, one.votes) for one in examples(30)])
    assert found.router.guess("", SILENT)


def test_the_rules_words_speak_where_no_rule_holds():
    snapshot = {
        "rules": [
            {
                "department": "billing",
                "condition": {"any": [{"field": "words", "any": ["refund*", "charged twice"]}]},
            },
            {"department": "tech", "enabled": False, "condition": {"field": "words", "any": ["crash"]}},
            {"department": "tech", "condition": {"all": [{"field": "words", "any": ["black screen"]}]}},
        ]
    }
    hints = rule_phrases(snapshot)
    assert hints == [("refund", "billing"), ("charged twice", "billing"), ("black screen", "tech")]
    features = build_feature_space(["nothing at all"], (phrase for phrase, _ in hints), [SILENT])
    weights = likeness_weights(features, hints, ["billing", "service", "tech"])
    scores = score_rows(
        pack_rows([features.feature_row("refunded at last", SILENT)], features.width), weights
    )[0]
    assert scores[0] > scores[2]
    assert scores[1] == 0


# Storage


def test_a_stored_router_says_what_it_said(trained):
    again = unpack_router(trained.router.pack())
    assert again.guess("the lamp is late", SILENT) == trained.router.guess("the lamp is late", SILENT)


def test_pickles_and_other_bytes_are_refused():
    ran = []

    class Bomb:
        def __reduce__(self):
            return ran.append, ("boom",)

    written = io.BytesIO()
    np.savez(written, meta=np.asarray([Bomb()], dtype=object), rarity=np.zeros(1), weights=np.zeros((1, 1)))
    for stored in (written.getvalue(), pickle.dumps(Bomb()), b"", b"PK\x03\x04", b"\x80\x04."):
        with pytest.raises(BadArrays):
            unpack_router(stored)
    assert not ran


def test_arrays_that_do_not_fit_are_refused(trained):
    with np.load(io.BytesIO(trained.router.pack())) as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    kept["weights"] = kept["weights"][:-1]
    written = io.BytesIO()
    np.savez(written, **kept)
    with pytest.raises(BadArrays, match="fit"):
        unpack_router(written.getvalue())


@pytest.mark.slow
def test_no_process_loads_numpy_before_it_asks_the_router():
    code = "import django,sys; django.setup(); import inbox.tasks, config.urls, routing.learning.trainings; print('numpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


# Figures


def test_figures_are_those_of_the_textbook():
    right, named = ["a", "a", "b", "c"], ["a", "b", "b", "a"]
    assert scoring.accuracy(right, named) == 0.5
    assert scoring.macro_f1(right, named) == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    assert scoring.count_confusion(right, named) == {
        "departments": ["a", "b", "c"],
        "rows": [[1, 1, 0], [0, 1, 0], [1, 0, 0]],
    }
    assert scoring.count_decided([("a", "a", 0.9), ("b", "a", 0.8), ("a", "a", 0.2)], "a", 0.5) == (2, 1)


def test_a_draw_has_every_department_and_leaves_the_rest():
    messages = [LabelledMessage(one) for one in examples(90)]
    chosen, rest = split_messages(messages, 30, 4)
    assert (len(chosen), len(rest)) == (30, 60)
    assert {one.example.department for one in chosen} == set(PATTERNS)
    assert split_messages(messages, 30, 4) == (chosen, rest)


def test_the_curve_says_rules_and_learned():
    found = measure_learning_curve(
        [LabelledMessage(one, in_slice=at % 2 == 0) for at, one in enumerate(examples(150))],
        [],
        [30, 60, 9999],
        2,
    )
    assert [point["corrections"] for point in found["curve"]] == [30, 60]
    last = found["curve"][-1]
    assert last["learned"]["macro_f1"] > last["rules"]["macro_f1"]
    assert {"best_two", "surest_40", "ms_per_message", "train_seconds", "slice_learned"} <= set(last)


@pytest.mark.skipif(not DATA.exists(), reason="the labelled messages are not here")
@pytest.mark.slow
def test_two_hundred_corrections_beat_the_rules_on_real_messages():
    from routing.files.examples import read_labelled_rows

    snapshot = inline_word_lists(starter_snapshot())
    rules = compile_rules(snapshot)
    rows = list(read_labelled_rows(DATA / "routing.dev.csv"))
    said = held_out_votes([facts_of_text(one.text) for one in rows], rules)
    messages = [
        LabelledMessage(Example(row.text, row.department, vote)) for row, vote in zip(rows, said, strict=True)
    ]
    few, more = measure_learning_curve(messages, rule_phrases(snapshot), [50, 200], 2)["curve"]
    (many,) = measure_learning_curve(messages, rule_phrases(snapshot), [1000], 1)["curve"]
    assert few["learned"]["macro_f1"] >= few["rules"]["macro_f1"]
    assert few["learned"]["accuracy"] >= few["rules"]["accuracy"]
    assert more["learned"]["macro_f1"] >= more["rules"]["macro_f1"] + 0.06
    assert many["learned"]["macro_f1"] >= 0.72
    assert many["ms_per_message"] < 10


@pytest.mark.slow
def test_with_few_corrections_the_rules_are_overruled_only_by_what_is_clear():
    few, more, many = (train_router(examples(count)).router for count in (50, 400, 1000))
    assert few.loyalty == pytest.approx(0.5)
    assert 0 < more.loyalty < few.loyalty
    assert many.loyalty == 0
    votes = Votes(few.departments[0], True)
    bare = replace(few, loyalty=0.0)
    named = {one.department: one.probability for one in few.guess("Where is it", votes)}
    before = {one.department: one.probability for one in bare.guess("Where is it", votes)}
    assert named[votes.department] > before[votes.department]


def test_loyalty_is_stored_and_older_versions_have_none():
    router = train_router(examples(50)).router
    assert unpack_router(router.pack()).loyalty == router.loyalty
    with np.load(io.BytesIO(router.pack())) as arrays:
        held = dict(arrays)
    meta = json.loads(bytes(held["meta"]))
    del meta["loyalty"]
    written = io.BytesIO()
    np.savez(written, **held | {"meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)})
    assert unpack_router(written.getvalue()).loyalty == 0.0


def test_it_overrules_no_rule_but_one_that_people_say_is_wrong_more_often_than_right():
    by_rule = {"right": (3, 4), "wrong": (1, 4), "even": (2, 4), "hardly_known": (0, 2)}
    active = ActiveRouter(1, types.SimpleNamespace(), {"billing": 0.8}, by_rule)

    def decides(votes, probability=0.99):
        return active.may_decide_alone(Guess("billing", probability), votes)

    overruled = {key for key in (*by_rule, "unknown") if decides(Votes("tech", False, (("tech", key),)))}
    assert overruled == {"wrong"}
    assert decides(Votes("service", True), 0.8)
    assert not decides(Votes("service", True), 0.79)
