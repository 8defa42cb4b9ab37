import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseRequestInfo } from '../request/request-info.ts';
import { type AuditedRequest, type EventAt, eventJson, eventOf } from './audit-event.ts';

const info = parseRequestInfo('GET', '/api/v1/namespaces/a/pods/x', '');
const path = parseRequestInfo('GET', '/healthz', '');

const user = fc.record(
  { name: fc.string({ unit: 'binary' }), groups: fc.array(fc.string({ unit: 'binary' })), uid: fc.string() },
  { requiredKeys: ['name', 'groups'] },
);

const request: fc.Arbitrary<AuditedRequest> = fc.record({
  level: fc.constant<'Metadata'>('Metadata'),
  auditId: fc.string({ unit: 'binary' }),
  requestUri: fc.string({ unit: 'binary' }),
  info: fc.constantFrom(info, path),
  user,
  impersonated: fc.option(user, { nil: undefined }),
  sourceIps: fc.array(fc.ipV4()),
  userAgent: fc.string({ unit: 'binary' }),
  receivedAtMs: fc.nat(4e12),
  omitManagedFields: fc.boolean(),
});

const event: fc.Arbitrary<EventAt> = fc.record({
  stage: fc.constantFrom('RequestReceived', 'ResponseComplete'),
  atMs: fc.nat(4e12),
  status: fc.option(fc.record({ code: fc.nat(599), message: fc.string({ unit: 'binary' }) }), { nil: undefined }),
  annotations: fc.option(
    fc.array(fc.tuple(fc.string(), fc.string({ unit: 'binary' }))).map((entries) => new Map(entries)),
    { nil: undefined },
  ),
});

describe('the text of an audit event', () => {
  it('is that of the object, for events without bodies too', () => {
    fc.assert(
      fc.property(request, event, (asked, at) => {
        assert.deepEqual(JSON.parse(eventJson(asked, at, 1_000)), JSON.parse(JSON.stringify(eventOf(asked, at))));
      }),
      { numRuns: 200 },
    );
  });

  it('says of a body that is too long that it was cut', () => {
    fc.assert(
      fc.property(request, event, (asked, at) => {
        const cut = JSON.parse(eventJson(asked, { ...at, requestObject: { data: 'x'.repeat(2_000) } }, 1_000));
        assert.equal(cut.requestObject, undefined);
        assert.equal(cut.annotations['audit.k8s.io/truncated'], 'true');
      }),
      { numRuns: 20 },
    );
  });
});
