from __future__ import annotations

from django.urls import URLPattern, path

from inbox import stream

app_name = "inbox"
urlpatterns: list[URLPattern] = [
    path("live/", stream.live, name="live"),
]
