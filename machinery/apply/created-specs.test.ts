import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentMap } from '../../base/recent-map.ts';
import { decode } from '../schema/decode.ts';
import { describedResource } from '../testing/described-resource.ts';
import type { Comparison } from './compare.ts';
import { emptyObjectOf } from './empty-object.ts';
import { managedFieldsAfterUpdate } from './update-managed-fields.ts';

const kind = describedResource({ group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments' }, [
  { name: 'status', verbs: ['get', 'patch', 'update'] },
]);

const template = {
  spec: { containers: [{ name: 'app', image: 'shop', ports: [{ containerPort: 80, protocol: 'TCP' }], args: [] }] },
};

const created = (name: string, spec: object) =>
  decode(kind.schema, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels: { app: name } }, spec });

describe('owners of new objects whose specs are equal', () => {
  for (const [what, spec] of [
    ['with a template', { replicas: 3, template }],
    ['with nothing in it', {}],
  ] as const) {
    it(`a spec ${what} has those that it has by itself`, () => {
      const createdSpecs = new RecentMap<Comparison>({ maxEntries: 8, maxKeyLength: 1_000 });
      const ownersOf = (name: string, specs?: RecentMap<Comparison>) => {
        const { object } = created(name, spec);
        const write = { kind, manager: 'tests', now: 0, createdSpecs: specs };
        return JSON.stringify(managedFieldsAfterUpdate(emptyObjectOf(kind), object, write));
      };
      ownersOf('first', createdSpecs);
      assert.equal(ownersOf('second', createdSpecs), ownersOf('second'));
      assert.notEqual(createdSpecs.get(JSON.stringify(created('third', spec).object.spec)), undefined);
    });
  }
});
