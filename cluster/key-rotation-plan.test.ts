import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import yaml from 'js-yaml';
import { UserError } from '../base/user-error.ts';
import { applyStep, readRotation } from './key-rotation-plan.ts';

const secretOf = (name: string) => Buffer.alloc(32, name).toString('base64');
const keys = (...names: string[]) => ({ keys: names.map((name) => ({ name, secret: secretOf(name) })) });
const file = (...providers: object[]) =>
  yaml.dump({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [
      { resources: ['configmaps'], providers: [{ identity: {} }] },
      { resources: ['secrets', 'pandas.example.org'], providers },
    ],
  });
const names = (text: string) => readRotation(text, 'enc.yaml').keys;

describe('the rotation of a key', () => {
  it('goes on from wherever it was left, and touches nothing else of the file', () => {
    const other = { aescbc: keys('key9') };
    let text = file({ aesgcm: keys('key1') }, other, { identity: {} });
    const seen: unknown[] = [];
    for (let step = 0; step < 3; step += 1) {
      const { next, keys: present, resources } = readRotation(text, 'enc.yaml');
      seen.push([next, ...present]);
      assert.deepEqual(resources, ['secrets', 'pandas.example.org']);
      text = yaml.dump(applyStep(text, { file: 'enc.yaml', secret: secretOf('new') }));
    }
    assert.deepEqual(seen, [
      ['add', 'key1'],
      ['promote', 'key1', 'key2'],
      ['drop', 'key2', 'key1'],
    ]);
    const after = { aesgcm: { keys: [{ name: 'key2', secret: secretOf('new') }] } };
    assert.equal(text, file(after, other, { identity: {} }));
  });

  it('takes names as they are', () => {
    const next = (text: string) => names(yaml.dump(applyStep(text, { file: 'enc.yaml', secret: secretOf('new') })));
    assert.deepEqual(next(file({ secretbox: keys('prod') })), ['prod', 'key1']);
    assert.deepEqual(next(file({ aescbc: keys('prod', 'key1') })), ['key1', 'prod']);
    assert.deepEqual(next(file({ aesgcm: keys('key12', 'key3', 'key11') })), ['key12']);
    assert.deepEqual(next(file({ aesgcm: keys('key9') })), ['key9', 'key10']);
  });

  const refused: [text: string, says: RegExp][] = [
    [file({ identity: {} }, { aesgcm: keys('key1') }), /Secrets are not encrypted/],
    [file({ kms: { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///a' } }), /by the KMS provider vault: rotate/],
    [file({ aesgcm: keys('key1') }).replace('- secrets', '- services'), /says nothing of Secrets/],
  ];
  for (const [text, says] of refused) {
    it(`refuses what ${says.source}`, () => {
      assert.throws(
        () => readRotation(text, 'enc.yaml'),
        (error) => error instanceof UserError && says.test(error.message),
      );
    });
  }
});
