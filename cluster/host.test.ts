import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { checkPort } from './host.ts';

describe('checkPort', () => {
  const wanted = { what: 'the API server', flag: '--secure-port' };

  it('names who has the port, and the flag', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await assert.rejects(
        checkPort({ ...wanted, port, host: '127.0.0.1' }),
        /Port \d+, which the API server needs, is taken.*--secure-port/,
      );
    } finally {
      server.close();
    }
  });

  it('tells an address that this machine does not have from a port that is taken', async () => {
    await assert.rejects(
      checkPort({ ...wanted, port: 6443, host: '203.0.113.7' }),
      /203\.0\.113\.7.* no address of this machine/,
    );
  });

  it('says nothing of a free port', () => checkPort({ ...wanted, port: 0, host: '127.0.0.1' }));
});
