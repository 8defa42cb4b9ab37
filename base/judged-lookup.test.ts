import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { AddressNotAllowedError, judgedLookup } from './judged-lookup.ts';

const notLoopback = (address: string): boolean => address !== '127.0.0.1' && address !== '::1';

const ask = (lookup: net.LookupFunction, host: string, all: boolean): Promise<unknown> =>
  new Promise((resolve, reject) => {
    lookup(host, { all }, (error, address) => (error ? reject(error) : resolve(address)));
  });

const resolvesTo =
  (...addresses: string[]): Parameters<typeof judgedLookup>[1] =>
  (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: net.isIP(address) })),
    );

describe('judgedLookup', () => {
  it('gives what a name resolves to', async () => {
    const lookup = judgedLookup(notLoopback, resolvesTo('192.0.2.1', '192.0.2.2'));
    assert.equal(await ask(lookup, 'web', false), '192.0.2.1');
    assert.equal(((await ask(lookup, 'web', true)) as unknown[]).length, 2);
  });

  it('refuses a name with one forbidden address among good ones, and one without any', async () => {
    for (const addresses of [['192.0.2.1', '127.0.0.1'], []]) {
      const lookup = judgedLookup(notLoopback, resolvesTo(...addresses));
      for (const all of [false, true]) await assert.rejects(ask(lookup, 'web', all), AddressNotAllowedError);
    }
  });

  for (const spelling of ['localhost', '127.1', '0177.0.0.1', '2130706433', '0x7f.1']) {
    it(`keeps a socket from loopback as ${spelling}`, async () => {
      const prey = net.createServer().listen(0, '127.0.0.1');
      await once(prey, 'listening');
      const { port } = prey.address() as AddressInfo;
      const socket = net.connect({ host: spelling, port, lookup: judgedLookup(notLoopback) });
      const [error] = await once(socket, 'error');
      assert.ok(error instanceof AddressNotAllowedError, String(error));
      prey.close();
    });
  }
});
