# The API, which also migrates the database; and, with --target front or pgbouncer, what stands
# before it and behind it. All stand on one Debian, which gives Python, nginx and pgBouncer their
# security updates.
#
# Built twice with the same SOURCE_DATE_EPOCH, a base by its digest and the same Debian packages, they
# are the same, byte for byte: docs/deployment.md#images-of-a-release. All run with a file system that
# they cannot write to, but for their volume.
ARG DEBIAN=docker.io/library/debian:trixie-slim


FROM ${DEBIAN} AS debian
ENV LANG=C.UTF-8
# The day of the last change of a password, which is in /etc/shadow, is that day too.
ARG SOURCE_DATE_EPOCH
RUN useradd --system --uid 10001 --user-group --no-log-init coalition \
    && rm -f /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow-


FROM debian AS pgbouncer
ARG SOURCE_DATE_EPOCH
RUN apt-get update \
    && apt-get install --yes --no-install-recommends pgbouncer \
    # A key that it has made is another one each time, and no secret.
    && rm /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem \
    && find /etc/ssl/certs -lname ssl-cert-snakeoil.pem -delete \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
COPY deploy/pgbouncer.ini deploy/pgbouncer.sh /deploy/
# Where the passwords go: mount it in memory, if you can.
RUN install -d -o 10001 -g 10001 -m 700 /run/pool
VOLUME /run/pool
USER 10001:10001
EXPOSE 6432
# Ends when the running transactions have, without waiting for the clients to leave.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/6432"]
CMD ["/deploy/pgbouncer.sh", "run"]


FROM debian AS front
ARG SOURCE_DATE_EPOCH
RUN apt-get update \
    && apt-get install --yes --no-install-recommends nginx \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
COPY deploy/front.sh deploy/nginx.conf deploy/nginx_server.conf /deploy/
# Where slow requests and answers wait: mount it in memory, or on a disk of some gigabytes.
RUN install -d -o 10001 -g 10001 -m 700 /run/front
VOLUME /run/front
USER 10001:10001
EXPOSE 8000
# Answers what it has begun, then stops.
STOPSIGNAL SIGQUIT
# It answers: whether the API does is the API's own check.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000; printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3; read -r answer <&3; [[ $answer = HTTP/* ]]"]
CMD ["sh", "/deploy/front.sh"]


FROM debian AS python
ARG SOURCE_DATE_EPOCH
# With the certificates by which mail servers and AWS are known.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 ca-certificates \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*


FROM python AS packages
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv
RUN python3 -m venv /venv
# `tracing` has OpenTelemetry too.
ARG PACKAGES=runtime
COPY requirements/${PACKAGES}.txt /packages.txt
# Compiled code names its source's hash, for the time of a file is that of the build.
RUN /venv/bin/pip install --no-cache-dir --no-compile --require-hashes --only-binary :all: \
        -r /packages.txt \
    && /venv/bin/pip uninstall --yes pip \
    && /venv/bin/python -m compileall -q -f --invalidation-mode unchecked-hash /venv/lib


FROM python AS api
# Where volumes for mails as files, and for images, may be mounted.
RUN install -d -o 10001 -g 10001 /mail /images
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
    && python -m compileall -q --invalidation-mode unchecked-hash backend
# A worker for each processor. Each thread of each holds a connection to the pool for each role,
# of which the pool has 20 to the database: none waits for one while others work.
ENV GRANIAN_WORKERS=2 GRANIAN_BLOCKING_THREADS=8
# The front, which shares this network, hands requests on, and says whose they are.
ENV HEALTH_PORT=8002 TRUSTED_PROXIES=127.0.0.1
VOLUME /tmp
USER 10001:10001
# Answers what it has begun, then stops.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import http.client as http; api = http.HTTPConnection('127.0.0.1', 8002, timeout=2); api.request('GET', '/health/live'); raise SystemExit(api.getresponse().status != 200)"]
CMD ["granian", "--interface=wsgi", "--no-ws", "--host=127.0.0.1", "--port=8001", \
    "--workers-kill-timeout=30", "--respawn-failed-workers", "backend.wsgi:application"]
