/** Asks the authorizers whether a request may pass. Roles and the node authorizer are further rows of the list. */

import { forbidden, StatusError } from '../../api/status-error.ts';
import type { SubjectRulesReviewStatus } from '../../api/types/authorization/v1.ts';
import { parseLabelSelector } from '../../kinds/validation/label-requirements.ts';
import { checkPathSegment } from '../../kinds/validation/names.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { exactValue, type FieldRequirement, parseFieldRequirements } from '../request/field-requirements.ts';
import type { User } from '../request/user.ts';
import type { Action, Authorizer, Verdict } from './authorizer.ts';

/**
 * Throws Forbidden, or rejects with it. What the request does beyond its own verb is asked by `authorizeAlso`. Done at once
 * where the authorizers answer at once, as they do for nearly all requests: a promise costs each of them time.
 */
export function authorize(request: ApiRequest, authorizers: readonly Authorizer[]): undefined | Promise<undefined> {
  const action = actionOf(request);
  const verdict = decide(action, authorizers);
  if (verdict instanceof Promise) return verdict.then((later) => letPass(request, action, later, authorizers));
  return letPass(request, action, verdict, authorizers);
}

/** Throws Forbidden. */
function letPass(request: ApiRequest, action: Action, verdict: Verdict, authorizers: readonly Authorizer[]): undefined {
  if (request.observer !== undefined) annotateDecision(request, verdict);
  if (verdict.decision !== 'allow') throw refusal(action, verdict.reason);
  request.authorizeAlso = async (verb) => {
    if (verb === action.verb) return;
    await allowOrRefuse({ ...action, verb }, authorizers);
    request.alsoAuthorized.push(verb);
  };
}

/**
 * Whether the request would be let pass now as well. Who asks knows of no change that would be too soon to tell: a verdict
 * that is none because something failed is none against it. Rejects when it cannot be known.
 */
export async function isStillAuthorized(request: ApiRequest, authorizers: readonly Authorizer[]): Promise<boolean> {
  const action = actionOf(request);
  for (const verb of [action.verb, ...request.alsoAuthorized]) {
    const { decision, evaluationError } = await decide({ ...action, verb }, authorizers);
    if (decision !== 'allow' && evaluationError === undefined) return false;
  }
  return true;
}

/** As upstream's audit events say it. */
function annotateDecision(request: ApiRequest, { decision, reason }: Verdict): void {
  request.annotate('authorization.k8s.io/decision', decision === 'allow' ? 'allow' : 'forbid');
  request.annotate('authorization.k8s.io/reason', reason ?? '');
}

/** Throws Forbidden. */
export async function allowOrRefuse(action: Action, authorizers: readonly Authorizer[]): Promise<void> {
  const { decision, reason } = await decide(action, authorizers);
  if (decision !== 'allow') throw refusal(action, reason);
}

/** What those said who had no opinion. */
interface Unheard {
  readonly reasons: string[];
  readonly errors: string[];
}

/** The verdict of the first authorizer that has an opinion; where none has, all that they say. */
export function decide(action: Action, authorizers: readonly Authorizer[]): Verdict | Promise<Verdict> {
  const unheard: Unheard = { reasons: [], errors: [] };
  let asked = 0;
  for (const authorizer of authorizers) {
    asked += 1;
    const verdict = authorizer.authorize(action);
    if (verdict instanceof Promise) return decideLater(verdict, action, authorizers.slice(asked), unheard);
    if (verdict.decision !== 'noOpinion') return verdict;
    hear(verdict, unheard);
  }
  return withoutOpinion(unheard);
}

async function decideLater(
  first: Promise<Verdict>,
  action: Action,
  others: readonly Authorizer[],
  unheard: Unheard,
): Promise<Verdict> {
  const verdict = await first;
  if (verdict.decision !== 'noOpinion') return verdict;
  hear(verdict, unheard);
  for (const authorizer of others) {
    const next = await authorizer.authorize(action);
    if (next.decision !== 'noOpinion') return next;
    hear(next, unheard);
  }
  return withoutOpinion(unheard);
}

