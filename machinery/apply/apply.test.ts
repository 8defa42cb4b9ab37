import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { StatusError } from '../../api/status-error.ts';
import { decode } from '../schema/decode.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import { encode } from '../schema/encode.ts';
import { describedResource } from '../testing/described-resource.ts';
import { applyPatch } from './apply-patch.ts';
import { emptyObjectOf } from './empty-object.ts';
import { managedFieldsAfterUpdate } from './update-managed-fields.ts';

const configMaps = describedResource({ group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps' });
const services = describedResource({ group: '', version: 'v1', kind: 'Service', plural: 'services' }, [
  { name: 'status', verbs: ['get', 'patch', 'update'] },
]);
const deployments = describedResource({ group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments' });

/** An object in a store of one, written to as the registry would, with neither defaults nor validation. */
class OneObject {
  readonly #kind: DescribedResource;
  #now = Date.UTC(2026, 0, 1);
  object: KubernetesObject | undefined;

  constructor(kind: DescribedResource) {
    this.#kind = kind;
  }

  apply(
    manager: string,
    fields: object,
    { force = false, subresource }: { force?: boolean; subresource?: string } = {},
  ): this {
    const { kind, group, version } = this.#kind;
    const config = {
      apiVersion: group === '' ? version : `${group}/${version}`,
      kind,
      metadata: { name: 'o' },
      ...fields,
    };
    const now = this.#tick();
    this.#store(applyPatch({ kind: this.#kind, live: this.object, config, manager, force, now, subresource }));
    return this;
  }

  update(manager: string, fields: object, subresource?: string): this {
    const sent = { metadata: { name: 'o' }, ...fields };
    const next: KubernetesObject = decode(this.#kind.schema, sent).object;
    if (this.object !== undefined) next.metadata = { ...next.metadata, uid: 'u' };
    const live = this.object ?? emptyObjectOf(this.#kind);
    const write = { kind: this.#kind, manager, now: this.#tick(), subresource };
    const managedFields = managedFieldsAfterUpdate(live, next, write);
    this.#store({ ...next, metadata: { ...next.metadata, managedFields } });
    return this;
  }

  /** Each manager's fields, by `name operation`. */
  get owners(): Record<string, unknown> {
    const entries = this.object?.metadata?.managedFields ?? [];
    return Object.fromEntries(entries.map((entry) => [`${entry.manager} ${entry.operation}`, entry.fieldsV1]));
  }

  get times(): unknown[] {
    return (this.object?.metadata?.managedFields ?? []).map(({ time }) => time);
  }

  #tick(): number {
    this.#now += 1000;
    return this.#now;
  }

  #store(value: unknown): void {
    const { object } = decode(this.#kind.schema, value);
    encode(this.#kind.schema, object);
    const stored: KubernetesObject = object;
    this.object = { ...stored, metadata: { ...stored.metadata, uid: 'u' } };
  }

  part(name: 'data' | 'spec' | 'status'): unknown {
    return (this.object as Record<string, unknown>)[name];
  }
}

const configMap = () => new OneObject(configMaps);

describe('server-side apply', () => {
  it('owns what it says, and takes away what it no longer says', () => {
    const one = configMap().apply('a', { data: { x: '1', y: '2' } });
    assert.deepEqual(one.owners, { 'a Apply': { 'f:data': { 'f:x': {}, 'f:y': {} } } });
    one.apply('a', { data: { x: '1' } });
    assert.deepEqual(one.part('data'), { x: '1' });
    assert.deepEqual(one.owners, { 'a Apply': { 'f:data': { 'f:x': {} } } });
  });

  it('keeps what another applier or an updater owns too', () => {
    const one = configMap()
      .update('u', { data: { x: '1', y: '1' } })
      .apply('a', { data: { x: '1' } })
      .apply('a', {});
    assert.deepEqual(one.part('data'), { x: '1', y: '1' });
    one
      .apply('b', { data: { x: '1' } })
      .apply('c', { data: { x: '1' } })
      .apply('b', {});
    assert.deepEqual(one.part('data'), { x: '1', y: '1' });
  });

  it('names all conflicts, and takes over by force', () => {
    const one = configMap()
      .apply('a', { data: { x: '1', k: 'k' } })
      .apply('b', { data: { x: '1', y: '1' } });
    const change = { data: { x: '2', y: '2', k: 'l' } };
    assert.throws(
      () => one.apply('z', change),
      (error) => {
        assert.ok(error instanceof StatusError);
        assert.equal(error.code, 409);
        assert.equal(
          error.message,
          'Apply failed with 4 conflicts: conflicts with "a":\n- .data.k\n- .data.x\nconflicts with "b":\n- .data.x\n- .data.y',
        );
        assert.deepEqual(error.status.details?.causes?.[0], {
          reason: 'FieldManagerConflict',
          message: 'conflict with "a"',
          field: '.data.k',
        });
        return true;
      },
    );
    one.apply('z', change, { force: true });
    assert.deepEqual(one.owners, { 'z Apply': { 'f:data': { 'f:k': {}, 'f:x': {}, 'f:y': {} } } });
  });

  it('conflicts with updaters by version and subresource', () => {
    const one = new OneObject(services).update('u', { spec: { type: 'ClusterIP' } });
    assert.throws(() => one.apply('a', { spec: { type: 'NodePort' } }), {
      message: 'Apply failed with 1 conflict: conflict with "u" using v1: .spec.type',
    });
    one.apply('lb', { status: { loadBalancer: { ingress: [{ ip: '9.9.9.9' }] } } }, { subresource: 'status' });
    assert.throws(() => one.apply('x', { status: { loadBalancer: { ingress: [] } } }, { subresource: 'status' }), {
      message:
        'Apply failed with 1 conflict: conflict with "lb" with subresource "status": .status.loadBalancer.ingress',
    });
  });

  it('keys items of lists, with defaults for keys that are left out', () => {
    const one = new OneObject(services).apply('a', {
      spec: {
        ports: [
          { name: 'web', port: 80 },
          { name: 'dns', port: 53, protocol: 'UDP' },
        ],
      },
    });
    one.apply('b', {
      spec: {
        ports: [
          { port: 80, protocol: 'TCP', targetPort: 'w' },
          { name: 'tls', port: 443 },
        ],
      },
    });
    assert.deepEqual(one.part('spec'), {
      ports: [
        { name: 'web', port: 80, protocol: 'TCP', targetPort: 'w' },
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 0 },
        { name: 'tls', port: 443, targetPort: 0 },
      ],
    });
    assert.deepEqual(Object.keys((one.owners['b Apply'] as { 'f:spec': { 'f:ports': object } })['f:spec']['f:ports']), [
      'k:{"port":80,"protocol":"TCP"}',
      'k:{"port":443,"protocol":"TCP"}',
    ]);
    assert.throws(() => one.apply('a', { spec: { ports: [{ port: 1 }, { port: 1 }] } }), {
      message:
        'failed to create typed patch object (/o; /v1, Kind=Service): .spec.ports: duplicate entries for key [port=1,protocol="TCP"]',
    });
  });

  const orders: [string[], string[], string[]][] = [
    [
      ['x', 'y', 'z'],
      ['z', 'x', 'y'],
      ['z', 'x', 'y'],
    ],
    [
      ['x', 'y', 'z'],
      ['new', 'y'],
      ['x', 'new', 'y', 'z'],
    ],
    [
      ['x', 'y', 'z'],
      ['z', 'new', 'x'],
      ['y', 'z', 'new', 'x'],
    ],
    [[], ['a', 'b'], ['a', 'b']],
    [['x', 'y'], [], ['x', 'y']],
  ];
  for (const [before, applied, after] of orders) {
    it(`applies ${applied} over ${before} in order`, () => {
      const items = (names: string[]) => ({ metadata: { name: 'o', finalizers: names.map((name) => `e.x/${name}`) } });
      const one = configMap().update('u', items(before)).apply('a', items(applied));
      assert.deepEqual(
        one.object?.metadata?.finalizers,
        after.length === 0 ? undefined : items(after).metadata.finalizers,
      );
    });
  }

  it('keeps the time of an entry that changes nothing', () => {
    const one = configMap().apply('a', { data: { x: '1' } });
    const before = one.times;
    one.apply('a', { data: { x: '1' } }).apply('b', { data: { x: '1' } });
    assert.deepEqual(one.times, [undefined, ...before]);
  });

  it('gives everything to before-first-apply when nobody was tracked', () => {
    const one = configMap()
      .update('u', { data: { x: '1' } })
      .update('r', { metadata: { name: 'o', managedFields: [{}] }, data: { x: '1' } });
    assert.deepEqual(one.owners, {});
    one.update('v', { data: { x: '2' } });
    assert.deepEqual(one.owners, {});
    assert.throws(() => one.apply('a', { data: { x: '3' } }), {
      message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.x',
    });
  });

  const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
  it('takes over from client-side apply, and keeps its annotation true', () => {
    const annotations = {
      [lastApplied]: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"o"},"data":{"x":"1"}}',
    };
    const one = configMap().update('kubectl-client-side-apply', {
      metadata: { name: 'o', annotations },
      data: { x: '1', y: '1' },
    });
    assert.throws(() => one.apply('kubectl', { data: { y: '2' } }), StatusError);
    assert.throws(() => one.apply('other', { data: { x: '2' } }), StatusError);
    one.apply('kubectl', { data: { x: '2' } });
    assert.equal(
      one.object?.metadata?.annotations?.[lastApplied],
      '{"apiVersion":"v1","data":{"x":"2"},"kind":"ConfigMap","metadata":{"name":"o"}}\n',
    );
  });

  const bad: [object, number, string][] = [
    [{ kind: 'Secret' }, 400, 'invalid object type: /v1, Kind=Secret'],
    [{ apiVersion: 'apps/v1' }, 400, 'invalid object type: apps/v1, Kind=ConfigMap'],
    [{ apiVersion: undefined }, 400, 'invalid object type: /, Kind=ConfigMap'],
    [{ metadata: { name: 'o', managedFields: [] } }, 400, 'metadata.managedFields must be nil'],
    [
      { odd: 1 },
      422,
      'failed to create typed patch object (/o; /v1, Kind=ConfigMap): .odd: field not declared in schema',
    ],
    [
      { data: { x: 1 } },
      422,
      'failed to create typed patch object (/o; /v1, Kind=ConfigMap): .data.x: expected string, got 1',
    ],
    [
      { metadata: { name: 'o', labels: [] } },
      422,
      'failed to create typed patch object (/o; /v1, Kind=ConfigMap): .metadata.labels: expected map, got []',
    ],
  ];
  for (const [fields, code, message] of bad) {
    it(`refuses ${JSON.stringify(fields)}`, () => {
      assert.throws(
        () => configMap().apply('a', fields),
        (error) => error instanceof StatusError && error.code === code && error.message === message,
      );
    });
  }
});

describe('managed fields of other writes', () => {
  it('own what they change, with the containers they make', () => {
    const one = configMap()
      .update('u', { metadata: { name: 'o', labels: { l: '1' } }, data: { x: '1' } })
      .update('v', { metadata: { name: 'o', labels: { l: '1' } }, data: { x: '2', y: '1' } });
    assert.deepEqual(one.owners, {
      'u Update': { 'f:data': {}, 'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } } },
      'v Update': { 'f:data': { 'f:x': {}, 'f:y': {} } },
    });
  });

  it('lose what is gone', () => {
    const one = configMap()
      .apply('a', { data: { x: '1', y: '1' } })
      .update('u', { data: { y: '1' } });
    assert.deepEqual(one.owners, { 'a Apply': { 'f:data': { 'f:y': {} } } });
  });

  it('leave status to its own endpoint', () => {
    const one = new OneObject(services).update('u', {
      spec: { type: 'ClusterIP' },
      status: { conditions: [{ type: 'A' }] },
    });
    assert.deepEqual(Object.keys(one.owners['u Update'] as object), ['f:spec']);
  });

  it('share one entry beyond ten updaters', () => {
    const one = configMap();
    const data: Record<string, string> = {};
    for (let i = 0; i < 13; i += 1) {
      data[`k${i}`] = '1';
      one.update(`m${i}`, { data });
    }
    assert.equal(Object.keys(one.owners).length, 10);
    assert.deepEqual(one.owners['ancient-changes Update'], {
      'f:data': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {} },
    });
  });

  it('cost little on every write', () => {
    const spec = {
      selector: { matchLabels: { app: 'd' } },
      template: {
        spec: {
          containers: Array.from({ length: 10 }, (_, i) => ({
            name: `c${i}`,
            image: 'i',
            env: Array.from({ length: 20 }, (_, j) => ({ name: `E${j}`, value: 'v' })),
          })),
        },
      },
    };
    const one = new OneObject(deployments).update('u', { spec });
    const start = performance.now();
    for (let i = 0; i < 50; i += 1) one.update('v', { spec: { ...spec, replicas: i } });
    // Decoding and encoding included: 250 fields, 50 times.
    assert.ok(performance.now() - start < 10_000);
  });
});
