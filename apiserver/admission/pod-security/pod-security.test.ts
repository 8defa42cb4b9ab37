import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { KubernetesObject } from '../../../api/object.ts';
import { Metrics } from '../../../base/metrics.ts';
import { daemonSetKind } from '../../../kinds/apps/daemon-set.ts';
import { namespaceKind } from '../../../kinds/core/config/namespace.ts';
import { podKind } from '../../../kinds/core/pods/pod.ts';
import { type Answer, askAdmission, PlacedObjects, type Question } from '../../../test/support/admission-question.ts';
import { ConfigurationError } from '../configuration-fields.ts';
import { createPodSecurityPlugin } from './pod-security.ts';
import { readPodSecurityConfiguration } from './pod-security-configuration.ts';

const apiVersion = 'pod-security.admission.config.k8s.io/v1';
const kind = 'PodSecurityConfiguration';
const prefix = 'pod-security.kubernetes.io/';
type Labels = Record<string, string>;

const labelled = (labels: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [prefix + name, value]));
const namespace = (name: string, labels: Labels = {}) => ({ metadata: { name, labels: labelled(labels) } });
const podOf = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const onHost = { hostNetwork: true };

describe('the plugin PodSecurity', () => {
  const metrics = new Metrics();
  let objects: PlacedObjects;
  let now = 0;
  const configuration = readPodSecurityConfiguration({
    ...{ apiVersion, kind },
    defaults: { audit: 'baseline', 'audit-version': 'v1.30' },
    exemptions: {
      namespaces: ['trusted'],
      usernames: ['builder'],
      runtimeClasses: ['sandboxed'],
      engineSettings: ['init'],
    },
  });
  const plugin = createPodSecurityPlugin({
    objects: {
      find: (resource, key) => objects.find(resource, key),
      all: (resource, interest) => objects.all(resource, interest),
    },
    metrics,
    clock: { monotonic: () => now },
    configuration,
  });
  beforeEach(() => {
    now = 0;
    objects = new PlacedObjects();
    for (const one of [
      namespace('free'),
      namespace('trusted', { enforce: 'restricted' }),
      namespace('strict', { enforce: 'restricted' }),
      namespace('quiet', { enforce: 'baseline', warn: 'privileged' }),
      namespace('mistyped', { enforce: 'basline', warn: 'x' }),
    ]) {
      objects.put(namespaceKind, one);
    }
  });

  async function ask(question: Question): Promise<Answer> {
    const answer = await askAdmission([plugin], question);
    const annotations = Object.entries(answer.annotations).map(([key, value]) => [key.replace(prefix, ''), value]);
    return { ...answer, annotations: Object.fromEntries(annotations) };
  }
  const create = (namespace: string, spec: object, user?: string) =>
    ask({ kind: podKind, namespace, object: podOf('p', spec), ...(user !== undefined && { user }) });

  it('refuses, and notes by which policy', async () => {
    const { refused, annotations, warnings } = await create('quiet', onHost);
    assert.equal(
      refused,
      '403 pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    );
    assert.deepEqual(warnings, []);
    assert.deepEqual(annotations, {
      'enforce-policy': 'baseline:latest',
      'audit-violations': 'would violate PodSecurity "baseline:v1.30": host namespaces (hostNetwork=true)',
    });
  });

  it('notes what the default of the cluster says, where no label does', async () => {
    const { refused, annotations, warnings } = await create('free', onHost);
    assert.deepEqual([refused, warnings], ['', []]);
    assert.deepEqual(annotations, {
      'enforce-policy': 'privileged:latest',
      'audit-violations': 'would violate PodSecurity "baseline:v1.30": host namespaces (hostNetwork=true)',
    });
  });

  it('holds pods to the most where a label is mistyped, and says so in the audit event', async () => {
    const { refused, annotations } = await create('mistyped', {});
    assert.match(refused, /^403 .*violates PodSecurity "restricted:latest": /);
    assert.equal(
      annotations.error,
      `Failed to parse policy: [metadata.labels[${prefix}enforce]: Invalid value: "basline": must be one of privileged, baseline, restricted, metadata.labels[${prefix}warn]: Invalid value: "x": must be one of privileged, baseline, restricted]`,
    );
  });

  for (const [by, namespace, spec, user] of [
    ['namespace', 'trusted', onHost, undefined],
    ['user', 'strict', onHost, 'builder'],
    ['runtimeClass', 'strict', { ...onHost, runtimeClassName: 'sandboxed' }, undefined],
  ] as const) {
    it(`exempts by ${by}`, async () => {
      assert.deepEqual(await create(namespace, spec, user), { refused: '', warnings: [], annotations: { exempt: by } });
    });
  }

  it('lets pods ask the engine for what the configuration allows, and for more where the level is privileged', async () => {
    const withSettings = (namespace: string, ...names: string[]) => {
      const annotations = Object.fromEntries(names.map((name) => [`docker.longshore.dev/${name}`, 'x']));
      return ask({ kind: podKind, namespace, object: podOf('p', {}, { annotations }) });
    };
    assert.equal((await withSettings('quiet', 'init')).refused, '');
    assert.equal((await withSettings('free', 'init', 'runtime', 'ulimit')).refused, '');
    assert.equal(
      (await withSettings('quiet', 'init', 'runtime', 'ulimit')).refused,
      '403 pods "p" is forbidden: violates PodSecurity "baseline:latest": settings of the engine (docker.longshore.dev/runtime, docker.longshore.dev/ulimit)',
    );
  });

  it('warns of a template as enforced, and refuses it never', async () => {
    const object = { metadata: { name: 'd' }, spec: { template: podOf('', onHost) } };
    const { refused, warnings, annotations } = await ask({ kind: daemonSetKind, namespace: 'strict', object });
    assert.equal(refused, '');
    assert.match(warnings[0] ?? '', /^would violate PodSecurity "restricted:latest": host namespaces /);
    assert.equal(annotations['enforce-policy'], undefined);
    assert.match(annotations['audit-violations'] ?? '', /baseline:v1\.30/);
    assert.deepEqual((await ask({ kind: daemonSetKind, namespace: 'quiet', object })).warnings, []);
  });

  it('judges a pod again when its images or its containers change, and at nothing else', async () => {
    const previous = podOf('p');
    const update = (object: KubernetesObject, subresource?: string) =>
      ask({
        ...{ kind: podKind, namespace: 'strict', object, previous },
        ...(subresource !== undefined && { subresource }),
      });
    const isJudged = async (told: Promise<Answer>) => (await told).refused.startsWith('403');
    assert.equal(await isJudged(update(podOf('p', {}, { labels: { a: 'b' } }))), false);
    assert.equal(await isJudged(update(podOf('p', { tolerations: [] }))), false);
    assert.equal(await isJudged(update(podOf('p', { containers: [{ name: 'c', image: 'j' }] }))), true);
    const debugged = podOf('p', { ephemeralContainers: [{ name: 'd', image: 'i' }] });
    assert.equal(await isJudged(update(debugged, 'ephemeralcontainers')), true);
    assert.equal(await isJudged(update(podOf('p'), 'resize')), false);
    assert.equal(await isJudged(update(podOf('p', { containers: [{ name: 'c', image: 'j' }] }), 'status')), false);
  });

  describe('of a namespace', () => {
    const relabel = (name: string, before: Labels, after: Labels) =>
      ask({ kind: namespaceKind, object: namespace(name, after), previous: namespace(name, before) });

    it('refuses labels that say nothing, unless they said it before', async () => {
      const wrong = { 'audit-version': '1.30', enforce: 'high' };
      const says =
        '422 Namespace "n" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "high": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/audit-version]: Invalid value: "1.30": must be "latest" or "v1.x"]';
      assert.equal((await ask({ kind: namespaceKind, object: namespace('n', wrong) })).refused, says);
      assert.equal((await relabel('n', {}, wrong)).refused, says);
      assert.equal((await relabel('n', wrong, { ...wrong, other: 'x' })).refused, '');
    });

    it('lists the pods that do not fit what is newly enforced', async () => {
      const put = (name: string, spec: object, metadata: object = {}) =>
        objects.put(podKind, podOf(name, spec, metadata), 'n');
      put('b', onHost);
      put('a', onHost);
      put('c', { hostPID: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] });
      put('good', {});
      put('exempt', { ...onHost, runtimeClassName: 'sandboxed' });
      const { warnings, refused } = await relabel('n', {}, { enforce: 'baseline', 'enforce-version': 'v1.20' });
      assert.equal(refused, '');
      assert.deepEqual(warnings, [
        'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:v1.20"',
        'a (and 1 other pod): host namespaces',
        'c: host namespaces, hostPath volumes',
      ]);
      assert.deepEqual((await relabel('n', { enforce: 'restricted' }, { enforce: 'baseline' })).warnings, []);
      assert.deepEqual((await relabel('n', {}, { warn: 'baseline' })).warnings, []);
      assert.deepEqual((await relabel('n', { enforce: 'baseline' }, { enforce: 'privileged' })).warnings, []);
    });

    it('looks at no more pods than time allows, one of each controller first', async () => {
      const owned = (uid: string) => ({ ownerReferences: [{ uid, controller: true }] });
      for (let index = 0; index < 3200; index += 1) {
        const spec = index === 3199 ? { hostIPC: true } : onHost;
        objects.put(podKind, podOf(`p${index}`, spec, owned(index === 3199 ? 'second' : 'first')), 'n');
      }
      const { warnings } = await relabel('n', {}, { enforce: 'baseline' });
      assert.deepEqual(warnings, [
        'new PodSecurity enforce level only checked against the first 3000 of 3200 existing pods',
        'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
        'p0 (and 2999 other pods): host namespaces',
      ]);
      now = 0;
      const slow = { ...podOf('p0', onHost) };
      Object.defineProperty(slow, 'spec', {
        get() {
          now += 600;
          return { ...podOf('').spec, ...onHost };
        },
      });
      objects.put(podKind, slow, 'n');
      const [first] = (await relabel('n', {}, { enforce: 'baseline' })).warnings;
      assert.match(
        first ?? '',
        /^new PodSecurity enforce level only checked against the first \d+ of 3200 existing pods$/,
      );
    });

    it('says that labels of an exempt namespace change nothing', async () => {
      const { warnings } = await relabel(
        'trusted',
        {},
        { enforce: 'baseline', 'warn-version': 'v1.30', warn: 'restricted' },
      );
      assert.deepEqual(warnings, [
        'namespace "trusted" is exempt from Pod Security, and the policy (enforce=baseline:latest, warn=restricted:v1.30) will be ignored',
      ]);
    });
  });

  it('counts what it did, by few labels', async () => {
    objects.put(namespaceKind, namespace('far', { enforce: 'baseline', 'enforce-version': 'v1.4711' }));
    await create('far', onHost);
    const text = await metrics.text();
    assert.match(
      text,
      /pod_security_evaluations_total\{decision="deny",policy_level="baseline",policy_version="future",mode="enforce",request_operation="create",resource="pod",subresource=""\} 1/,
    );
    assert.match(text, /pod_security_exemptions_total\{request_operation="create",resource="pod",subresource=""\} \d/);
  });
});

