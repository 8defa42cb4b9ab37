/** Policies and their bindings as the server knows them now, each policy compiled once. */

import type { KubernetesObject } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import type { Found, ObjectReader } from '../../registry/object-reader.ts';

export interface ConfiguredPolicy<P extends KubernetesObject, B extends KubernetesObject, C> {
  readonly policy: Found<P>;
  readonly bindings: readonly Found<B>[];
  readonly compiled: C;
}

export interface PolicySource<P extends KubernetesObject, B extends KubernetesObject, C> {
  readonly policies: Resource<P>;
  readonly bindings: Resource<B>;
  policyNameOf(binding: Found<B>): string;
  compile(policy: Found<P>): C;
}

export class ConfiguredPolicies<P extends KubernetesObject, B extends KubernetesObject, C> {
  readonly #objects: ObjectReader;
  readonly #source: PolicySource<P, B, C>;
  readonly #compiled = new WeakMap<Found<P>, C>();
  #policies: readonly Found<P>[] = [];
  #bindings: readonly Found<B>[] = [];
  #configured: readonly ConfiguredPolicy<P, B, C>[] = [];

  constructor(objects: ObjectReader, source: PolicySource<P, B, C>) {
    this.#objects = objects;
    this.#source = source;
  }

  /** Those that have bindings, by name: what is not bound does nothing. */
  async all(): Promise<readonly ConfiguredPolicy<P, B, C>[]> {
    const policies = await this.#objects.all(this.#source.policies);
    if (policies.length === 0) return [];
    const bindings = await this.#objects.all(this.#source.bindings);
    if (isSame(policies, this.#policies) && isSame(bindings, this.#bindings)) return this.#configured;
    this.#configured = policies.flatMap((policy) => {
      const own = bindings.filter((binding) => this.#source.policyNameOf(binding) === policy.metadata.name);
      return own.length === 0 ? [] : [{ policy, bindings: own, compiled: this.#compile(policy) }];
    });
    this.#policies = policies;
    this.#bindings = bindings;
    return this.#configured;
  }

  #compile(policy: Found<P>): C {
    const compiled = this.#compiled.get(policy) ?? this.#source.compile(policy);
    this.#compiled.set(policy, compiled);
    return compiled;
  }
}

const isSame = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i]);
