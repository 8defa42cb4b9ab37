/** Asks an API server for small things all the time, reads and writes in turn, and tells the longest that it waited. */

import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../client/connection.ts';

const pauseMs = 5;
const configMaps = '/api/v1/namespaces/default/configmaps';
let longestMs = 0;

function ask(agent: https.Agent, url: URL, body?: string): Promise<void> {
  const options = {
    agent,
    method: body === undefined ? 'GET' : 'POST',
    headers: body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length },
  };
  return new Promise((resolve, reject) => {
    const request = https.request(url, options, (response) => {
      response.resume();
      response.on('end', () => resolve());
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function watch(connection: Connection): Promise<never> {
  const agent = new https.Agent({
    keepAlive: true,
    ca: connection.certificateAuthority,
    cert: connection.clientCertificate,
    key: connection.clientKey,
  });
  const server = connection.servers[0] ?? '';
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'bystander-' } });
  for (let turn = 0; ; turn += 1) {
    const begin = performance.now();
    if (turn % 2 === 0) await ask(agent, new URL(`${configMaps}?limit=1`, server));
    else await ask(agent, new URL(`${configMaps}?dryRun=All`, server), body);
    longestMs = Math.max(longestMs, performance.now() - begin);
    if (turn === 1) process.send?.('ready');
    await delay(pauseMs);
  }
}

process.on('message', (message) => {
  if (message !== 'report') {
    longestMs = 0;
    void watch(message as Connection);
    return;
  }
  process.send?.(longestMs);
  longestMs = 0;
});
