import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidReviewError, readReviewAnswer, reviewVersionOf } from './admission-review.ts';

const review = (response: unknown, more: object = {}) => ({
  ...{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response },
  ...more,
});
const patch = Buffer.from('[]').toString('base64');

describe('the answer of an admission webhook', () => {
  const refused: readonly (readonly [message: string, answer: unknown, isMutating: boolean])[] = [
    ['webhook response was absent', 'rubbish', false],
    ['webhook response was absent', review(undefined), false],
    ['expected response.uid="u", got "v"', review({ uid: 'v', allowed: true }), false],
    ['expected response.uid="u", got ""', review({ allowed: true }), false],
    [
      'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1beta1, Kind=AdmissionReview',
      review({ uid: 'u' }, { apiVersion: 'admission.k8s.io/v1beta1' }),
      false,
    ],
    [
      'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=',
      { response: { uid: 'u' } },
      false,
    ],
    ['validating webhook may not return response.patch', review({ uid: 'u', patch }), false],
    ['validating webhook may not return response.patchType', review({ uid: 'u', patchType: 'JSONPatch' }), false],
    ['webhook returned response.patch but not response.patchType', review({ uid: 'u', patch }), true],
    ['webhook returned response.patchType but not response.patch', review({ uid: 'u', patchType: 'JSONPatch' }), true],
    [
      'json: cannot unmarshal into Go struct field AdmissionResponse.response.allowed of type bool',
      review({ uid: 'u', allowed: 'yes' }),
      false,
    ],
  ];
  for (const [message, answer, isMutating] of refused)
    it(`is none: ${message}`, () => {
      const read = () => readReviewAnswer(answer, { version: 'v1', uid: 'u', isMutating });
      assert.throws(read, (error) => error instanceof InvalidReviewError && error.message === message);
    });

  it('is read', () => {
    const answer = review({
      ...{ uid: 'u', allowed: true, warnings: ['w', 1], auditAnnotations: { a: 'b', c: 1 } },
      ...{ patchType: 'JSONPatch', patch: Buffer.from('[{"op":"remove","path":"/x"}]').toString('base64') },
    });
    assert.deepEqual(readReviewAnswer(answer, { version: 'v1', uid: 'u', isMutating: true }), {
      allowed: true,
      result: undefined,
      auditAnnotations: new Map([['a', 'b']]),
      warnings: ['w'],
      patch: '[{"op":"remove","path":"/x"}]',
    });
  });

  it('of the older version needs neither uid nor kind', () => {
    const answer = { response: { allowed: false, status: { message: 'no' }, patch } };
    const read = readReviewAnswer(answer, { version: 'v1beta1', uid: 'u', isMutating: false });
    assert.deepEqual([read.allowed, read.result, read.patch], [false, { message: 'no' }, undefined]);
  });

  it('is asked for in the first version that is known', () => {
    assert.equal(reviewVersionOf(['v2', 'v1beta1', 'v1']), 'v1beta1');
    assert.equal(reviewVersionOf(['v2']), undefined);
  });
});
