/**
 * What stands before a backend, as a process of its own: `ingress-process.ts bare|ours BACKEND_PORT`. Says at which port
 * it listens.
 */

import http from 'node:http';
import httpProxy from 'http-proxy';
import { listeningPort } from '../base/listening-port.ts';
import { PlayedIngress, ruleFor } from '../test/support/played-ingress.ts';

const [kind = '', backend = ''] = process.argv.slice(2);

if (kind === 'bare') {
  const proxy = httpProxy.createProxyServer({
    target: { host: '127.0.0.1', port: Number(backend) },
    agent: new http.Agent({ keepAlive: true, maxFreeSockets: 256 }),
    xfwd: true,
  });
  const server = http.createServer((request, response) => proxy.web(request, response));
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${listeningPort(server)}\n`));
} else {
  const rules = Array.from({ length: 100 }, (_, i) => ruleFor(`host-${i}.example`, { '/': 'web', '/api': 'web' }));
  const played = await PlayedIngress.start({
    ingresses: [{ name: 'bench', spec: { rules: [...rules, ruleFor('bench.example', { '/': 'web' })] } }],
    backends: { web: [Number(backend)] },
  });
  process.stdout.write(`${played.port}\n`);
}
