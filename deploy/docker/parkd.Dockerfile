# syntax=docker/dockerfile:1
# The daemon and nothing else: the program, the few libraries that it links to, and a folder for its data.
# Built from the root of the repository: docker build -f deploy/docker/parkd.Dockerfile .
ARG RUST=docker.io/library/rust:1.95.0-slim-bookworm

# Of the sources only what says which dependencies there are: a change elsewhere leaves the next stage as it is.
FROM ${RUST} AS manifests
WORKDIR /src
COPY . .
RUN ["deploy/docker/manifests", "/manifests"]

FROM ${RUST} AS build
WORKDIR /src
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY --from=manifests /manifests .
RUN cargo build --release --locked -p parkd
COPY . .
# The time of a file says nothing about what is in it after a COPY.
RUN find . -name '*.rs' -not -path './target/*' -exec touch {} + \
 && cargo build --release --locked -p parkd \
 && deploy/docker/gather target/release/parkd /out \
 && mkdir -p /out/usr/local/share/sbom \
 && deploy/docker/sbom parkd >/out/usr/local/share/sbom/parkd.cdx.json

FROM scratch
COPY --from=build /out /
COPY --from=build --chown=65532:65532 /out/tmp /var/lib/parkd
COPY --from=build --chown=65532:65532 /out/tmp /backups
USER 65532:65532
WORKDIR /var/lib/parkd
ENV PARKD_DATA_DIR=/var/lib/parkd PARKD_LISTEN=0.0.0.0:8080
VOLUME /var/lib/parkd /backups
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/usr/local/bin/parkd", "health"]
ENTRYPOINT ["/usr/local/bin/parkd"]
CMD ["serve"]
