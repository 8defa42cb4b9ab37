import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { requestHeaders } from './hop-headers.ts';

function headersOf(given: Record<string, string>, asksForUpgrade: boolean) {
  const incoming = new IncomingMessage(new Socket());
  Object.assign(incoming.headers, given);
  return requestHeaders(incoming, asksForUpgrade);
}

describe('what those behind the API server are told', () => {
  it('is nothing of who asks, in whichever header it stands', () => {
    const token = 'base64url.bearer.authorization.k8s.io.dG9rZW4';
    const given = {
      authorization: 'Bearer token',
      'impersonate-user': 'ann',
      'x-remote-user': 'ann',
      accept: 'text/html',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-protocol': `${token}, v5.channel.k8s.io`,
    };
    assert.deepEqual(headersOf(given, true), {
      accept: 'text/html',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-protocol': 'v5.channel.k8s.io',
    });
    assert.deepEqual(headersOf({ ...given, 'sec-websocket-protocol': token }, true), {
      accept: 'text/html',
      connection: 'Upgrade',
      upgrade: 'websocket',
    });
    assert.deepEqual(headersOf(given, false), { accept: 'text/html' });
  });
});
