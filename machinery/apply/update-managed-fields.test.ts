import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DescribedResource } from '../schema/described-resource.ts';
import { describedResource } from '../testing/described-resource.ts';
import { identityOf, type Manager, type Managers } from './managers.ts';
import { knownVersions } from './update-managed-fields.ts';

const deployments = describedResource({ group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments' });
const sites: DescribedResource = {
  ...describedResource({ group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments' }),
  ...{ group: 'example.com', kind: 'Site', plural: 'sites' },
  description: {
    definition: 'com.example.v1.Site',
    revision: '1',
    listKind: 'SiteList',
    versions: ['v1', 'v1alpha1'],
    preservesUnknown: false,
    schema: () => undefined,
  },
};

function managersIn(...versions: readonly string[]): Managers {
  const managers = versions.map((apiVersion): [string, Manager] => {
    const self = { name: 'm', operation: 'Update', apiVersion, subresource: '' } as const;
    return [identityOf(self), { ...self, time: undefined, fields: { 'f:spec': {} } }];
  });
  return new Map(managers);
}

describe('managers in other versions', () => {
  const tables: readonly (readonly [DescribedResource, sent: readonly string[], kept: readonly string[]])[] = [
    [deployments, ['apps/v1', 'apps/v1beta7', 'example.com/v1', 'a/b/c'], ['apps/v1']],
    [sites, ['example.com/v1', 'example.com/v1alpha1'], ['example.com/v1', 'example.com/v1alpha1']],
    [sites, ['example.com/v2', 'example.com/v1alpha1', 'apps/v1', 'v1'], ['example.com/v1alpha1']],
  ];
  for (const [kind, sent, kept] of tables)
    it(`${kind.kind}: of ${sent.join(', ')} are kept ${kept.join(', ')}`, () => {
      const managers = [...knownVersions(managersIn(...sent), kind).values()];
      assert.deepEqual(
        managers.map(({ apiVersion }) => apiVersion),
        kept,
      );
    });
});
