/**
 * The raw limit of answers over HTTPS: a node:https server that knows nothing. `bare-server.ts FOLDER PORT` serves the
 * files of FOLDER from memory; whoever asks for `/watch` gets every body that is posted to `/event`.
 */

import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';

const [folder = '.', port] = process.argv.slice(2);
const files = new Map(readdirSync(folder).map((name) => [`/${name}`, readFileSync(join(folder, name))]));
const watchers = new Set<ServerResponse>();
const json = { 'content-type': 'application/json' };

const server = https.createServer(
  { key: files.get('/server.key'), cert: files.get('/server.crt'), ca: files.get('/ca.crt'), requestCert: true },
  (request, response) => {
    if (request.url === '/watch') {
      watchers.add(response.writeHead(200, json));
      response.flushHeaders();
    } else if (request.url === '/event') {
      request.on('data', (event: Buffer) => {
        for (const watcher of watchers) watcher.write(event);
      });
      request.on('end', () => response.writeHead(200, json).end('{}'));
    } else {
      const body = files.get(request.url ?? '') ?? Buffer.from('{}');
      response.writeHead(200, { ...json, 'content-length': body.length }).end(body);
    }
  },
);
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('serving\n'));
