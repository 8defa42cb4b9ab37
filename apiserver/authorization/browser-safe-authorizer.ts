/**
 * Who is not known by a credential may be a person's browser that was sent here by another page. What a pod or a service
 * answers through a proxy would run in it as if it came from this server, so such a request asks for `unsafeproxy`, which
 * has to be allowed by that name.
 */

import type { Action, Authorizer, Verdict } from './authorizer.ts';

export function createBrowserSafeAuthorizer(authorizer: Authorizer): Authorizer {
  return {
    name: authorizer.name,
    rulesFor: (user, namespace) => authorizer.rulesFor?.(user, namespace) ?? unlisted,
    authorize(action) {
      const changes = changesOf(action);
      if (changes.length === 0) return authorizer.authorize(action);
      const verdict = authorizer.authorize(changed(action));
      return verdict instanceof Promise ? verdict.then((later) => explain(later, changes)) : explain(verdict, changes);
    },
  };
}

const unlisted = { resourceRules: [], nonResourceRules: [], incomplete: true };
const safe = 'proxy';
const unsafe = 'unsafeproxy';

function changesOf({ user, verb, resource }: Action): readonly string[] {
  if (resource === undefined || user.groups.includes('system:authenticated')) return [];
  return [
    ...(verb === safe ? [`${safe} verb changed to ${unsafe}`] : []),
    ...(resource.subresource === safe ? [`${safe} subresource changed to ${unsafe}`] : []),
  ];
}

function changed({ resource, ...action }: Action): Action {
  const verb = action.verb === safe ? unsafe : action.verb;
  if (resource?.subresource !== safe) return { ...action, verb, ...(resource && { resource }) };
  return { ...action, verb, resource: { ...resource, subresource: unsafe } };
}

function explain(verdict: Verdict, changes: readonly string[]): Verdict {
  if (verdict.decision === 'allow') return verdict;
  return { ...verdict, reason: [...(verdict.reason ? [verdict.reason] : []), ...changes].join(', ') };
}
