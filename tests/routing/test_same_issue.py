import pytest

from routing.issues.same_issue import explain_other_issue, merge_subjects
from routing.issues.subjects import read_subjects


@pytest.mark.parametrize(
    ("earlier", "post", "why"),
    [
        ("Where is my parcel?", "You charged me twice", "it is about payments, not deliveries"),
        ("Where is my parcel?", "Another question: do you open on Sundays?", "it starts a new subject"),
        ("The tuba is out of tune", "The battery is swollen, and it smells of gas", "it is about safety"),
        ("The tuba is out of tune", "Are your biscuits vegan?", "it is about ingredients"),
        ("The tuba is out of tune", "Does that happen often?", ""),
        ("The tuba is out of tune", "It is the one from May", ""),
        ("Can somebody help me?", "My parcel is late", ""),
        ("Where is parcel KH77123?", "I want my money back for KH77123", ""),
        ("", "", ""),
    ],
)
def test_what_parts_two_posts(earlier, post, why):
    assert explain_other_issue(merge_subjects([earlier]), read_subjects(post)) == why