describe('the configuration of PodSecurity', () => {
  const read = (fields: object) => readPodSecurityConfiguration({ apiVersion, kind, ...fields });

  it('has defaults', () => {
    assert.deepEqual(readPodSecurityConfiguration(undefined), read({}));
    assert.deepEqual(read({ defaults: { enforce: 'baseline' } }).defaults, {
      enforce: { level: 'baseline', version: 'latest' },
      audit: { level: 'privileged', version: 'latest' },
      warn: { level: 'privileged', version: 'latest' },
    });
  });

  for (const [what, fields, says] of [
    ['another kind', { kind: 'Pod' }, /got .*Kind=Pod/],
    ['an unknown field', { defaults: { enforced: 'baseline' } }, /unknown field "defaults\.enforced"/],
    ['an unknown level', { defaults: { warn: 'high' } }, /defaults\.warn: Invalid value: "high": must be one of /],
    ['an unknown version', { defaults: { 'audit-version': '1' } }, /defaults\.audit-version: Invalid value: "1"/],
    ['a namespace that cannot be', { exemptions: { namespaces: ['A'] } }, /exemptions\.namespaces\[0\]: Invalid value/],
    ['a user twice', { exemptions: { usernames: ['a', 'a'] } }, /exemptions\.usernames\[1\]: Duplicate value: "a"/],
    ['nobody', { exemptions: { usernames: [''] } }, /exemptions\.usernames\[0\]: Required value/],
    ['a number', { exemptions: { runtimeClasses: [7] } }, /exemptions\.runtimeClasses\[0\]: must be a string/],
    ['an unknown setting', { exemptions: { engineSettings: ['x'] } }, /engineSettings\[0\]: .*must be one of ulimit/],
    ['a text', { exemptions: 'all' }, /exemptions: must be an object/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => read(fields),
        (error) => error instanceof ConfigurationError && says.test(error.message),
      );
    });
  }
  it('refuses what is no object', () => {
    assert.throws(() => readPodSecurityConfiguration([]), ConfigurationError);
  });
});
