import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notFound } from '../../api/status-error.ts';
import { makePod, type PodSpec } from '../testing/make-pod.ts';
import { computePayload, type PayloadInput } from './payloads.ts';
import type { ReadonlyVolume } from './volume-plugin.ts';
import { payloadTypes } from './volume-plugins.ts';

const objects: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'configmap/config': { a: 'A', b: 'B' },
  'secret/keys': { key: 'K' },
  'configmap/empty': {},
};

const read = (kind: string) => async (namespace: string, name: string) => {
  const found = objects[`${kind}/${name}`];
  assert.equal(namespace, 'default');
  if (found === undefined) throw notFound({ group: '', plural: `${kind}s` }, name);
  return new Map(Object.entries(found).map(([key, text]) => [key, Buffer.from(text)]));
};

const inputOf = (spec: Partial<PodSpec> = {}): PayloadInput => ({
  pod: makePod(spec, { metadata: { ...makePod().metadata, labels: { app: 'shop' } } }),
  data: { configMap: read('configmap'), secret: read('secret') },
  tokens: { token: async (_, { audience, expirationSeconds }) => `${audience ?? 'api'} ${expirationSeconds}` },
  fields: { nodeIp: '192.0.2.10', podIp: undefined, allocatable: { cpu: '4' } },
});

/** `path 644 text`, with owners where they are set. */
async function compute(volume: Omit<ReadonlyVolume, 'name'>, spec?: Partial<PodSpec>): Promise<string[] | undefined> {
  const projections = payloadTypes.map((type) => type.projectionsOf({ name: 'v', ...volume }));
  const found = projections.find((one) => one !== undefined);
  const payload = found && (await computePayload(found, inputOf(spec)));
  return (
    payload &&
    [...payload].map(([path, { content, mode, uid, gid }]) =>
      [
        path,
        mode.toString(8),
        content.toString(),
        ...(uid === undefined ? [] : [`uid=${uid}`]),
        ...(gid === undefined ? [] : [`gid=${gid}`]),
      ].join(' '),
    )
  );
}

describe('computePayload', () => {
  const cases: readonly [words: string, volume: Omit<ReadonlyVolume, 'name'>, wanted: string[] | undefined][] = [
    ['a ConfigMap', { configMap: { name: 'config' } }, ['a 644 A', 'b 644 B']],
    ['an empty one', { configMap: { name: 'empty' } }, []],
    ['a ConfigMap of a mode', { configMap: { name: 'config', defaultMode: 0o400 } }, ['a 400 A', 'b 400 B']],
    [
      'some keys of it, each with its path and mode',
      {
        configMap: {
          name: 'config',
          defaultMode: 0o440,
          items: [
            { key: 'b', path: 'deep/file' },
            { key: 'a', path: 'a', mode: 0o600 },
          ],
        },
      },
      ['deep/file 440 B', 'a 600 A'],
    ],
    ['a Secret', { secret: { secretName: 'keys', defaultMode: 0o400 } }, ['key 400 K']],
    ['an optional one that is not there', { configMap: { name: 'none', optional: true } }, []],
    ['an optional Secret that is not there', { secret: { secretName: 'none', optional: true } }, []],
    [
      'an optional one without that key',
      { configMap: { name: 'config', optional: true, items: [{ key: 'x', path: 'x' }] } },
      [],
    ],
    [
      'fields and resources of the pod',
      {
        downwardAPI: {
          defaultMode: 0o444,
          items: [
            { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
            { path: 'cpu', mode: 0o400, resourceFieldRef: { containerName: 'a', resource: 'limits.cpu' } },
          ],
        },
      },
      ['labels 444 app="shop"', 'cpu 400 4'],
    ],
    [
      'several sources together, the later of one path over the earlier',
      {
        projected: {
          defaultMode: 0o600,
          sources: [
            { configMap: { name: 'config' } },
            { secret: { name: 'keys', items: [{ key: 'key', path: 'a' }] } },
            { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
          ],
        },
      },
      ['a 600 K', 'b 600 B', 'name 600 p'],
    ],
    ['what it does not know', { emptyDir: {} }, undefined],
  ];
  for (const [words, volume, wanted] of cases)
    it(`holds ${words}`, async () => assert.deepEqual(await compute(volume), wanted));

  const refused: readonly [volume: Omit<ReadonlyVolume, 'name'>, message: string][] = [
    [{ configMap: { name: 'none' } }, 'configmap "none" not found'],
    [{ secret: { secretName: 'none' } }, 'secret "none" not found'],
    [{ configMap: { name: 'config', items: [{ key: 'x', path: 'x' }] } }, 'references non-existent config key: x'],
    [
      { projected: { sources: [{ configMap: { name: 'none' } }, { secret: { name: 'none' } }] } },
      '[configmap "none" not found, secret "none" not found]',
    ],
    [{ downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'x' } }] } }, 'unsupported fieldPath: x'],
  ];
  for (const [volume, message] of refused)
    it(`says ${message}`, async () => assert.rejects(compute(volume), { message }));

  it('lets the pod’s group read everything, and what the owner may run, run', async () => {
    const group = { securityContext: { fsGroup: 2000 } };
    const modesOf = async (defaultMode: number) =>
      (await compute({ secret: { secretName: 'keys', defaultMode } }, group))?.[0];
    assert.equal(await modesOf(0o400), 'key 440 K gid=2000');
    assert.equal(await modesOf(0o500), 'key 550 K gid=2000');
    assert.equal(await modesOf(0o644), 'key 644 K gid=2000');
  });

  describe('tokens', () => {
    const token = (rest: object = {}) => ({
      projected: { defaultMode: 0o644, sources: [{ serviceAccountToken: { path: 'token', ...rest } }] },
    });
    const user = (runAsUser: number) => ({ securityContext: { runAsUser } });

    it('are for whom and for how long the volume says', async () => {
      assert.deepEqual(await compute(token()), ['token 644 api 3600']);
      assert.deepEqual(await compute(token({ audience: 'vault', expirationSeconds: 600 })), ['token 644 vault 600']);
    });

    const owners: readonly [words: string, spec: Partial<PodSpec>, wanted: string][] = [
      [
        'all may read where users differ',
        {
          containers: [
            { name: 'a', ...user(1) },
            { name: 'b', ...user(2) },
          ],
        },
        '644',
      ],
      ['all may read where the image says the user', {}, '644'],
      [
        'one user of all containers',
        {
          containers: [
            { name: 'a', ...user(7) },
            { name: 'b', ...user(7) },
          ],
        },
        '600 uid=7',
      ],
      ['the pod’s user', user(7), '600 uid=7'],
      ['init containers count', { ...user(7), initContainers: [{ name: 'i', ...user(8) }] }, '644'],
      ['the pod’s group before all', { securityContext: { fsGroup: 5, runAsUser: 7 } }, '640 gid=5'],
    ];
    for (const [words, spec, wanted] of owners)
      it(`belong to: ${words}`, async () => {
        const [found = ''] = (await compute(token(), spec)) ?? [];
        const [, mode, , , ...owner] = found.split(' ');
        assert.equal([mode, ...owner].join(' '), wanted);
      });
  });
});
