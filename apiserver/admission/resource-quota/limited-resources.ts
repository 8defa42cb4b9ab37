/** `ResourceQuotaConfiguration` of upstream: of what nothing may be used where no quota limits it. */

import type { Requirement } from '../../../api/quota/quota-usage.ts';
import {
  ConfigurationError,
  readDocument,
  readFields,
  readList,
  readText,
  readTexts,
} from '../configuration-fields.ts';
import type { LimitedResource } from './quota-check.ts';

const versions = [
  'apiserver.config.k8s.io/v1',
  'resourcequota.admission.k8s.io/v1beta1',
  'resourcequota.admission.k8s.io/v1alpha1',
];
const scopes = [
  ...['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'PriorityClass'],
  ...['CrossNamespacePodAffinity', 'VolumeAttributesClass'],
];
const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** Nothing said: nothing is limited. */
export function readLimitedResources(document: unknown): readonly LimitedResource[] {
  if (document === undefined) return [];
  const kind = String(readFields(document, '', ['apiVersion', 'kind', 'limitedResources']).kind);
  const name = kind === 'Configuration' ? kind : 'ResourceQuotaConfiguration';
  const { limitedResources } = readDocument(document, name, versions, ['limitedResources']);
  return readList(limitedResources, 'limitedResources').map((value, index) => {
    const place = `limitedResources[${index}]`;
    const fields = readFields(value, place, ['apiGroup', 'resource', 'matchContains', 'matchScopes']);
    const plural = readText(fields.resource, `${place}.resource`);
    if (plural === '') throw new ConfigurationError(`${place}.resource: Required value`);
    return {
      group: readText(fields.apiGroup, `${place}.apiGroup`),
      plural,
      matchContains: readTexts(fields.matchContains, `${place}.matchContains`),
      matchScopes: readList(fields.matchScopes, `${place}.matchScopes`).map((scope, position) =>
        readScope(scope, `${place}.matchScopes[${position}]`),
      ),
    };
  });
}

function readScope(value: unknown, place: string): Requirement {
  const fields = readFields(value, place, ['scopeName', 'operator', 'values']);
  const scopeName = readOneOf(scopes, fields.scopeName, `${place}.scopeName`);
  const operator = readOneOf(operators, fields.operator, `${place}.operator`);
  const values = readTexts(fields.values, `${place}.values`);
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    throw new ConfigurationError(
      `${place}.values: Required value: must be at least one value when operator is ${operator}`,
    );
  }
  return { scopeName, operator, values };
}

function readOneOf(known: readonly string[], value: unknown, place: string): string {
  const text = readText(value, place);
  if (known.includes(text)) return text;
  const supported = known.map((one) => JSON.stringify(one)).join(', ');
  throw new ConfigurationError(`${place}: Unsupported value: ${JSON.stringify(text)}: supported values: ${supported}`);
}
