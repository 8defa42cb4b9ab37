import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../../api/types/core/v1.ts';
import { PodManifestError, readPodManifest } from './pod-manifest.ts';

const hashes: string[] = [];
const complete = (pod: Pod, hash: string) => {
  hashes.push(hash);
  pod.metadata = { ...pod.metadata, namespace: pod.metadata?.namespace ?? 'default' };
};
const read = (text: string, mayBeList = false): Pod[] => readPodManifest(text, { mayBeList, complete });
const lastHash = (text: string) => {
  read(text);
  return hashes.at(-1);
};

const manifest = (spec: string, head = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}') =>
  `${head}\nspec:\n${spec}\n`;
const plain = manifest('  containers: [{name: c, image: busybox}]');

describe('pod manifests', () => {
  it('are filled in as the API server fills in pods', () => {
    const [pod] = read(plain);
    assert.equal(pod?.spec?.restartPolicy, 'Always');
    assert.equal(pod?.spec?.terminationGracePeriodSeconds, 30);
    assert.equal(pod?.spec?.containers[0]?.imagePullPolicy, 'Always');
    assert.equal(pod?.status, undefined);
  });

  it('may be JSON', () => {
    const spec = { containers: [{ name: 'c', image: 'busybox' }] };
    const text = JSON.stringify({ kind: 'Pod', spec, apiVersion: 'v1', metadata: { name: 'web' } });
    assert.equal(read(text)[0]?.metadata?.name, 'web');
    assert.equal(lastHash(text), lastHash(plain), 'the order of fields makes no other pod');
  });

  it('have another hash when they say something else', () => {
    assert.notEqual(lastHash(plain), lastHash(plain.replace('busybox', 'busybox:2')));
  });

  it('may be lists where that is let', () => {
    const item = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    const text = JSON.stringify({ kind: 'PodList', apiVersion: 'v1', items: [item('a'), item('b')] });
    assert.deepEqual(
      read(text, true).map(({ metadata }) => metadata?.name),
      ['a', 'b'],
    );
    assert.throws(() => read(text), /expected kind Pod of v1, found kind "PodList" of "v1"/);
  });

  const volume = (source: string) => manifest(`  containers: [{name: c, image: i}]\n  volumes: [{name: v, ${source}}]`);
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['no YAML', 'a: [', /yaml/i],
    ['nothing', '', /there is no object/],
    [
      'a uid that leads elsewhere',
      manifest('  containers: [{name: c, image: i}]', 'apiVersion: v1\nkind: Pod\nmetadata: {name: web, uid: ../..}'),
      /metadata\.uid: Invalid value: "\.\.\/\.\."/,
    ],
    ['another kind', 'apiVersion: apps/v1\nkind: Deployment\n', /found kind "Deployment" of "apps\/v1"/],
    [
      'no name',
      manifest('  containers: [{name: c, image: i}]', 'apiVersion: v1\nkind: Pod'),
      /name is needed for the pod/,
    ],
    ['a wrong type', manifest('  containers: yes'), /invalid pod: /],
    ['no containers', manifest('  hostNetwork: true'), /spec.containers: Required value/],
    ['a wrong name', plain.replace('name: web', 'name: We_b'), /metadata.name: Invalid value: "We_b"/],
    ['a Secret', volume('secret: {secretName: s}'), /static pods may not reference secrets/],
    ['a ConfigMap', volume('configMap: {name: s}'), /static pods may not reference configmaps/],
    [
      'a claim',
      volume('persistentVolumeClaim: {claimName: s}'),
      /static pods may not reference persistentvolumeclaims/,
    ],
    [
      'an account',
      manifest('  serviceAccountName: a\n  containers: [{name: c, image: i}]'),
      /may not reference serviceaccounts/,
    ],
    [
      'a pull secret',
      manifest('  imagePullSecrets: [{name: a}]\n  containers: [{name: c, image: i}]'),
      /may not reference secrets/,
    ],
  ];
  for (const [what, text, words] of refused)
    it(`are refused with ${what}`, () =>
      assert.throws(
        () => read(text),
        (error) => error instanceof PodManifestError && words.test(error.message),
      ));
});
