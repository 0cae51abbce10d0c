# The production image: the wheel, its locked requirements, the clinic's files. No sandbox, no compiler, no root.
#
# Layout: the environment in /opt/homeward, the clinic's facts, pages and static files in /srv/homeward, named by
# HOMEWARD_CONFIG_DIR and its like, so that a clinic may mount its own config there.

FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/homeward
# Requirements first: they change less often than the code, and their layer is kept.
COPY requirements/runtime.txt requirements/build.txt requirements/
RUN /opt/homeward/bin/pip install --require-hashes -r requirements/runtime.txt \
 && pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md ./
COPY config config
COPY service service
COPY workers workers
# .dockerignore keeps the sandbox out of the context; a builder that does not read it must not bring it back.
RUN rm -rf service/sandbox \
 && sed -i '/"service\.sandbox/d' pyproject.toml \
 && pip wheel --no-build-isolation --no-deps --no-index --wheel-dir /wheel . \
 && /opt/homeward/bin/pip install --no-deps --no-index /wheel/*.whl \
 && cd / \
 && /opt/homeward/bin/python -c "import importlib.util; import service.app; assert importlib.util.find_spec('service.sandbox') is None" \
 && ! /opt/homeward/bin/homeward sandbox --help 2>/dev/null

# pg_dump and pg_restore of the very version that docker-compose.yml runs as server, with the libraries they need and this
# Debian lacks: both images stand on the same one. A wrapper names those libraries to these two programs only.
FROM postgres:18.4-bookworm AS postgres
RUN mkdir -p /client/lib /client/programs /client/bin \
 && for name in pg_dump pg_restore; do \
        program=/usr/lib/postgresql/18/bin/$name \
        && cp "$program" /client/programs/ \
        && ldd "$program" | awk '$3 ~ /^\// && $1 !~ /^lib(c|m|dl|rt|pthread|resolv)\.so/ {print $3}' \
            | xargs -I {} cp -L {} /client/lib/ \
        && printf '#!/bin/sh\nLD_LIBRARY_PATH=/opt/postgres/lib exec /opt/postgres/programs/%s "$@"\n' "$name" \
            > "/client/bin/$name" \
        && chmod 755 "/client/bin/$name"; \
    done

FROM python:3.12-slim-bookworm
COPY --from=postgres /client /opt/postgres
COPY --from=build /opt/homeward /opt/homeward
COPY config /srv/homeward/config
COPY templates /srv/homeward/templates
COPY service/static /srv/homeward/static
ENV PATH=/opt/homeward/bin:/opt/postgres/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOMEWARD_CONFIG_DIR=/srv/homeward/config \
    HOMEWARD_TEMPLATES_DIR=/srv/homeward/templates \
    HOMEWARD_STATIC_DIR=/srv/homeward/static \
    WEB_CONCURRENCY=2
WORKDIR /tmp
# Where volumes for the anchors of the audit trail and for copies go: the two folders that are not root's.
RUN install -d -o 10001 -g 10001 -m 0750 /var/lib/homeward/audit /var/lib/homeward/copies \
 && pg_dump --version && pg_restore --version
# By number, so that an orchestrator can see it is not root. It owns nothing else in the image.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
# Heartbeat files in memory: a busy disk must not look like a dead worker. No control socket: nothing here uses it.
# No access log: addresses carry the tokens of patients' links, and the app logs what it needs.
CMD ["gunicorn", "service.app:create_app()", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--threads", "4", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--graceful-timeout", "30"]
