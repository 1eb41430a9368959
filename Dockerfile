# syntax=docker/dockerfile:1
#
# The image of Preflight: one binary, libvips and the certificates of the world, an unprivileged user, and nothing to
# write to but /data and /tmp. docs/deploy.md says how it was checked.
#
#   docker build -t preflight --build-arg VERSION=$(git describe --tags --always) .
#   docker build -t preflight-s3 --target s3 .       the S3 server of compose.yaml, built from its source
#
# BASE and GO may name images of a registry of one's own; both have to be Debian 12, whose libvips 8.14 is the one that
# the bounds in imaging were found with.
ARG BASE=debian:bookworm-slim
ARG GO=golang:1.26-bookworm

FROM ${GO} AS tools
ENV GOTOOLCHAIN=local CGO_ENABLED=1
WORKDIR /src
# The packages of the table, so that the image and a developer's machine agree.
COPY scripts/packages.txt scripts/
RUN apt-get update \
    && awk '$1 == "build" { print $2 }' scripts/packages.txt | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*

FROM tools AS build
# Modules first: they change seldom, and this layer stays as long as they do.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/preflight ./cmd/preflight

# The models and ONNX Runtime, by npm from its registry, each proven by its checksum.
FROM tools AS models
RUN apt-get update \
    && awk '$1 == "models" { print $2 }' scripts/packages.txt | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*
COPY go.mod go.sum ./
COPY models models/
COPY scripts/models.sh scripts/
RUN scripts/models.sh /out/models

FROM tools AS build-s3
RUN CGO_ENABLED=0 GOBIN=/out go install -trimpath -ldflags "-s -w" github.com/versity/versitygw/cmd/versitygw@v1.8.0 \
    && mkdir -p /data/preflight

# The S3 server for compose.yaml: every folder below /data is a bucket, and `preflight` is one.
FROM ${BASE} AS s3
COPY --from=build-s3 /out/versitygw /usr/local/bin/versitygw
COPY --from=build-s3 --chown=65532:65532 /data /data
USER 65532:65532
VOLUME /data
EXPOSE 7070
# The shell of Debian has no client for HTTP; bash opens the port.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/7070"]
ENTRYPOINT ["versitygw", "--port", ":7070", "--keep-alive", "--quiet", "posix", "/data"]

FROM ${BASE} AS preflight
COPY scripts/packages.txt /tmp/packages.txt
RUN apt-get update \
    && awk '$1 == "runtime" { print $2 }' /tmp/packages.txt | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /tmp/packages.txt \
    && install -d -o 65532 -g 65532 -m 0700 /data
COPY LICENSE NOTICE /usr/share/doc/preflight/
COPY --from=models /out/models /usr/local/share/preflight/models
COPY --from=build /out/preflight /usr/local/bin/preflight

ARG VERSION=unknown
LABEL org.opencontainers.image.title="Preflight" \
      org.opencontainers.image.description="Checks the materials of an ICP filing before they are submitted" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"

# A number and not a name: a cluster can see that it is not root. No shell, no home.
USER 65532:65532
WORKDIR /data
VOLUME /data
ENV PREFLIGHT_DATA=/data \
    PREFLIGHT_MODELS=/usr/local/share/preflight/models \
    PREFLIGHT_LISTEN=0.0.0.0:8080 \
    TMPDIR=/tmp
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["preflight", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["preflight"]
CMD ["serve"]
