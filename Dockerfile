# How to renew a digest: CONTRIBUTING.md, "Changing images". Both stages need the same one.
FROM python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS build
WORKDIR /app
COPY requirements-production.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-production.lock

FROM python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
RUN useradd --system --uid 10001 --home-dir /app horseshoe
WORKDIR /app
COPY --from=build /venv /venv
# What may come in is listed in .dockerignore.
COPY . .
# Writable is only what is in memory, /tmp: the file system of a container is read-only (docker-compose.yml).
# PYTHONTZPATH is empty so that time zones come from the pinned package, not from the files of the image.
ENV PATH=/venv/bin:$PATH PYTHONTZPATH= PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=config.settings
# The manifest of static files needs no database and no secret: settings load in tooling mode.
RUN python manage.py collectstatic --noinput
USER horseshoe
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--loop", "uvloop", "--http", "config.serving.protocol:ClientProtocol", "--timeout-graceful-shutdown", "3", "--no-access-log", "--no-proxy-headers"]
