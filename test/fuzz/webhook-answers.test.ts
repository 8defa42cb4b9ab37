/**
 * Answers of webhooks that are drawn: right ones with something in them that is not. Whatever a webhook says, the request
 * gets an answer that names it, and the next one is served.
 */

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { StatusError } from '../../api/status-error.ts';
import { AdmissionWebhook } from '../support/admission-webhook.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const seed = Number(process.env.FUZZ_SEED ?? 20_260_101);
const answers = Number(process.env.FUZZ_RUNS ?? 250);

/** One thing that is not as it should be: at the nth place of the answer, counted through. */
interface Flaw {
  readonly place: number;
  readonly change: { readonly put: unknown } | 'remove' | 'repeat';
}

const words = fc.constantFrom(
  ...[
    '',
    'v1',
    'Thing',
    'default',
    'Success',
    'Failure',
    'JSONPatch',
    '__proto__',
    'constructor',
    '/',
    '/metadata/name',
  ],
  ...['admission.k8s.io/v1', 'apiextensions.k8s.io/v1', '\u0000\u202e', 'x'.repeat(70_000), '2026-13-99', '1e999'],
);
const values = fc.oneof(
  words,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, true, -1, 2 ** 53, 1e300, [], {}, [null], { metadata: null }),
  words.map((word) => ({ [word]: word })),
);
const flaws: fc.Arbitrary<Flaw> = fc.record({
  place: fc.nat(200),
  change: fc.oneof(
    values.map((put) => ({ put })),
    fc.constantFrom('remove' as const, 'repeat' as const),
  ),
});

interface Drawn {
  readonly flaws: readonly Flaw[];
  /** Undefined: the text is whole. */
  readonly cutAt: number | undefined;
  /** Operations of a mutating webhook's patch. */
  readonly operations: readonly unknown[];
}

const paths = fc.constantFrom(
  ...[
    '',
    '/',
    '/data',
    '/data/a',
    '/data/-',
    '/metadata',
    '/metadata/name',
    '/metadata/labels',
    '/metadata/labels/a~1b',
  ],
  ...['/spec', '/spec/size', '/kind', '/apiVersion', '/metadata/ownerReferences/0', '/__proto__/x', '/none/below'],
);
const operations = fc.record({
  op: fc.constantFrom('add', 'replace', 'remove', 'move', 'copy', 'test', 'nonsense'),
  path: fc.oneof(paths, values),
  from: fc.oneof(paths, values),
  value: values,
});
const drawn: fc.Arbitrary<Drawn> = fc.record({
  flaws: fc.array(flaws, { maxLength: 2 }),
  cutAt: fc.option(fc.nat(400), { nil: undefined, freq: 8 }),
  operations: fc.array(fc.oneof(operations, values), { maxLength: 3 }),
});

/** Every place below `node`, with the record or list that holds it. */
function placesIn(node: unknown): { readonly holder: JsonRecord | unknown[]; readonly key: string }[] {
  if (!isRecord(node) && !Array.isArray(node)) return [];
  return Object.keys(node).flatMap((key) => [{ holder: node, key }, ...placesIn(Reflect.get(node, key))]);
}

function withFlaws(answer: JsonRecord, { flaws: wrong, cutAt }: Drawn): string {
  for (const { place, change } of wrong) {
    const places = placesIn(answer);
    const found = places[place % places.length];
    if (found === undefined) break;
    const { holder, key } = found;
    if (change === 'remove') Reflect.deleteProperty(holder, key);
    else if (change === 'repeat') Reflect.set(holder, `${key}${key}`, structuredClone(Reflect.get(holder, key)));
    else Reflect.set(holder, key, structuredClone(change.put));
  }
  const text = JSON.stringify(answer);
  return cutAt === undefined ? text : text.slice(0, cutAt % (text.length + 1));
}

async function bodyOf(request: IncomingMessage): Promise<JsonRecord> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}

