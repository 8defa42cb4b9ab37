/** Definitions of custom resources whose schemas make much work of little: nobody else waits for it. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { definitionOf } from '../fuzz/definition.ts';
import { type Answer, Fuzzer } from '../fuzz/fuzz.ts';
import { eventually } from '../support/eventually.ts';
import { MeasuredApiServer } from '../support/measured-api-server.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const definition = `${definitions}/things.example.com`;
const things = '/apis/example.com/v1/namespaces/default/things';
/** What is meant is 100 ms; a machine may be slow and have else to do. What is tested here held it for seconds. */
const patienceMs = 1000;

let server: MeasuredApiServer;
let client: Fuzzer;

before(async () => {
  server = await MeasuredApiServer.start();
  client = new Fuzzer(server);
});

after(async () => {
  client.close();
  await server.stop();
});

function send(method: string, path: string, body?: object, contentType = 'application/json'): Promise<Answer> {
  const bytes = body && Buffer.from(JSON.stringify(body));
  return client.send({ method, path, headers: { 'content-type': contentType }, ...(bytes && { body: bytes }) });
}

const thingOf = (spec: unknown, name: string) => ({
  ...{ apiVersion: 'example.com/v1', kind: 'Thing' },
  ...{ metadata: { name }, spec },
});

/** With this schema for what things have as `spec`, until it ends. */
async function whileDefined(schema: object, work: () => Promise<void>): Promise<void> {
  // The thread that judges large definitions may take long to start on a slow machine.
  await eventually('it is defined', async () => {
    const { code, text } = await send('POST', definitions, definitionOf(schema));
    if (code !== 201 && code !== 409) throw new Error(text.slice(0, 500));
    return true;
  });
  await eventually('things are served', async () => (await send('GET', things)).code === 200);
  try {
    await work();
  } finally {
    await send('DELETE', definition);
    await eventually('things are gone', async () => (await send('GET', definition)).code === 404);
  }
}

async function assertNotHeld(work: () => Promise<void>): Promise<void> {
  await server.longest();
  await work();
  const { heldMs } = await server.longest();
  assert.ok(heldMs < patienceMs, `the event loop was held for ${heldMs} ms`);
}

const listOf = (length: number, item: (index: number) => unknown): unknown[] =>
  Array.from({ length }, (_, index) => item(index));

describe('a schema', { timeout: 300_000 }, () => {
  /** The object of `spec` is made and applied, and gets `code`; nobody waits for that. */
  const costly: readonly (readonly [what: string, schema: object, spec: unknown, code: number])[] = [
    [
      'with many alternatives for many values',
      {
        type: 'array',
        items: { type: 'string', anyOf: listOf(300, (i) => ({ minLength: i + 1, maxLength: i + 1 })) },
      },
      listOf(500, () => 'x'.repeat(300)),
      201,
    ],
    [
      'with a pattern that takes long',
      { type: 'array', items: { type: 'string', pattern: `^(${'a?'.repeat(300)}){2}${'a'.repeat(300)}$` } },
      listOf(30, () => 'a'.repeat(300)),
      201,
    ],
    [
      'with a rule that costs as much as rules may',
      {
        ...{ type: 'array', maxItems: 400, items: { type: 'integer' } },
        'x-kubernetes-validations': listOf(6, (i) => ({ rule: `self.all(x, self.all(y, x + y >= -${i}))` })),
      },
      listOf(350, (i) => i),
      201,
    ],
    [
      'with lists of defaults inside of lists of defaults',
      listOf(9, () => 10).reduce<object>(
        (items) => ({
          type: 'array',
          default: listOf(10, () => ({})),
          items: { type: 'object', properties: { a: items } },
        }),
        { type: 'string', default: 'x' },
      ),
      [{}],
      413,
    ],
    [
      'with a long default for each of many items',
      { type: 'array', items: { type: 'object', properties: { a: { type: 'string', default: 'x'.repeat(10_000) } } } },
      listOf(20_000, () => ({})),
      413,
    ],
  ];
  for (const [what, schema, spec, code] of costly) {
    it(`${what} holds nobody up`, () =>
      whileDefined(schema, () =>
        assertNotHeld(async () => {
          const made = await send('POST', things, thingOf(spec, 'made'));
          assert.equal(made.code, code, made.text.slice(0, 500));
          const path = `${things}/applied?fieldManager=test`;
          const applied = await send('PATCH', path, thingOf(spec, 'applied'), 'application/apply-patch+yaml');
          assert.equal(applied.code, code, applied.text.slice(0, 500));
        }),
      ));
  }

  it('says of large objects what it says of small ones', () =>
    whileDefined({ type: 'object', properties: { a: { type: 'string' }, n: { type: 'integer', default: 3 } } }, () =>
      assertNotHeld(async () => {
        const a = 'x'.repeat(100_000);
        const path = `${things}/large`;
        const made = await send('POST', `${things}?fieldValidation=Warn`, thingOf({ a, unknown: 1 }, 'large'));
        assert.equal(made.code, 201, made.text.slice(0, 500));
        assert.deepEqual(JSON.parse(made.text).spec, { a, n: 3 });
        const strict = await send('POST', `${things}?fieldValidation=Strict`, thingOf({ a, unknown: 1 }, 'strict'));
        assert.equal(strict.code, 400);
        assert.match(strict.text, /unknown field \\"spec.unknown\\"/);
        const wrong = await send('PUT', path, {
          ...JSON.parse(made.text),
          spec: { a: [a] },
        });
        assert.equal(wrong.code, 422);
        assert.match(wrong.text, /spec.a in body must be of type string/);
        const patched = await send('PATCH', path, { spec: { n: 4 } }, 'application/merge-patch+json');
        assert.deepEqual(JSON.parse(patched.text).spec, { a, n: 4 });
        assert.equal(JSON.parse(patched.text).metadata.generation, 2);
        const applied = await send(
          'PATCH',
          `${path}?fieldManager=test&force=true`,
          thingOf({ n: 5 }, 'large'),
          'application/apply-patch+yaml',
        );
        assert.deepEqual(JSON.parse(applied.text).spec, { a, n: 5 });
      }),
    ));
});
