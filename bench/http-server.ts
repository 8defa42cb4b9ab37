/** A server that costs next to nothing: `http-server.ts PORT`. Says so on its output once it listens. */

import http from 'node:http';

http
  .createServer((_, response) => response.end('hello\n'))
  .listen(Number(process.argv[2]), '0.0.0.0', () => process.stdout.write('"serving"\n'));
