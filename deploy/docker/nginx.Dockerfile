# syntax=docker/dockerfile:1
# nginx with the built dashboard. Built from the root of the repository: docker build -f deploy/docker/nginx.Dockerfile .
ARG NODE=docker.io/library/node:22.12.0-bookworm-slim
ARG NGINX=docker.io/library/nginx:1.28.0-alpine

FROM ${NODE} AS dashboard
WORKDIR /dashboard
COPY deploy/dashboard/package.json deploy/dashboard/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY deploy/dashboard ./
RUN npm run build \
 && npm sbom --sbom-format cyclonedx --package-lock-only >dashboard.cdx.json

FROM ${NGINX}
COPY --from=dashboard /dashboard/dist /usr/local/lib/parking/current/dashboard
COPY --from=dashboard /dashboard/dashboard.cdx.json /usr/local/share/sbom/
COPY deploy/nginx/parking /etc/nginx/parking
COPY deploy/docker/nginx.conf deploy/docker/nginx-tls.conf /etc/nginx/
COPY --chmod=755 deploy/docker/nginx-start deploy/docker/check-secrets /usr/local/bin/
RUN rm -f /etc/nginx/conf.d/default.conf && install -d -o nginx -g nginx /var/cache/nginx/parking
USER 101:101
EXPOSE 8080 8443
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
  CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8081/health/live"]
ENTRYPOINT ["nginx-start"]
