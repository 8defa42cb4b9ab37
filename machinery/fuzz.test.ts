/** Whatever clients send, the pure rules answer with a refusal of their own and never take long. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonRecord } from '../api/json-record.ts';
import { StatusError } from '../api/status-error.ts';
import { applyPatch } from './apply/apply-patch.ts';
import { managedFieldsAfterUpdate } from './apply/update-managed-fields.ts';
import { type BodyFormat, decodeBody } from './codec/body.ts';
import { applyJsonPatch, parseJsonPatch } from './patch/json-patch.ts';
import { applyMergePatch, parseMergePatch } from './patch/merge-patch.ts';
import { applyStrategicMergePatch, parseStrategicMergePatch } from './patch/strategic-merge-patch.ts';
import { DecodeError, decode } from './schema/decode.ts';
import { describedResource } from './testing/described-resource.ts';

const seed = Number(process.env.FUZZ_SEED ?? 20_260_101);
const numRuns = Number(process.env.FUZZ_RUNS ?? 300);
const pods = describedResource({ group: '', version: 'v1', kind: 'Pod', plural: 'pods' });

/** Runs one input: refusals are answers, everything else is a bug, and so is a second of silence. */
function survives(run: () => unknown): void {
  const start = performance.now();
  try {
    run();
  } catch (error) {
    if (!(error instanceof StatusError) && !(error instanceof DecodeError)) throw error;
    if (error instanceof StatusError) assert.ok(error.code < 500, error.message);
  }
  assert.ok(performance.now() - start < 10_000, 'took much longer than a second');
}

const check = <T>(arbitrary: fc.Arbitrary<T>, run: (value: T) => unknown): void =>
  fc.assert(
    fc.property(arbitrary, (value) => survives(() => run(value))),
    { seed, numRuns },
  );

/** Words that mean something somewhere, and characters that are trouble. */
const words = fc.constantFrom(
  'metadata',
  'spec',
  'name',
  'containers',
  'env',
  'ports',
  'labels',
  'app',
  'status',
  'kind',
  'v1',
  'Pod',
  '$patch',
  'delete',
  'replace',
  '$retainKeys',
  '$setElementOrder/containers',
  '$deleteFromPrimitiveList/finalizers',
  'finalizers',
  'managedFields',
  'f:spec',
  'k:{}',
  '.',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\ud800',
  '~1',
  '-1',
  '<<',
  '*a',
  '&a',
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(words, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.string()),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(words, tie('json'), { maxKeys: 5 }),
  ),
}));
const object = fc.dictionary(words, json, { maxKeys: 6 }) as fc.Arbitrary<JsonRecord>;
const jsonText = json.map((value) => JSON.stringify(value));
/** A text with a piece cut out or doubled. */
const broken = fc
  .tuple(jsonText, fc.nat(), fc.nat(20), fc.string({ maxLength: 3 }))
  .map(([text, at, length, insert]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + insert + text.slice(place + length);
  });
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .uint8Array({ maxLength: 200 })
    .map((tail) => Buffer.concat([Buffer.from('k8s\0\n\x09\n\x02v1\x12\x03Pod\x12\x7f'), tail])),
  broken.map((text) => Buffer.from(text)),
);

const live: JsonRecord = decode(pods.schema, {
  metadata: { name: 'p', labels: { app: 'x' }, finalizers: ['a/b'] },
  spec: {
    containers: [{ name: 'a', env: [{ name: 'E', value: '1' }], ports: [{ containerPort: 80 }] }, { name: 'b' }],
  },
}).object;

describe('fuzzing', () => {
  for (const format of ['json', 'yaml', 'protobuf'] satisfies BodyFormat[]) {
    it(`${format} bodies`, () => check(bytes, (body) => decode(pods.schema, decodeBody(body, format, pods).object)));
  }

  it('YAML texts', () => {
    const line = fc.tuple(
      fc.nat(4),
      words,
      fc.constantFrom(': ', ':', ' - ', ''),
      fc.oneof(words, fc.constantFrom('|', '>', '[', '{', '"', 'yes', '010', '1e3')),
    );
    const text = fc
      .array(line, { maxLength: 12 })
      .map((lines) =>
        lines.map(([indent, key, colon, value]) => `${' '.repeat(indent)}${key}${colon}${value}`).join('\n'),
      );
    check(text, (document) => decode(pods.schema, decodeBody(Buffer.from(document), 'yaml', pods).object));
  });

  it('JSON patches', () => {
    const pointer = fc
      .array(fc.oneof(words, fc.nat(3).map(String), fc.constant('-')), { maxLength: 5 })
      .map((keys) => `/${keys.join('/')}`);
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
        path: pointer,
        from: pointer,
        value: json,
      },
      { requiredKeys: [] },
    );
    check(
      fc.oneof(
        fc.array(operation, { maxLength: 20 }).map((list) => JSON.stringify(list)),
        broken,
      ),
      (text) => decode(pods.schema, applyJsonPatch(live, parseJsonPatch(text).operations)),
    );
  });

  it('merge patches', () =>
    check(fc.oneof(jsonText, broken), (text) =>
      decode(pods.schema, applyMergePatch(live, parseMergePatch(text).patch)),
    ));

  it('strategic merge patches', () =>
    check(fc.oneof(jsonText, broken), (text) =>
      decode(pods.schema, applyStrategicMergePatch(live, parseStrategicMergePatch(text).patch, pods.schema)),
    ));

  const write = { kind: pods, manager: 'm', now: 0 };
  it('applied configurations', () =>
    check(fc.tuple(object, object, fc.boolean()), ([spec, metadata, force]) => {
      const config = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', ...metadata }, spec };
      decode(pods.schema, applyPatch({ ...write, live, config, force }));
    }));

  it('managed fields that clients send', () =>
    check(fc.tuple(json, json), ([managedFields, fieldsV1]) => {
      const entry = { manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 };
      for (const sent of [managedFields, [entry]]) {
        const next = decode(pods.schema, { ...live, metadata: { name: 'p', managedFields: sent } }).object;
        managedFieldsAfterUpdate(live, next, write);
      }
    }));

  it('leaves no trace in JavaScript itself', () => assert.deepEqual(Object.keys(Object.prototype), []));
});
