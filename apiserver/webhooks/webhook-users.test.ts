import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createAuthority, type KeyPair } from '../../base/certificates.ts';
import { UserError } from '../../base/user-error.ts';
import { readWebhookUsers, WebhookUsers } from './webhook-users.ts';

describe('as whom a webhook is called', () => {
  const usersNamed = (...names: string[]) => new WebhookUsers(names.map((name) => [name, { token: name }]));
  const cases: [server: string, names: string[], user: string | undefined][] = [
    ['a.b.svc:443', [], undefined],
    ['a.b.svc:443', ['a.b.svc'], 'a.b.svc'],
    ['a.b.svc:443', ['a.b.svc', 'a.b.svc:443'], 'a.b.svc:443'],
    ['a.b.svc:8443', ['a.b.svc'], undefined],
    ['a.b.svc:8443', ['a.b.svc', '*.svc:8443'], '*.svc:8443'],
    ['a.b.svc:443', ['*.svc', '*.b.svc', '*'], '*.b.svc'],
    ['a.b.svc:443', ['*.svc', 'a.b.svc'], 'a.b.svc'],
    ['a.b.svc:443', ['*.a.b.svc', '*.example.com'], undefined],
    ['a.b.svc:443', ['*.example.com', '*'], '*'],
    ['hook.example.com:8443', ['*.com:8443'], '*.com:8443'],
    ['[::1]:8443', ['[::1]:8443'], '[::1]:8443'],
    ['localhost:443', ['localhost'], 'localhost'],
  ];
  for (const [server, names, user] of cases)
    it(`${server}, of ${names.join(' ') || 'nobody'}: ${user}`, () =>
      assert.equal(usersNamed(...names).userFor(server)?.token, user));

  it('is the one of the current context where no name fits', () => {
    assert.equal(new WebhookUsers([['a', { token: 'a' }]], { token: 'b' }).userFor('c:443')?.token, 'b');
  });
});

describe('the file of users', () => {
  const hidden = 'hidden-word';
  let folder: string;
  let file: string;
  let pair: KeyPair;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-users-'));
    file = join(folder, 'kubeconfig');
    pair = await createAuthority('one');
    await writeFile(join(folder, 'token'), `${hidden}\n`);
    await writeFile(join(folder, 'tls.crt'), pair.certificate);
    await writeFile(join(folder, 'tls.key'), pair.key);
  });
  after(() => rm(folder, { recursive: true }));

  const read = async (text: string) => {
    await writeFile(file, text);
    return readWebhookUsers(file);
  };
  const withUser = (user: unknown) => JSON.stringify({ users: [{ name: 'a', user }] });

  it('has tokens, passwords and certificates, here or in files beside it', async () => {
    const users = await read(
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { user: 'token' } }],
        users: [
          { name: 'token', user: { tokenFile: 'token' } },
          { name: 'password', user: { username: 'u', password: 'p' } },
          { name: 'certificate', user: { 'client-certificate': 'tls.crt', 'client-key': 'tls.key' } },
          { name: 'nobody' },
        ],
      }),
    );
    const found = ['token', 'password', 'certificate', 'nobody', 'other'].map((name) => users.userFor(`${name}:443`));
    assert.deepEqual(found, [
      { token: hidden },
      { basic: { username: 'u', password: 'p' } },
      { clientCertificate: pair.certificate, clientKey: pair.key },
      {},
      { token: hidden },
    ]);
  });

  const refusals: [says: string, text: string][] = [
    ['neither YAML nor JSON', `{token: ${hidden}`],
    ['users[0]: has no name', JSON.stringify({ users: [{ user: { token: hidden } }] })],
    ['user "a": must be an object', withUser(hidden)],
    ['user "a": exec is not supported', withUser({ exec: { command: hidden } })],
    ['user "a": as is not supported', withUser({ as: hidden })],
    ['user "a": client-certificate and client-key belong together', withUser({ 'client-key': 'tls.key' })],
    [
      'user "a": client-certificate and client-key are no certificate in PEM with its key',
      withUser({ 'client-certificate': 'token', 'client-key': 'token' }),
    ],
    ['user "a": the token is not a word of ASCII', withUser({ token: `${hidden}\nx` })],
    [
      'user "a": username/password or token may be set, but not both',
      withUser({ username: 'u', password: hidden, token: hidden }),
    ],
  ];
  for (const [says, text] of refusals)
    it(`refuses: ${says}`, () =>
      assert.rejects(read(text), (error) => {
        return error instanceof UserError && error.message === `${file}: ${says}` && !error.message.includes(hidden);
      }));

  it('names what cannot be read', async () => {
    await assert.rejects(read(withUser({ tokenFile: 'missing' })), /kubeconfig: .*missing/);
    assert.throws(() => readWebhookUsers(join(folder, 'none')), /none: .*/);
  });
});
