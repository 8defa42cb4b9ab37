/** What expressions of webhooks and policies ask as `authorizer`: whether a user may do something. */

import { errorText } from '../../../base/error-text.ts';
import { parseLabelSelector } from '../../../kinds/validation/label-requirements.ts';
import {
  type AuthorizationAnswer,
  type AuthorizationQuestion,
  type AuthorizerValues,
  runAuthorized,
} from '../../../machinery/cel/functions/authorizers.ts';
import type { Action, Verdict } from '../../authorization/authorizer.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import { parseFieldRequirements } from '../../request/field-requirements.ts';
import type { User } from '../../request/user.ts';
import type { Match } from '../matching/admitted-object.ts';
import { nameOf, namespaceOf } from '../matching/request-matcher.ts';

export type Decide = (action: Action) => Promise<Verdict>;

/** Runs what may ask; each question is asked once. */
export function runWithAuthorizer<T>(
  run: (values: AuthorizerValues) => T | Promise<T>,
  { request, match }: { readonly request: AdmissionRequest; readonly match: Match },
  decide: Decide,
): Promise<T> {
  const { group, plural } = match.resource;
  const requested = {
    group,
    resource: plural,
    subresource: request.subresource ?? '',
    namespace: namespaceOf(request),
    name: nameOf(request),
  };
  return runAuthorized(run, requested, (question) => answer(question, request.user, decide));
}

/** An authorizer that fails has no opinion, and an expression can ask why. */
async function answer(question: AuthorizationQuestion, user: User, decide: Decide): Promise<AuthorizationAnswer> {
  try {
    const { decision, reason = '', evaluationError } = await decide(actionOf(question, user));
    return {
      verdict: decision === 'allow' ? 'allowed' : decision === 'refuse' ? 'denied' : 'no opinion',
      reason,
      ...(evaluationError !== undefined && { error: evaluationError }),
    };
  } catch (error) {
    return { verdict: 'no opinion', reason: '', error: errorText(error) };
  }
}

export function actionOf(question: AuthorizationQuestion, sender: User): Action {
  const { verb, path, group = '', resource = '', subresource, namespace, name, serviceAccount } = question;
  const user = serviceAccount === undefined ? sender : accountUser(serviceAccount);
  if (path !== undefined) return { user, verb, path };
  return {
    user,
    verb,
    path: '',
    resource: {
      group,
      version: '*',
      plural: resource,
      subresource: subresource || undefined,
      namespace: namespace || undefined,
      name: name || undefined,
      ...selectorsOf(question),
    },
  };
}

/** What cannot be read selects nothing, as in requests. */
function selectorsOf({ fieldSelector, labelSelector }: AuthorizationQuestion): Pick<Asked, 'fields' | 'labels'> {
  const fields = read(fieldSelector, parseFieldRequirements);
  const labels = read(labelSelector, parseLabelSelector);
  return { ...(fields.length > 0 && { fields }), ...(labels.length > 0 && { labels }) };
}

type Asked = NonNullable<Action['resource']>;

function read<T>(text: string | undefined, parse: (text: string) => readonly T[]): readonly T[] {
  try {
    return text ? parse(text) : [];
  } catch {
    return [];
  }
}

const accountUser = ({ namespace, name }: NonNullable<AuthorizationQuestion['serviceAccount']>): User => ({
  name: `system:serviceaccount:${namespace}:${name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
});
