/** A role's rules by verb, so that a decision reads few of them. */

import type { Action } from '../authorizer.ts';
import { type Rule, ruleAllows, withoutNulls } from './rules.ts';

export class CompiledRole {
  readonly rules: readonly Rule[];
  readonly #byVerb = new Map<string, Rule[]>();

  constructor(rules: readonly Rule[] | null | undefined) {
    this.rules = (rules ?? []).map(withoutNulls);
    for (const rule of this.rules) for (const verb of new Set(rule.verbs)) this.#at(verb).push(rule);
  }

  allows(action: Action): boolean {
    return this.#hasRule(action.verb, action) || this.#hasRule('*', action);
  }

  #hasRule(verb: string, action: Action): boolean {
    return this.#byVerb.get(verb)?.some((rule) => ruleAllows(rule, action)) ?? false;
  }

  #at(verb: string): Rule[] {
    const known = this.#byVerb.get(verb) ?? [];
    this.#byVerb.set(verb, known);
    return known;
  }
}
