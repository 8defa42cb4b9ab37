import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isTerminatingNamespaceError } from './namespace-state.ts';
import { StatusError } from './status-error.ts';
import type { StatusDetails } from './types/meta/v1.ts';

const answered = (code: 403 | 404, details: StatusDetails) =>
  new StatusError(code, code === 404 ? 'NotFound' : 'Forbidden', 'refused', details);

it('what is made in a namespace that goes, or is gone, is refused in two ways', () => {
  const terminating = { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] };
  assert.equal(isTerminatingNamespaceError(answered(403, terminating)), true);
  assert.equal(isTerminatingNamespaceError(answered(404, { kind: 'namespaces', name: 'a' })), true);
  assert.equal(isTerminatingNamespaceError(answered(403, { causes: [{ reason: 'Other' }] })), false);
  assert.equal(isTerminatingNamespaceError(answered(404, { kind: 'pods', name: 'a' })), false);
  assert.equal(isTerminatingNamespaceError(new Error('NamespaceTerminating')), false);
});
