/** Definitions and objects of the benchmark of extensions: one kind that says much of its objects, and hundreds beside it. */

import { randomBytes } from 'node:crypto';

export const widgetsPath = '/apis/bench.example.com/v1/namespaces/default/widgets';
export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const definitionCount = 900;

const propertyCount = 100;
/** As many as a cloud's provider puts into one group. */
const definitionsPerGroup = 10;

interface Names {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

const definitionOf = ({ group, plural, kind }: Names, spec: object): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    ...{ group, scope: 'Namespaced', names: { plural, kind } },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true, subresources: { status: {} } },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: `What a ${kind} is to be, and is.`,
            properties: { spec, status: { type: 'object', properties: { ready: { type: 'boolean' } } } },
          },
        },
      },
    ],
  },
});

/** Of every kind a few, with limits, defaults, a map and a list, and three rules. */
export const widgetDefinition = definitionOf(
  { group: 'bench.example.com', plural: 'widgets', kind: 'Widget' },
  {
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: propertyCount }, (_, n) => [`field${n}`, propertyOf(n)])),
    'x-kubernetes-validations': [
      { rule: 'self.field1 <= self.field11', message: 'field1 may not exceed field11' },
      { rule: 'self.field0.startsWith("a")', message: 'field0 begins with a' },
      { rule: '!has(oldSelf.field10) || self.field10 == oldSelf.field10', message: 'field10 does not change' },
    ],
  },
);

function propertyOf(n: number): object {
  const description = `Field ${n} says how the ${n}th part of the thing is to be made, where it is made at all.`;
  switch (n % 10) {
    case 1:
      return { type: 'integer', minimum: 0, maximum: 1000, description };
    case 2:
      return { type: 'boolean', default: true, description };
    case 3:
      return { type: 'object', additionalProperties: { type: 'string' }, maxProperties: 20, description };
    case 4:
      return { type: 'array', items: { type: 'string', maxLength: 50 }, maxItems: 20, description };
    case 5:
      return { type: 'string', enum: ['small', 'medium', 'large'], default: 'small', description };
    default:
      return { type: 'string', maxLength: 100, pattern: '^[a-z0-9-]*$', description };
  }
}

function sampleOf(n: number): unknown {
  switch (n % 10) {
    case 1:
      return n;
    case 2:
      return false;
    case 3:
      return { app: 'bench', tier: `tier-${n}` };
    case 4:
      return ['one', 'two'];
    case 5:
      return 'medium';
    default:
      return `a-value-${n}`;
  }
}

/** Every second property is given, as in a pod of which not everything is said. */
export function widgetOf(n: number): object {
  const given = Array.from({ length: propertyCount }, (_, field) => field).filter(
    (field) => field % 2 === 0 || field % 10 === 1,
  );
  return {
    ...{ apiVersion: 'bench.example.com/v1', kind: 'Widget' },
    metadata: { name: widgetName(n), namespace: 'default', labels: { app: 'bench' } },
    spec: Object.fromEntries(given.map((field) => [`field${field}`, sampleOf(field)])),
  };
}

export const widgetName = (n: number): string => `widget-${String(n).padStart(5, '0')}`;

/** One of hundreds: about 20 kB, as generated of a cloud's own API. */
export function providerDefinition(n: number): object {
  const kind = `Resource${n}`;
  const group = `group${Math.floor(n / definitionsPerGroup)}.provider.example.com`;
  const sections = Array.from({ length: 10 }, (_, section) => [`section${section}`, sectionOf(n, section)]);
  return definitionOf(
    { group, plural: `${kind.toLowerCase()}s`, kind },
    { type: 'object', properties: Object.fromEntries(sections) },
  );
}

const sectionOf = (n: number, section: number): object => ({
  type: 'object',
  properties: Object.fromEntries(
    Array.from({ length: 12 }, (_, field) => [
      `setting${field}`,
      { ...propertyOf(field), description: `Setting ${field} of section ${section} (${n}): ${words(90)}.` },
    ]),
  ),
});

/** Text that no compression makes small, as descriptions that differ. */
const words = (length: number): string => randomBytes(length / 2).toString('hex');
