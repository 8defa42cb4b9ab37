import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createAuthority } from '../../base/certificates.ts';
import { computeLeftMs } from './cleaner-plan.ts';
import type { Request } from './request-state.ts';
import { computeLifeMs } from './signing-controller.ts';

const hourMs = 3_600_000;
const now = Date.UTC(2030, 0, 1);
const at = (ms: number): string => new Date(ms).toISOString();

it('requests go an hour after they were answered, a day after nobody did, and with the certificate', async () => {
  const { certificate: pem } = await createAuthority('x', now, hourMs / 2);
  const certificate = Buffer.from(pem).toString('base64');
  const metadata = { creationTimestamp: at(now) };
  const spec = { request: '', signerName: 'a.b/c' };
  const leftOf = (status: Request['status'] & object) => computeLeftMs({ metadata, spec, status }, now);
  const condition = (type: string) => ({ type, status: 'True', lastUpdateTime: at(now) });
  const foreign = Buffer.from('of another signer').toString('base64');
  assert.equal(leftOf({}), 24 * hourMs);
  assert.equal(leftOf({ conditions: [condition('Denied')] }), hourMs);
  assert.equal(leftOf({ conditions: [condition('Failed')] }), hourMs);
  assert.equal(leftOf({ conditions: [condition('Approved')] }), undefined);
  assert.equal(leftOf({ conditions: [condition('Approved')], certificate: foreign }), hourMs);
  assert.equal(leftOf({ conditions: [condition('Approved')], certificate }), hourMs / 2);
  assert.equal(leftOf({ conditions: [{ type: 'Custom', status: 'True' }] }), undefined);
});

it('a certificate lives as long as was asked, within what the signer gives', () => {
  const dayMs = 24 * hourMs;
  for (const [asked, ms] of [
    [undefined, dayMs],
    [3_600, hourMs],
    [600, 600_000],
    [60, 600_000],
    [1_000_000, dayMs],
  ] as const)
    assert.equal(computeLifeMs(asked, dayMs), ms);
});
