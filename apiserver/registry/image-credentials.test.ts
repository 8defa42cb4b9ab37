import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubernetesObject, ObjectKey } from '../../api/object.ts';
import { namespaceSelectorAnnotation, registryCredentialsLabel } from '../../api/registry-credentials.ts';
import type { Resource } from '../../api/resource.ts';
import { secretKind } from '../../kinds/core/config/secret.ts';
import { FieldErrors } from '../../machinery/field-errors.ts';
import type { Interest } from '../store/resource-cache.ts';
import { ImageCredentials } from './image-credentials.ts';
import { asFound, type ObjectReader } from './object-reader.ts';

const metadata = <T extends object>(name: string, rest: T) => ({
  ...{ name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  ...rest,
});

const secret = (
  name: string,
  selector: string | undefined,
  rest: { namespace?: string; label?: string; type?: string } = {},
) => ({
  ...{ apiVersion: 'v1', kind: 'Secret', type: rest.type ?? 'kubernetes.io/dockerconfigjson' },
  data: { '.dockerconfigjson': 'e30=' },
  metadata: metadata(name, {
    namespace: rest.namespace ?? 'kube-system',
    labels: { [registryCredentialsLabel]: rest.label ?? 'true' },
    annotations: selector === undefined ? {} : { [namespaceSelectorAnnotation]: selector },
  }),
});

const stored = [
  secret('all', ''),
  secret('by-name', 'kubernetes.io/metadata.name in (shop,bank)'),
  secret('team', 'team=a,!closed'),
  secret('mute', undefined),
  secret('broken', 'team=('),
  secret('elsewhere', '', { namespace: 'shop' }),
  secret('switched-off', '', { label: 'false' }),
  secret('no-registry', '', { type: 'Opaque' }),
];
const spaces: Readonly<Record<string, Record<string, string>>> = {
  shop: { 'kubernetes.io/metadata.name': 'shop' },
  dev: { 'kubernetes.io/metadata.name': 'dev', team: 'a' },
  old: { 'kubernetes.io/metadata.name': 'old', team: 'a', closed: '' },
};

const spaceOf = (name: string) => {
  const labels = spaces[name];
  return labels && { apiVersion: 'v1', kind: 'Namespace', metadata: metadata(name, { labels }) };
};
const objects: ObjectReader = {
  async find<T extends KubernetesObject>({ plural }: Resource<T>, { namespace, name }: ObjectKey) {
    const found =
      plural === 'namespaces'
        ? spaceOf(name)
        : stored.find((one) => one.metadata.name === name && one.metadata.namespace === namespace);
    return found && asFound<T>(found);
  },
  async all<T extends KubernetesObject>(_: Resource<T>, { namespace }: Interest = {}) {
    return stored.filter((one) => one.metadata.namespace === namespace).map((one) => asFound<T>(one));
  },
};

describe('credentials of the cluster', () => {
  const credentials = new ImageCredentials(objects);
  for (const [namespace, names] of [
    ['shop', ['all', 'by-name']],
    ['dev', ['all', 'team']],
    ['old', ['all']],
    ['gone', ['all']],
  ] as const)
    it(`for ${namespace} are ${names}`, async () => assert.deepEqual(await credentials.namesFor(namespace), names));

  for (const [name, namespaces, isFor] of [
    ['all', ['dev'], true],
    ['all', [], false],
    ['by-name', ['dev', 'old'], false],
    ['by-name', ['dev', 'shop'], true],
    ['team', ['dev'], true],
    ['mute', ['dev', 'shop'], false],
    ['broken', ['dev', 'shop'], false],
    ['switched-off', ['dev'], false],
    ['no-registry', ['dev'], false],
    ['elsewhere', ['shop'], false],
    ['none', ['shop'], false],
  ] as const)
    it(`${name} is ${isFor ? '' : 'not '}for one of ${namespaces.join() || 'none'}`, async () =>
      assert.equal(await credentials.isForOneOf(name, namespaces), isFor));

  for (const [one, told] of [
    [secret('good', 'team=a'), []],
    [secret('mute', undefined), ['Required value: must say which namespaces the credentials are for']],
    [secret('broken', 'team=('), [/^Invalid value: "team=\(": .*unable to parse requirement/]],
    [secret('opaque', '', { type: 'Opaque' }), [/^Unsupported value: "Opaque": supported values: /]],
    [secret('elsewhere', undefined, { namespace: 'shop' }), []],
  ] as const)
    it(`are judged when they are written: ${one.metadata.name}`, () => {
      const errors = new FieldErrors();
      secretKind.strategy.validate?.(one, errors, { isUpdate: false });
      assert.equal(errors.list.length, told.length);
      for (const [index, expected] of told.entries()) {
        const { message = '' } = errors.list[index] ?? {};
        if (typeof expected === 'string') assert.equal(message, expected);
        else assert.match(message, expected);
      }
    });
});
