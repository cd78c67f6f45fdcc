# Seamline in a container; see docs/deploy.md. Node comes with the npm packages, as outside of containers: Debian's Node
# only starts the build.
FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates nodejs npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/seamline
COPY . .
RUN node scripts/build.mjs \
 && node_modules/.bin/node .cache/npm/node_modules/npm/bin/npm-cli.js prune --omit=dev \
 && ln -sf "../node-linux-$(node -p process.arch)/bin/node" node_modules/.bin/node

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates ffmpeg tini util-linux \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /nonexistent --shell /usr/sbin/nologin seamline \
 && install -d -o seamline -g seamline -m 0700 /var/lib/seamline
WORKDIR /opt/seamline
COPY --from=build /opt/seamline/package.json /opt/seamline/LICENSE ./
COPY --from=build /opt/seamline/node_modules node_modules
COPY --from=build /opt/seamline/config config
COPY --from=build /opt/seamline/models models
COPY --from=build /opt/seamline/dist dist
ENV SEAMLINE_JOBS_STATE_FILE=/var/lib/seamline/jobs.json
USER seamline
VOLUME /var/lib/seamline
EXPOSE 5000/tcp 8554/tcp 8189/tcp 8189/udp
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["/opt/seamline/node_modules/.bin/node", "-e", \
  "fetch(`http://127.0.0.1:${process.env.SEAMLINE_HTTP_PORT ?? 5000}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# tini hands SIGTERM on and collects processes that lost their parent.
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/seamline/node_modules/.bin/node", "/opt/seamline/dist/cli.js"]
CMD ["serve"]
