/** The small HTTP server that a component without an API of its own shows its health on: /healthz, /livez, /readyz, /metrics. */

import { once } from 'node:events';
import http from 'node:http';
import { createDeferred } from './deferred.ts';
import { errorText } from './error-text.ts';
import type { Running } from './lifecycle.ts';
import { listeningPort } from './listening-port.ts';
import type { Metrics } from './metrics.ts';

export interface HealthServerOptions {
  /** Default 127.0.0.1. */
  readonly bindAddress?: string;
  /** 0: any free port. */
  readonly port: number;
  readonly metrics: Metrics;
  /** What must be true for the component to be ready, by name: each returns what is wrong, or undefined. */
  readonly readyChecks?: Readonly<Record<string, () => string | undefined>>;
  /** What must be true for it to be alive at all; a supervisor restarts it otherwise. */
  readonly liveChecks?: Readonly<Record<string, () => string | undefined>>;
  /** Further paths, each with what it answers as JSON; what it throws is the asker's mistake. */
  readonly answers?: ReadonlyMap<string, HealthAnswer>;
}

export type HealthAnswer = (query: URLSearchParams) => object;

export interface HealthServer extends Running {
  readonly port: number;
}

export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { bindAddress = '127.0.0.1', port, metrics, readyChecks = {}, liveChecks = {}, answers } = options;
  const over = createDeferred<void>();
  const server = http.createServer((request, response) => {
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
    const answer = answers?.get(path);
    if (path === '/metrics') void sendMetrics(response, metrics);
    else if (path === '/readyz') sendChecks(response, { ...liveChecks, ...readyChecks });
    else if (path === '/healthz' || path === '/livez') sendChecks(response, liveChecks);
    else if (answer !== undefined) sendJson(response, () => answer(new URLSearchParams(query)));
    else response.writeHead(404).end('not found\n');
  });
  server.listen(port, bindAddress);
  await once(server, 'listening');
  server.on('error', (error) => over.reject(error));
  server.on('close', () => over.resolve());
  return {
    name: 'health',
    port: listeningPort(server),
    done: over.promise,
    async stop() {
      server.close();
      server.closeAllConnections();
      await over.promise.catch(() => undefined); // `done` tells it
    },
  };
}

async function sendMetrics(response: http.ServerResponse, metrics: Metrics): Promise<void> {
  try {
    const text = await metrics.text();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  } catch (error) {
    response.writeHead(500).end(`${errorText(error)}\n`);
  }
}

function sendJson(response: http.ServerResponse, answer: () => object): void {
  try {
    const text = JSON.stringify(answer());
    response.writeHead(200, { 'content-type': 'application/json' }).end(`${text}\n`);
  } catch (error) {
    response.writeHead(400).end(`${errorText(error)}\n`);
  }
}

function sendChecks(response: http.ServerResponse, checks: Readonly<Record<string, () => string | undefined>>): void {
  const failed = Object.entries(checks).flatMap(([name, check]) => {
    const wrong = check();
    return wrong === undefined ? [] : [`[-]${name} failed: ${wrong}\n`];
  });
  response.writeHead(failed.length === 0 ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(failed.length === 0 ? 'ok' : failed.join(''));
}
