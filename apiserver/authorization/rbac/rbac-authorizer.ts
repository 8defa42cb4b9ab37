/** Allows what roles allow that are bound to the user. Never refuses: another authorizer may still allow. */

import type { SubjectRulesReviewStatus } from '../../../api/types/authorization/v1.ts';
import type { User } from '../../request/user.ts';
import { joinErrors } from '../authorization.ts';
import type { Action, Authorizer, Verdict } from '../authorizer.ts';
import { type Binding, describeBinding } from './bindings.ts';
import { describeMissing, type Policies } from './policies.ts';
import { copyRule } from './rules.ts';

/** What one user was told, since roles last changed. Beyond this many it begins anew. */
const maxRemembered = 1000;

interface Remembered {
  readonly generation: number;
  readonly verdicts: Map<string, Verdict>;
}

export class RbacAuthorizer implements Authorizer {
  readonly name = 'RBAC';
  readonly #policies: Policies;
  /** A connection keeps its user, so that one who asks often is answered from here. */
  readonly #remembered = new WeakMap<User, Remembered>();

  constructor(policies: Policies) {
    this.#policies = policies;
  }

  authorize(action: Action): Verdict {
    const verdicts = this.#verdictsFor(action.user);
    const key = keyOf(action);
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = this.#decide(action);
    if (verdicts.size >= maxRemembered) verdicts.clear();
    verdicts.set(key, verdict);
    return verdict;
  }

  rulesFor(user: User, namespace: string): SubjectRulesReviewStatus {
    const { rules, errors } = this.#policies.rulesOf(user, namespace);
    const copies = rules.map(copyRule);
    return {
      resourceRules: copies.filter(({ resources }) => resources?.length),
      nonResourceRules: copies.filter(({ nonResourceURLs }) => nonResourceURLs?.length),
      incomplete: false,
      ...(errors.length > 0 && { evaluationError: joinErrors(errors) }),
    };
  }

  #verdictsFor(user: User): Map<string, Verdict> {
    const { generation } = this.#policies;
    const known = this.#remembered.get(user);
    if (known?.generation === generation) return known.verdicts;
    const verdicts = new Map<string, Verdict>();
    this.#remembered.set(user, { generation, verdicts });
    return verdicts;
  }

  #decide(action: Action): Verdict {
    const withoutRole = new Set<Binding>();
    for (const { binding, role } of this.#policies.grantsOf(action.user, action.resource?.namespace)) {
      if (role === undefined) withoutRole.add(binding);
      else if (role.allows(action)) {
        return { decision: 'allow', reason: `RBAC: allowed by ${describeBinding(binding, action.user)}` };
      }
    }
    if (withoutRole.size === 0) return { decision: 'noOpinion' };
    const errors = [...withoutRole].map(({ roleRef }) => describeMissing(roleRef));
    return { decision: 'noOpinion', reason: `RBAC: ${joinErrors(errors)}` };
  }
}

/** Lengths, and then what they are of: a name may have any character, and no two actions may look alike. */
function keyOf({ verb, resource, path }: Action): string {
  if (resource === undefined) return `path ${verb.length} ${verb}${path}`;
  const { group, plural, subresource = '', namespace = '', name = '' } = resource;
  const lengths = `${verb.length} ${group.length} ${plural.length} ${subresource.length} ${namespace.length}`;
  return `${lengths} ${verb}${group}${plural}${subresource}${namespace}${name}`;
}
