"""Static files beside pages: served by both handlers, at no cost for pages."""

from __future__ import annotations

import asyncio

import asgiref.sync
import pytest
from django.http import HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from config.serving.pages import PageHandler
from tests.config.test_pages import ask, body_of

urlpatterns = [path("page/", lambda request: HttpResponse("a page"))]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def collected(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text("body{}")
    middleware = ["config.middleware.readable_text_only", "config.middleware.static_files"]
    with override_settings(MIDDLEWARE=middleware, STATIC_ROOT=tmp_path, ALLOWED_HOSTS=["*"]):
        yield tmp_path


def test_files_and_pages_are_served_in_a_thread(collected):
    answers = [
        asyncio.run(ask(PageHandler(threads=1), address)) for address in ("/static/css/a.css", "/page/")
    ]
    assert [events[0]["status"] for events in answers] == [200, 200]
    assert [body_of(events) for events in answers] == [b"body{}", b"a page"]


def test_files_and_pages_are_served_in_the_loop(collected):
    async def both():
        file, page = [await AsyncClient().get(address) for address in ("/static/css/a.css", "/page/")]
        return b"".join([part async for part in file]), page.content

    assert asyncio.run(both()) == (b"body{}", b"a page")


def test_a_page_changes_to_no_event_loop(collected, monkeypatch):
    def changed(*_):
        raise AssertionError("A page went through an event loop.")

    client = Client()
    assert client.get("/page/").content == b"a page"
    monkeypatch.setattr(asgiref.sync.AsyncToSync, "__call__", changed)
    assert client.get("/page/").content == b"a page"
