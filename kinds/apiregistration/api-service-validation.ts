/** What an APIService may say. */

import type { APIService, APIServiceSpec, APIServiceStatus } from '../../api/types/apiregistration/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkDns1035Label, checkDns1123Subdomain, checkPathSegment, checkPortNumber } from '../validation/names.ts';

const specPath = FieldPath.of('spec');
const noSpec: APIServiceSpec = { groupPriorityMinimum: 0, versionPriority: 0 };
const conditionStates = ['True', 'False', 'Unknown'];
const highestGroupPriority = 20_000;
const highestVersionPriority = 1000;

export function validateApiService({ metadata, spec = noSpec }: APIService, errors: FieldErrors): void {
  const { group = '', version = '' } = spec;
  const requiredName = `${version}.${group}`;
  for (const field of ['generateName', 'name'] as const)
    validateName(metadata?.[field] ?? '', requiredName, FieldPath.of('metadata', field), errors);
  if (group === '' && version !== 'v1')
    errors.required(specPath.child('group'), 'only v1 may have an empty group and it better be legacy kube');
  if (group !== '')
    for (const message of checkDns1123Subdomain(group)) errors.invalid(specPath.child('group'), group, message);
  for (const message of checkDns1035Label(version)) errors.invalid(specPath.child('version'), version, message);
  validatePriority('groupPriorityMinimum', spec.groupPriorityMinimum, highestGroupPriority, errors);
  validatePriority('versionPriority', spec.versionPriority, highestVersionPriority, errors);
  if (spec.service) validateRemote(spec, spec.service, errors);
  else validateLocal(spec, errors);
}

/** What does not fit into a URL is reported as that, by the rules for all metadata. */
function validateName(name: string, required: string, path: FieldPath, errors: FieldErrors): void {
  if (name === '' || name === required || checkPathSegment(name).length > 0) return;
  errors.invalid(path, name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(required)}`);
}

function validatePriority(
  field: 'groupPriorityMinimum' | 'versionPriority',
  value = 0,
  highest: number,
  errors: FieldErrors,
): void {
  if (value <= 0 || value > highest)
    errors.invalid(specPath.child(field), value, `must be positive and less than ${highest}`);
}

function validateLocal({ caBundle, insecureSkipTLSVerify: skips = false }: APIServiceSpec, errors: FieldErrors): void {
  const bytes = Buffer.from(caBundle ?? '', 'base64').length;
  if (bytes > 0)
    errors.invalid(specPath.child('caBundle'), `${bytes} bytes`, 'local APIServices may not have a caBundle');
  if (skips)
    errors.invalid(
      specPath.child('insecureSkipTLSVerify'),
      skips,
      'local APIServices may not have insecureSkipTLSVerify',
    );
}

function validateRemote(
  { caBundle = '', insecureSkipTLSVerify: skips = false }: APIServiceSpec,
  { namespace = '', name = '', port = 0 }: NonNullable<APIServiceSpec['service']>,
  errors: FieldErrors,
): void {
  const path = specPath.child('service');
  if (namespace === '') errors.required(path.child('namespace'));
  if (name === '') errors.required(path.child('name'));
  for (const message of checkPortNumber(port))
    errors.invalid(path.child('port'), port, `port is not valid: ${message}`);
  if (skips && caBundle !== '')
    errors.invalid(specPath.child('insecureSkipTLSVerify'), skips, 'may not be true if caBundle is present');
}

export function validateConditionStates(status: APIServiceStatus | undefined, errors: FieldErrors): void {
  for (const [i, { status: state = '' }] of (status?.conditions ?? []).entries()) {
    const path = FieldPath.of('status', 'conditions').index(i).child('status');
    if (!conditionStates.includes(state)) errors.notSupported(path, state, conditionStates);
  }
}
