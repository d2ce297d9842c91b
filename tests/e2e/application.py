"""The product's ASGI application with the static files straight from their folders."""

from __future__ import annotations

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

from config.asgi import application as product

application = ASGIStaticFilesHandler(product)
