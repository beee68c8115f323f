# The base is Debian, not Alpine: the embedded database's prebuilt library needs glibc.
FROM node:24-bookworm-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.base.json tsconfig.build.json nest-cli.json ./
COPY scripts/build.mjs scripts/made-of.mjs ./scripts/
COPY src ./src
RUN npm run build

FROM build AS build-tools
COPY tsconfig.tools.json ./
COPY emulator ./emulator
COPY bench ./bench
COPY examples ./examples
RUN npm run build:tools

FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

# A portal on your machine, for the demo profile of docker-compose.yml.
FROM base AS emulator
ENV NODE_ENV=production
COPY --from=build-tools /app/build/emulator ./build/emulator
COPY package.json LICENSE ./
USER node
EXPOSE 4000
STOPSIGNAL SIGTERM
CMD ["node", "build/emulator/cli.js", "--host=0.0.0.0"]

# The bridge; last, so that a build without a target makes this one.
FROM base AS bridge
ENV NODE_ENV=production \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=3000
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY docs/asyncapi.yaml ./docs/
COPY docs/schemas ./docs/schemas
# A new volume takes the owner of the folder that it covers.
RUN mkdir data && chown node:node data
USER node
VOLUME /app/data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
