import pytest

from inbox.models import Custody, Direction
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    ReplyFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_a_reply_belongs_to_the_case_of_its_parent():
    reply = ReplyFactory()
    assert reply.case == reply.parent.case
    assert reply.brand_account == reply.case.brand_account


def test_a_case_has_one_holder():
    case = CaseFactory()
    assert Custody.objects.get(case=case, left_at=None).department == case.department


def test_a_user_works_where_the_test_says():
    department, brand = DepartmentFactory(), BrandAccountFactory()
    user = UserFactory(departments=[department], publishes=[brand])
    assert list(user.departments.all()) == [department]
    assert user.grants.get().can_publish
    assert user.check_password("correct horse battery")


def test_an_outbound_message_has_no_identity():
    message = MessageFactory(outbound=True)
    assert message.direction == Direction.OUTBOUND
    assert message.identity is None
