import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FieldsV1, ManagedFieldsEntry } from '../../api/types/meta/v1.ts';
import { objectManagedFields, type ReplicasPlace, scaleManagedFields } from './scale-managed-fields.ts';

const entry = (manager: string, fieldsV1: FieldsV1, more: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry => ({
  ...{ manager, operation: 'Apply', apiVersion: 'apps/v1', fieldsType: 'FieldsV1', fieldsV1 },
  ...more,
});
const inScale = { 'f:spec': { 'f:replicas': {} } };
const asScale = (owner: ManagedFieldsEntry) => ({ ...owner, apiVersion: 'autoscaling/v1', fieldsV1: inScale });

describe('the owners of replicas', () => {
  const place: ReplicasPlace = () => ['spec', 'replicas'];

  it('are the same seen through the Scale', () => {
    const owner = entry('a', { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } });
    const scale = scaleManagedFields([owner, entry('b', { 'f:spec': { 'f:paused': {} } })], place);
    assert.deepEqual(scale, [asScale(owner)]);
    assert.deepEqual(objectManagedFields({ apiVersion: 'apps/v1', managedFields: [owner], place }, scale), [owner]);
  });

  it('lose them to who changes the Scale', () => {
    const owner = entry('a', { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } });
    const taken = asScale(entry('h', {}, { subresource: 'scale', time: '2026-01-01T00:00:00Z' }));
    assert.deepEqual(objectManagedFields({ apiVersion: 'apps/v1', managedFields: [owner], place }, [taken]), [
      entry('a', { 'f:spec': { 'f:paused': {} } }),
      entry('h', inScale, { subresource: 'scale' }),
    ]);
  });
});

describe('the owners of replicas of a custom resource', () => {
  const places = new Map([
    ['example.com/v1', ['spec', 'size', 'wanted']],
    ['example.com/v2', undefined],
  ]);
  const place: ReplicasPlace = (apiVersion) => (places.has(apiVersion) ? places.get(apiVersion) : null);
  const wanted = { 'f:spec': { 'f:size': { 'f:wanted': {} } } };
  const owner = entry('a', wanted, { apiVersion: 'example.com/v1' });

  it('are found where the definition says', () => {
    assert.deepEqual(scaleManagedFields([owner, entry('b', inScale, { apiVersion: 'example.com/v1' })], place), [
      asScale(owner),
    ]);
  });

  it('own them there when they change the Scale', () => {
    const taken = asScale(entry('h', {}, { subresource: 'scale' }));
    assert.deepEqual(objectManagedFields({ apiVersion: 'example.com/v1', managedFields: [owner], place }, [taken]), [
      entry('h', wanted, { apiVersion: 'example.com/v1', subresource: 'scale' }),
    ]);
  });

  it('are kept in a version that cannot be scaled, and forgotten with a version that is gone', () => {
    const unscaled = entry('b', wanted, { apiVersion: 'example.com/v2' });
    const gone = entry('c', wanted, { apiVersion: 'example.com/v3' });
    assert.deepEqual(scaleManagedFields([unscaled, gone], place), []);
    const object = { apiVersion: 'example.com/v1', managedFields: [unscaled, gone], place };
    assert.deepEqual(objectManagedFields(object, []), [unscaled]);
  });
});
