import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { packageRoot } from '../../base/package-root.ts';
import { decodeProtobuf } from './protobuf.ts';
import { encodeProtobuf, encodeWatchFrame } from './protobuf-writer.ts';

const cases: Readonly<Record<string, JsonRecord>> = {
  'numbers of all sizes': {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', generation: 2 ** 40, creationTimestamp: '2026-01-02T03:04:05Z' },
    spec: { priority: -5, containers: [{ name: 'c', ports: [{ containerPort: 80 }], tty: false }], nodeName: '' },
  },
  'embedded structs': {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { labels: { b: '2', a: '' } },
    spec: {
      volumes: [{ name: 'v', configMap: { name: 'c', items: [{ key: 'k', path: 'p', mode: 420 }] } }],
      containers: [
        {
          name: 'c',
          livenessProbe: { httpGet: { path: '/', port: 'web' }, periodSeconds: 3 },
          readinessProbe: { tcpSocket: { port: 80 } },
          env: [{ name: 'e', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
          resources: { limits: { cpu: '500m' } },
        },
      ],
      ephemeralContainers: [{ name: 'd', image: 'i', targetContainerName: 'c' }],
    },
  },
  bytes: { apiVersion: 'v1', kind: 'Secret', data: { a: 'AAECAw==' }, type: 'Opaque' },
  'times to the microsecond': {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    spec: { renewTime: '2026-01-02T03:04:05.000600Z', leaseDurationSeconds: 40 },
  },
  lists: {
    apiVersion: 'v1',
    kind: 'ConfigMapList',
    metadata: { resourceVersion: '7' },
    items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' }, data: { k: 'v' } }],
  },
  refusals: {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    code: 404,
    reason: 'NotFound',
    message: 'none',
    details: { name: 'a', causes: [{ reason: 'x', message: 'y', field: 'z' }] },
  },
  'definitions with schemas': {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    spec: {
      group: 'example.com',
      versions: [
        {
          name: 'v1',
          served: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              'x-kubernetes-preserve-unknown-fields': true,
              properties: {
                a: { $ref: '#/x', enum: ['x', 5, null], default: { b: [1] }, minimum: 0.5 },
                l: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
                m: { additionalProperties: { type: 'integer' } },
                n: { additionalProperties: false },
              },
            },
          },
        },
      ],
    },
  },
};

describe('encodeProtobuf', () => {
  for (const [name, object] of Object.entries(cases)) {
    it(`writes ${name} as they are read`, () => {
      const bytes = encodeProtobuf(object);
      assert.ok(bytes !== undefined);
      assert.deepEqual(decodeProtobuf(bytes), object);
    });
  }

  it('has no bytes for what has no message', () => {
    assert.equal(encodeProtobuf({ apiVersion: 'example.com/v1', kind: 'Widget' }), undefined);
    assert.equal(encodeProtobuf({}), undefined);
  });

  it('writes every object of the recordings as it is read', () => {
    let count = 0;
    for (const object of recordedObjects()) {
      const bytes = encodeProtobuf(object);
      // What stands in a list of metadata says again what it is: not on the wire.
      if (bytes === undefined || object.kind === 'PartialObjectMetadataList') continue;
      count += 1;
      assert.deepEqual(filled(decodeProtobuf(bytes)), filled(object));
    }
    assert.ok(count > 500, `only ${count} objects`);
  });
});

describe('encodeWatchFrame', () => {
  it('says first how long it is', () => {
    const frame = encodeWatchFrame('ADDED', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
    assert.ok(frame !== undefined);
    assert.equal(frame.readUInt32BE(0), frame.length - 4);
    assert.equal(frame.subarray(6, 11).toString(), 'ADDED');
    assert.ok(frame.includes('k8s\0'));
  });
});

/** Whole objects that upstream answered with. Placeholders stand where no two servers say the same. */
function recordedObjects(): JsonRecord[] {
  const folder = join(packageRoot, 'test/golden/recordings/reads');
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
  const steps = lines.filter((line) => line !== '').flatMap((line) => (JSON.parse(line) as { steps: Step[] }).steps);
  return steps.map(({ want }) => withoutPlaceholders(want?.answer)).filter(isRecord);
}

interface Step {
  readonly want?: { readonly answer?: unknown };
}

function withoutPlaceholders(value: unknown): unknown {
  const text = JSON.stringify(value ?? null);
  return JSON.parse(text.replaceAll('"<time>"', '"2026-01-02T03:04:05Z"').replaceAll(/"<port:\d+>"/g, '30000'));
}

/** Empty lists and maps, nulls and missing members are one on the wire. */
function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled);
  if (!isRecord(value)) return value;
  const members = Object.entries(value).map(([key, member]) => [key, filled(member)] as const);
  return Object.fromEntries(members.filter(([, member]) => !isEmpty(member)));
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);
