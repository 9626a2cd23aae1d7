# One region's validator. Built from the repository's root: docker build -f deploy/validator.Dockerfile .
FROM golang:1.26-bookworm AS build
WORKDIR /build
COPY deploy/validator/go.mod deploy/validator/go.sum ./
RUN go mod download
COPY deploy/validator ./
RUN go build -trimpath -ldflags "-s -w" -o /out/ecertd .

FROM debian:bookworm-slim
COPY --from=build /out/ecertd /usr/local/bin/ecertd
RUN useradd --uid 10002 --home-dir /var/lib/ecertd --create-home --shell /usr/sbin/nologin ecertd \
    && chmod 0700 /var/lib/ecertd
USER ecertd
WORKDIR /var/lib/ecertd
VOLUME /var/lib/ecertd
# Peers alone. JSON-RPC and the consensus RPC are for the service beside it and are not published.
EXPOSE 27000
ENTRYPOINT ["ecertd"]
CMD ["start", "--home", "/var/lib/ecertd"]