function hear({ reason, evaluationError }: Verdict, { reasons, errors }: Unheard): void {
  if (reason) reasons.push(reason);
  if (evaluationError) errors.push(evaluationError);
}

const withoutOpinion = ({ reasons, errors }: Unheard): Verdict => ({
  decision: 'noOpinion',
  ...(reasons.length > 0 && { reason: reasons.join('\n') }),
  ...(errors.length > 0 && { evaluationError: joinErrors(errors) }),
});

/** All that the authorizers say of the user. */
export async function rulesFor(
  user: User,
  namespace: string,
  authorizers: readonly Authorizer[],
): Promise<SubjectRulesReviewStatus> {
  const rules = await Promise.all(authorizers.map((authorizer) => authorizer.rulesFor?.(user, namespace) ?? unlisted));
  const errors = rules.flatMap(({ evaluationError }) => evaluationError ?? []);
  return {
    resourceRules: rules.flatMap(({ resourceRules }) => resourceRules),
    nonResourceRules: rules.flatMap(({ nonResourceRules }) => nonResourceRules),
    incomplete: rules.some(({ incomplete }) => incomplete),
    ...(errors.length > 0 && { evaluationError: joinErrors(errors) }),
  };
}

/** One as it is; several in brackets, each once. */
export function joinErrors(errors: readonly string[]): string {
  const different = [...new Set(errors)];
  return different.length === 1 ? (different[0] ?? '') : `[${different.join(', ')}]`;
}

const unlisted: SubjectRulesReviewStatus = { resourceRules: [], nonResourceRules: [], incomplete: true };

export function actionOf(request: ApiRequest): Action {
  const { info, user } = request;
  if (!info.isResource) return { user, verb: info.verb, path: info.path };
  const { group, version, plural, subresource, namespace, name } = info;
  const fields = selected(request, 'fieldSelector', parseFieldRequirements);
  const labels = selected(request, 'labelSelector', parseLabelSelector);
  const resource = { group, version, plural, subresource, namespace, name };
  // Nearly no request selects, and a copy costs each of the others.
  if (fields === undefined && labels === undefined) return { user, verb: info.verb, path: info.path, resource };
  const selecting = {
    ...resource,
    ...(fields && { name: name ?? exactName(fields), fields }),
    ...(labels && labels.length > 0 && { labels }),
  };
  return { user, verb: info.verb, path: info.path, resource: selecting };
}

const selectingVerbs: readonly string[] = ['list', 'watch', 'deletecollection'];

/** What cannot be read selects nothing here; whoever serves the request refuses it. */
function selected<T>(request: ApiRequest, parameter: string, parse: (text: string) => T): T | undefined {
  // Nearly no request has one: the others should not pay for the reading of their query.
  if (!request.rawQuery.includes(parameter) || !selectingVerbs.includes(request.info.verb)) return undefined;
  try {
    return parse(request.query.get(parameter) ?? '');
  } catch {
    return undefined;
  }
}

function exactName(fields: readonly FieldRequirement[]): string | undefined {
  const name = exactValue(fields, 'metadata.name');
  return name && checkPathSegment(name).length === 0 ? name : undefined;
}

function refusal({ user, verb, resource, path }: Action, reason?: string): StatusError {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  const because = reason ? `: ${reason}` : '';
  if (resource === undefined) {
    return new StatusError(403, 'Forbidden', `forbidden: ${who} path ${JSON.stringify(path)}${because}`, {});
  }
  const { plural, subresource, group, namespace, name = '' } = resource;
  const what = JSON.stringify(subresource ? `${plural}/${subresource}` : plural);
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  return forbidden(
    { group, plural },
    name,
    `${who} resource ${what} in API group ${JSON.stringify(group)} ${where}${because}`,
  );
}
