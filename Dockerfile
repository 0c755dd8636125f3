# The worker and the API: `docker build -t attendant .`, then `docker run attendant worker` or `… api`. compose.yaml runs both with
# Redis and LiveKit.
FROM node:20-slim

# The LiveKit client in the worker checks certificates of wss:// with the system's list.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*

WORKDIR /app
ENV NODE_ENV=production ATTENDANT_HOME=/data
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY . .

# Journals of calls, and a user's own agents, trunks and rules.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
ENTRYPOINT ["node", "bin/attendant.mjs"]
CMD ["--help"]
