import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../base/user-error.ts';
import { isResourceNamed, parseEncryptionConfiguration, parseGoDuration } from './encryption-configuration.ts';

const secret = Buffer.alloc(32, 7).toString('base64');
const key = { name: 'key1', secret };
const gcm = { aesgcm: { keys: [key] } };
const kms = { kms: { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///run/kms.sock', timeout: '1m30s' } };
const head = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration' };
const parse = (value: unknown) => parseEncryptionConfiguration(JSON.stringify(value), 'enc.yaml');
const withRule = (rule: object) => ({ ...head, resources: [{ resources: ['secrets'], providers: [gcm], ...rule }] });
const withProviders = (...providers: object[]) => withRule({ providers });
const withResources = (...resources: string[]) => withRule({ resources });

describe('parseEncryptionConfiguration', () => {
  it('reads what upstream writes', () => {
    const text = `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets, configmaps, pandas.awesome.bears.example]
    providers:
      - aesgcm:
          keys:
            - {name: key1, secret: ${secret}}
            - name: key2
              secret: ${Buffer.alloc(16).toString('base64')}
      - kms: {apiVersion: v2, name: vault, endpoint: "unix:///run/kms.sock"}
      - identity: {}
  - resources: ['*.apps', '*.']
    providers: [{identity: {}}]
`;
    const { rules } = parseEncryptionConfiguration(text, 'enc.yaml');
    assert.deepEqual(rules[0]?.providers, [
      {
        type: 'aesgcm',
        keys: [
          { name: 'key1', secret: Buffer.alloc(32, 7) },
          { name: 'key2', secret: Buffer.alloc(16) },
        ],
      },
      { type: 'kms', name: 'vault', endpoint: 'unix:///run/kms.sock', timeoutMs: 3_000 },
      { type: 'identity' },
    ]);
    assert.deepEqual(rules[1], { resources: ['*.apps', '*.'], providers: [{ type: 'identity' }] });
  });

  const refused: [value: unknown, says: RegExp][] = [
    ['a', /^enc.yaml: must be a map$/],
    [{}, /must be of apiVersion apiserver.config.k8s.io\/v1 and kind EncryptionConfiguration/],
    [{ ...head, resources: [] }, /resources: must be a list of at least one/],
    [{ ...head, resources: [1], more: 1 }, /more: unknown field/],
    [withRule({ providers: [] }), /resources\[0\].providers: must be a list of at least one/],
    [withRule({ resources: [] }), /resources\[0\].resources: must be a list of at least one/],
    [withProviders({ aesgcm: { keys: [key] }, identity: {} }), /must name exactly one provider/],
    [withProviders({}), /must name exactly one provider/],
    [withProviders({ rot13: {} }), /rot13: unknown field/],
    [withProviders({ aesgcm: { keys: [] } }), /aesgcm.keys: must be a list/],
    [withProviders({ aesgcm: { keys: [{ name: 'a:b', secret }] } }), /keys\[0\].name: must not contain ":"/],
    [withProviders({ aesgcm: { keys: [{ name: 'a', secret: '%%' }] } }), /keys\[0\].secret: must be base64/],
    [withProviders({ aesgcm: { keys: [{ name: 'a', secret: 'YWJj' }] } }), /must have 16, 24, 32 bytes, not 3/],
    [withProviders({ secretbox: { keys: [{ name: 'a', secret: 'YWJj' }] } }), /must have 32 bytes, not 3/],
    [withProviders({ aesgcm: { keys: [key, key] } }), /keys\[1\].name: is there twice/],
    [withProviders({ kms: { ...kms.kms, apiVersion: 'v1' } }), /only v2 is supported/],
    [withProviders({ kms: { ...kms.kms, endpoint: 'tcp://1.2.3.4' } }), /must be a unix socket/],
    [withProviders({ kms: { ...kms.kms, timeout: '0s' } }), /timeout: must be a time/],
    [withProviders({ kms: { ...kms.kms, cachesize: 10 } }), /cachesize: is not for v2/],
    [withProviders(kms, kms), /another provider has this name/],
    [withResources('*'), /"\*." means all resources of the core group/],
    [withResources('Secrets'), /small letters/],
    [withResources('pods/status'), /name that/],
    [withResources('se*ts'), /a whole name/],
    [withResources('secrets.*'), /in all groups/],
    [withResources('*.*', 'secrets'), /resources\[1\]: \*\.\*, in the same list, covers it/],
    [withResources('secrets', '*.'), /resources\[0\]: \*\., in the same list, covers it/],
    [withResources('secrets', 'secrets'), /named twice/],
    [withResources('*.events.k8s.io'), /name that/],
  ];
  for (const [value, says] of refused) {
    it(`refuses ${JSON.stringify(value).replaceAll(secret, '…').slice(0, 120)}`, () => {
      assert.throws(
        () => parse(value),
        (error) => error instanceof UserError && says.test(error.message) && !error.message.includes(secret),
      );
    });
  }

  it('shows nothing of a file that is no YAML', () => {
    const text = `aesgcm: {keys: [${secret}\n  secret: ${secret}`;
    assert.throws(
      () => parseEncryptionConfiguration(text, 'enc.yaml'),
      (error) => error instanceof UserError && /is no YAML/.test(error.message) && !error.message.includes('Bwc'),
    );
  });
});

describe('isResourceNamed', () => {
  const secrets = { group: '', plural: 'secrets' };
  const deployments = { group: 'apps', plural: 'deployments' };
  const table: [name: string, secrets: boolean, deployments: boolean][] = [
    ['secrets', true, false],
    ['deployments', false, false],
    ['deployments.apps', false, true],
    ['*.', true, false],
    ['*.apps', false, true],
    ['*.*', true, true],
    ['secrets.apps', false, false],
  ];
  for (const [name, core, apps] of table) {
    it(name, () =>
      assert.deepEqual([isResourceNamed(name, secrets), isResourceNamed(name, deployments)], [core, apps]),
    );
  }
});

it('parseGoDuration', () => {
  const table = {
    '3s': 3_000,
    '1m30s': 90_000,
    '1.5h': 5_400_000,
    '200ms': 200,
    '10': undefined,
    '-1s': undefined,
    '': undefined,
  };
  for (const [text, ms] of Object.entries(table)) assert.equal(parseGoDuration(text), ms, text);
});
