# syntax=docker/dockerfile:1
# The S3 server: SeaweedFS, on which the conformance tests of the object store pass.
ARG SEAWEEDFS=docker.io/chrislusf/seaweedfs:4.48

FROM ${SEAWEEDFS}
USER 0:0
RUN mkdir -p /data && chown 65532:65532 /data
COPY --chmod=755 deploy/docker/objects-start /usr/local/bin/
USER 65532:65532
VOLUME /data
EXPOSE 8333
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8333/healthz"]
ENTRYPOINT ["objects-start"]
