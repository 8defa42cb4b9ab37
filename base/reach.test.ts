import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { listeningPort } from './listening-port.ts';
import { localAddressWhere, whyNotReached } from './reach.ts';

const host = '127.0.0.1';

describe('whyNotReached', () => {
  it('is silent about what answers, and names what does not', async () => {
    const server = net.createServer().listen(0, host);
    await once(server, 'listening');
    const port = listeningPort(server);
    assert.equal(await whyNotReached({ host, port, timeoutMs: 20_000 }), undefined);
    server.close();
    await once(server, 'close');
    assert.equal(await whyNotReached({ host, port, timeoutMs: 20_000 }), 'connection refused');
  });
});

describe('localAddressWhere', () => {
  it('finds an address of this host', () => {
    assert.equal(
      localAddressWhere((one) => one === host),
      host,
    );
    assert.equal(
      localAddressWhere(() => false),
      undefined,
    );
  });
});
