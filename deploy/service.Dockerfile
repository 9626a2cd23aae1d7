# The service of one region. Built from the repository's root: docker build -f deploy/service.Dockerfile .
FROM python:3.11-slim-bookworm

WORKDIR /opt/ecert
# The lock first: what it asks for is fetched again only when it changes.
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY contracts contracts
COPY ecert ecert
COPY issuer issuer
COPY ledger ledger
COPY verifier verifier
COPY wallet_codes wallet_codes
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && useradd --uid 10001 --home-dir /var/lib/ecert --create-home --shell /usr/sbin/nologin ecert \
    && chmod 0700 /var/lib/ecert

USER ecert
WORKDIR /var/lib/ecert
ENV ECERT_HOME=/var/lib/ecert PYTHONDONTWRITEBYTECODE=1
VOLUME /var/lib/ecert
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
ENTRYPOINT ["ecert"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
