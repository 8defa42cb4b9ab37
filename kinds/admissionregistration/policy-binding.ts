/** What the bindings of validating and of mutating admission policies have in common, and the actions of the former. */

import { goLabelSelector } from '../../api/go-label-selector.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { LabelSelector } from '../../api/types/meta/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { validateLabelSelector } from '../validation/label-selector.ts';
import { checkDns1123Subdomain, checkPathSegment } from '../validation/names.ts';
import { type MatchResources, validateMatchResources } from './match-resources.ts';

interface ParamRef {
  name?: string;
  namespace?: string;
  selector?: LabelSelector;
  parameterNotFoundAction?: string;
}

export interface PolicyBinding extends KubernetesObject {
  spec?: {
    policyName?: string;
    paramRef?: ParamRef;
    matchResources?: MatchResources;
    validationActions?: string[];
  };
}

const notFoundActions = ['Deny', 'Allow'];
const validationActions = ['Audit', 'Deny', 'Warn'];
const exclusive = 'name and selector are mutually exclusive';

export function validatePolicyBinding({ spec = {} }: PolicyBinding, errors: FieldErrors, isValidating: boolean): void {
  const path = FieldPath.of('spec');
  const { policyName = '', paramRef, matchResources } = spec;
  if (policyName === '') errors.required(path.child('policyName'));
  else {
    for (const message of checkDns1123Subdomain(policyName)) {
      errors.invalid(path.child('policyName'), policyName, message);
    }
  }
  if (paramRef) validateParamRef(paramRef, path.child('paramRef'), errors);
  if (matchResources) validateMatchResources(matchResources, path.child('matchResources'), errors);
  if (isValidating) validateActions(spec.validationActions ?? [], path.child('validationActions'), errors);
}

function validateParamRef(reference: ParamRef, path: FieldPath, errors: FieldErrors): void {
  const { name = '', selector, parameterNotFoundAction: action = '' } = reference;
  if (name !== '') {
    for (const message of checkPathSegment(name)) errors.invalid(path.child('name'), name, message);
    if (selector) errors.forbidden(path.child('name'), exclusive);
  }
  validateLabelSelector(selector, path.child('selector'), errors);
  if (selector && name !== '') errors.forbidden(path.child('selector'), exclusive);
  if (!selector && name === '') errors.required(path, 'one of name or selector must be specified');
  const at = path.child('parameterNotFoundAction');
  if (action === '') errors.required(at);
  else if (!notFoundActions.includes(action)) errors.notSupported(at, action, notFoundActions);
}

function validateActions(actions: readonly string[], path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [i, action] of actions.entries()) {
    if (!validationActions.includes(action)) errors.notSupported(path.index(i), action, validationActions);
    if (seen.has(action)) errors.duplicate(path.index(i), action);
    seen.add(action);
  }
  if (seen.has('Deny') && seen.has('Warn')) {
    errors.invalid(
      path,
      actions,
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    );
  }
  if (seen.size === 0) errors.required(path, 'at least one validation action is required');
}

/** The parameters in a table's cell; a selector as Go prints one. */
export function formatParamRef({ spec }: PolicyBinding): string {
  const { name = '', namespace = '', selector } = spec?.paramRef ?? {};
  if (name !== '') return `${namespace === '' ? '*' : namespace}/${name}`;
  if (!selector) return '<unset>';
  return goLabelSelector(selector);
}
