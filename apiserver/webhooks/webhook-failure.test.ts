import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answeredFailure, callFailure, goNetworkText } from './webhook-failure.ts';

const systemError = (message: string, members: object) => Object.assign(new Error(message), members);

describe('why a webhook gave no answer', () => {
  const errors: readonly (readonly [want: string, error: unknown])[] = [
    [
      'dial tcp 127.0.0.1:1: connect: connection refused',
      systemError('connect', { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 1 }),
    ],
    [
      'dial tcp [2001:db8::1]:443: connect: no route to host',
      systemError('connect', { code: 'EHOSTUNREACH', syscall: 'connect', address: '2001:db8::1', port: 443 }),
    ],
    [
      'dial tcp: lookup nobody.example.com: no such host',
      systemError('getaddrinfo', { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'nobody.example.com' }),
    ],
    ['EOF', systemError('socket hang up', { code: 'ECONNRESET' })],
    [
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
      systemError('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    ],
    [
      'tls: failed to verify certificate: x509: certificate is valid for a.example.com, 192.0.2.1, not hook.default.svc',
      systemError("Hostname/IP does not match certificate's altnames", {
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
        host: 'hook.default.svc',
        cert: { subjectaltname: 'DNS:a.example.com, IP Address:192.0.2.1' },
      }),
    ],
    [
      'http: server gave HTTP response to HTTPS client',
      systemError('write EPROTO 40:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:x.c:1:', {
        code: 'EPROTO',
      }),
    ],
  ];
  for (const [want, error] of errors) it(want, () => assert.equal(goNetworkText(error), want));

  it('names what was asked, and says when it was the time', () => {
    const { message, code } = callFailure('https://a.example.com/x?timeout=2s', new Error('aborted'), 'timeout');
    assert.deepEqual([message, code], ['Post "https://a.example.com/x?timeout=2s": context deadline exceeded', 503]);
  });

  const answers: readonly (readonly [want: string, code: number, contentType: string, text: string])[] = [
    ['the server could not find the requested resource', 404, 'text/plain', 'page not found'],
    ['an error on the server ("boom") has prevented the request from succeeding', 500, 'text/plain', ' boom\n'],
    ['an error on the server ("unknown") has prevented the request from succeeding', 502, 'image/png', 'x'],
    ['the server responded with the status code 307 but did not return more information', 307, '', ''],
    ['no entry', 403, 'text/plain', 'no entry'],
    ['0-length response with status code: 200 and content type: application/json', 200, 'application/json', ''],
  ];
  for (const [want, code, contentType, text] of answers)
    it(`answered ${code}: ${want}`, () => {
      assert.equal(answeredFailure({ code, contentType, text })?.message, want);
    });

  it('is none when there is something to read', () => {
    for (const contentType of ['application/json', '', 'text/plain', 'text/html'])
      assert.equal(answeredFailure({ code: 200, contentType, text: '{}' }), undefined);
  });
});
