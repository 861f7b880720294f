# The API, which also migrates the database; and, with --target front or pgbouncer, what stands
# before it and behind it. All stand on one Debian, which gives Python, nginx and pgBouncer their
# security updates.
FROM docker.io/library/debian:trixie-slim AS debian
ENV LANG=C.UTF-8


FROM debian AS pgbouncer
RUN apt-get update \
    && apt-get install --yes --no-install-recommends pgbouncer \
    && rm -rf /var/lib/apt/lists/*
COPY deploy/pgbouncer.ini deploy/pgbouncer.sh /deploy/
# Where the password goes: mount it in memory.
RUN install -d -o postgres -m 700 /run/pool
USER postgres
EXPOSE 6432
# Ends when the running transactions have, without waiting for the clients to leave.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/6432"]
CMD ["/deploy/pgbouncer.sh", "run"]


FROM debian AS front
RUN apt-get update \
    && apt-get install --yes --no-install-recommends nginx \
    && rm -rf /var/lib/apt/lists/*
COPY deploy/front.sh deploy/nginx.conf deploy/nginx_server.conf /deploy/
# Where slow requests and answers wait: mount it in memory, or on a disk of some gigabytes.
RUN install -d -o www-data -m 700 /run/front
USER www-data
EXPOSE 8000
# Answers what it has begun, then stops.
STOPSIGNAL SIGQUIT
CMD ["sh", "/deploy/front.sh"]


FROM debian AS python
# With the certificates by which mail servers and AWS are known.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 ca-certificates \
    && rm -rf /var/lib/apt/lists/*


FROM python AS packages
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv
RUN python3 -m venv /venv
# `tracing` has OpenTelemetry too.
ARG PACKAGES=runtime
COPY requirements/${PACKAGES}.txt /packages.txt
RUN /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /packages.txt \
    && /venv/bin/pip uninstall --yes pip


FROM python AS api
RUN useradd --system --uid 10001 --user-group coalition \
    # Where volumes for mails as files, and for images, may be mounted.
    && install -d -o coalition -g coalition /mail /images
COPY --from=packages /venv /venv
WORKDIR /app
COPY manage.py ./
COPY backend backend
# The page that the type of each problem points to.
COPY docs/problems.md docs/
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
ENV DJANGO_SETTINGS_MODULE=backend.settings.production
# Production starts with nothing missing; what stands in here is used for nothing.
RUN SECRET_KEY=none ALLOWED_HOSTS=none EMAIL_URL=smtp://none DEFAULT_FROM_EMAIL=none \
        COALITION_ADDRESS=none FRONTEND_URL=none IMAGES_URL=file:///none?public_url=none \
        DATABASE_URL=postgresql://none:none@none/none \
        DATABASE_READER_URL=postgresql://none:none@none/none DATABASE_CA_BUNDLE=manage.py python manage.py collectstatic --no-input --verbosity 0 \
    && PYTHONDONTWRITEBYTECODE= python -m compileall -q backend
# A worker for each processor. Each thread of each holds a connection to the pool for each role,
# of which the pool has 20 to the database: none waits for one while others work.
ENV GRANIAN_WORKERS=2 GRANIAN_BLOCKING_THREADS=8
# The front, which shares this network, hands requests on, and says whose they are.
ENV HEALTH_PORT=8002 TRUSTED_PROXIES=127.0.0.1
USER coalition
# Answers what it has begun, then stops.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import http.client as http; api = http.HTTPConnection('127.0.0.1', 8002, timeout=2); api.request('GET', '/health/live'); raise SystemExit(api.getresponse().status != 200)"]
CMD ["granian", "--interface=wsgi", "--no-ws", "--host=127.0.0.1", "--port=8001", \
    "--workers-kill-timeout=30", "--respawn-failed-workers", "backend.wsgi:application"]
