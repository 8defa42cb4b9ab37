import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resource } from '../../api/resource.ts';
import { FieldErrors } from '../../machinery/field-errors.ts';
import { defineKind } from '../define-kind.ts';
import { finalizerWarnings, validateType } from './metadata-validation.ts';

describe('finalizerWarnings', () => {
  const advice = 'to avoid accidental conflicts with other finalizer writers';
  const cases: [name: string, finalizers: string[], before: string[], warnings: string[]][] = [
    ['upstream’s own and those of a domain', ['orphan', 'foregroundDeletion', 'example.com/hold'], [], []],
    ['a bare name', ['hold'], [], [`metadata.finalizers: "hold": prefer a domain-qualified finalizer name ${advice}`]],
    [
      'a domain without a path',
      ['b.example.com'],
      [],
      [`metadata.finalizers: "b.example.com": prefer a domain-qualified finalizer name including a path (/) ${advice}`],
    ],
    ['one that was there', ['hold'], ['hold'], []],
  ];
  for (const [name, finalizers, before, warnings] of cases)
    it(name, () => assert.deepEqual(finalizerWarnings(finalizers, before), warnings));
});

describe('validateType', () => {
  const kind = defineKind(resource({ group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments' }));
  const problems = (object: object): string[] => {
    const errors = new FieldErrors();
    validateType(kind, object, errors);
    return errors.list.map(({ field, message }) => `${field}: ${message}`);
  };

  it('passes an object of the kind', () => {
    assert.deepEqual(problems({ apiVersion: 'apps/v1', kind: 'Deployment' }), []);
  });

  it('names what an object claims to be instead', () => {
    assert.deepEqual(problems({ apiVersion: 'v9', kind: 'Other' }), [
      'kind: Invalid value: "Other": must be Deployment',
      'apiVersion: Invalid value: "v9": must be apps/v1',
    ]);
  });
});