describe('whatever a webhook answers', { timeout: 300_000 }, () => {
  let server: TestApiServer;
  let webhook: AdmissionWebhook;
  let webhookCalls = 0;
  let now: Drawn = { flaws: [], cutAt: undefined, operations: [] };

  before(async () => {
    server = await startTestApiServer();
    webhook = await AdmissionWebhook.start();
    await send('POST', '/api/v1/namespaces', { metadata: { name: 'judged', labels: { judged: 'yes' } } });
  });
  after(async () => {
    await webhook.stop();
    await server.stop();
  });

  async function send(method: string, path: string, body?: object): Promise<JsonRecord> {
    const headers = { 'content-type': 'application/json' };
    const { text } = await server.client.raw(method, path, body === undefined ? {} : { body, headers });
    return JSON.parse(text);
  }

  /** The right answer, before flaws come in. */
  function answerBy(path: string, right: (request: IncomingMessage) => Promise<JsonRecord>): void {
    webhook.onRaw(path, (answer, request) => {
      right(request).then(
        (review) => answer.writeHead(200, { 'content-type': 'application/json' }).end(withFlaws(review, now)),
        (error) => answer.destroy(error),
      );
    });
  }

  /** Whether it went well. Failures of webhooks are the server's in upstream's words: they say whose, or what it made. */
  async function isServed(request: Promise<unknown>): Promise<boolean> {
    try {
      await request;
      return true;
    } catch (error) {
      assert.ok(error instanceof StatusError, String(error));
      const { code, message } = error;
      assert.ok(
        code < 500 || /webhook|: converting \(|patched object|json: /.test(message),
        `${code} ${message.slice(0, 500)} by ${inspect(now, { depth: 6 })}`,
      );
      assert.doesNotMatch(message, /Cannot read prop|is not a function|is not iterable|undefined|\[object/);
      return false;
    }
  }

  /** Sends the request once for each drawn answer. Without flaws it goes well, if the webhook lets it. */
  async function tryAll(request: () => Promise<unknown>, isAllowed = true): Promise<void> {
    const served: boolean[] = [];
    for (now of fc.sample(drawn, { seed, numRuns: answers })) served.push(await isServed(request()));
    if (isAllowed) assert.ok(served.includes(true), 'some answers are good enough');
    assert.ok(served.includes(false), 'some answers are not');
    now = { flaws: [], cutAt: undefined, operations: [] };
    assert.equal(await isServed(request()), isAllowed, 'a right answer counts after all the wrong ones');
  }

  const configMaps = '/api/v1/namespaces/judged/configmaps';
  const configMap = { metadata: { generateName: 'a' }, data: { a: '1' } };
  const hookOf = (path: string) => ({
    webhooks: [
      {
        name: 'drawn.example.com',
        clientConfig: { url: `${webhook.url}${path}`, caBundle: webhook.caBundle },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
        namespaceSelector: { matchLabels: { judged: 'yes' } },
        ...{ sideEffects: 'None', admissionReviewVersions: ['v1'] },
      },
    ],
  });

  const reviews: readonly (readonly [plugin: string, isAllowed: boolean, response: () => JsonRecord])[] = [
    ['validating', true, () => ({ allowed: true, warnings: ['w'], auditAnnotations: { a: 'b' } })],
    [
      'validating',
      false,
      () => ({ allowed: false, status: { code: 418, message: 'no', reason: 'Teapot', details: { causes: [] } } }),
    ],
    [
      'mutating',
      true,
      () => ({
        ...{ allowed: true, patchType: 'JSONPatch' },
        patch: Buffer.from(JSON.stringify(now.operations)).toString('base64'),
      }),
    ],
  ];

  for (const [index, [plugin, isAllowed, response]] of reviews.entries())
    it(`to a request (${plugin}, ${index}), it is named when it is wrong`, async () => {
      const path = `/admit-${index}`;
      answerBy(path, async (request) => {
        webhookCalls += 1;
        const { apiVersion, kind, request: asked } = await bodyOf(request);
        const review = { apiVersion, kind, response: { uid: isRecord(asked) ? asked.uid : '', ...response() } };
        return review;
      });
      const configurations = `/apis/admissionregistration.k8s.io/v1/${plugin}webhookconfigurations`;
      await send('POST', configurations, { metadata: { name: 'drawn' }, ...hookOf(path) });
      await eventually('it is asked', async () => {
        const before = webhookCalls;
        await isServed(send('POST', configMaps, configMap));
        return webhookCalls > before;
      });
      await tryAll(() => send('POST', configMaps, configMap), isAllowed);
      await send('DELETE', `${configurations}/drawn`);
    });

  it('to a conversion, it is named when it is wrong', async () => {
    answerBy('/convert', async (request) => {
      const { apiVersion, kind, request: asked } = await bodyOf(request);
      const { uid, objects, desiredAPIVersion } = isRecord(asked) ? asked : {};
      const convertedObjects = (Array.isArray(objects) ? objects : []).map((one) => ({
        ...one,
        apiVersion: desiredAPIVersion,
      }));
      const review = { apiVersion, kind, response: { uid, convertedObjects, result: { status: 'Success' } } };
      return review;
    });
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const clientConfig = { url: `${webhook.url}/convert`, caBundle: webhook.caBundle };
    await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: 'things.example.com' },
      spec: {
        ...{ group: 'example.com', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' } },
        versions: [
          { name: 'v1', served: true, storage: true, schema },
          { name: 'v2', served: true, storage: false, schema },
        ],
        conversion: { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } },
      },
    });
    const things = '/apis/example.com/v2/namespaces/judged/things';
    const thing = { apiVersion: 'example.com/v2', kind: 'Thing', metadata: { generateName: 'a' }, spec: { size: 1 } };
    await eventually('it is served', async () => await send('POST', things, thing).catch(() => undefined));
    await tryAll(() => send('POST', things, thing));
  });
});
