/**
 * The plugin MutatingAdmissionPolicy: bound policies change an object one after another, and each sees what those before
 * it have made of it. A change is the reason for a second round, as one by a webhook is.
 */

import {
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
} from '../../../api/resources/admissionregistration.ts';
import { serviceUnavailable } from '../../../api/status-error.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../../api/types/admissionregistration/v1.ts';
import type { AdmissionPlugin, AdmissionRequest, AdmissionRounds } from '../../registry/admission.ts';
import { observeConditions } from '../expressions/match-conditions.ts';
import { namespaceObjectOf, requestVariables, runForRequest } from '../expressions/request-variables.ts';
import { ExpressionError, OutOfBudgetError } from '../expressions/stored-expression.ts';
import { type Match, schemaFor, takeObject } from '../matching/admitted-object.ts';
import { isExempt } from '../matching/exempt-requests.ts';
import { Reinvocations } from '../matching/reinvocations.ts';
import { namespaceOf, RequestMatcher } from '../matching/request-matcher.ts';
import { conditionsOfPolicy } from './compiled-policy.ts';
import { configurationMessage } from './configuration-message.ts';
import { ConfiguredPolicies, type ConfiguredPolicy } from './configured-policies.ts';
import {
  type CompiledMutatingPolicy,
  type CompiledMutation,
  compileMutatingPolicy,
  mutated,
} from './mutating-policy.ts';
import { isBound, matchOfPolicy } from './policy-matching.ts';
import { PolicyMetrics } from './policy-metrics.ts';
import { collectParams, type Param } from './policy-params.ts';
import type { PolicyPluginParts } from './policy-plugin-parts.ts';
import { mutationRefusal, type Refusal } from './policy-refusal.ts';

type Configured = ConfiguredPolicy<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, CompiledMutatingPolicy>;

/** A policy, with one binding and one parameter, that means the request. */
interface Invocation {
  readonly id: string;
  readonly policy: Configured['policy'];
  readonly compiled: CompiledMutatingPolicy;
  readonly binding: string;
  readonly match: Match;
  readonly param: Param;
}

export function createMutatingPolicies(parts: PolicyPluginParts): AdmissionPlugin {
  const { objects, decide, conditionMetrics } = parts;
  const configured = new ConfiguredPolicies(objects, {
    policies: mutatingAdmissionPolicies,
    bindings: mutatingAdmissionPolicyBindings,
    policyNameOf: ({ spec }) => spec?.policyName ?? '',
    compile: compileMutatingPolicy,
  });
  const matcher = new RequestMatcher(parts);
  const metrics = new PolicyMetrics(parts.metrics, 'mutating');
  const reinvocations = new Reinvocations();

  async function mutate(request: AdmissionRequest, rounds: AdmissionRounds): Promise<void> {
    const all = isExempt(request) ? [] : await configured.all();
    if (all.length === 0) return;
    const refusals: Refusal[] = [];
    const invocations: Invocation[] = [];
    for (const one of all) invocations.push(...(await invocationsOf(one, request, refusals)));
    const again = reinvocations.of(rounds);
    if (rounds.isSecond) again.begin(request.object);
    for (const invocation of invocations) {
      const { id, policy } = invocation;
      if (!(await isMeant(invocation, request, refusals))) continue;
      if (rounds.isSecond && !again.isWanted(id)) continue;
      if (await change(invocation, request, refusals)) {
        again.objectChanged();
        rounds.askForSecond();
      }
      if (policy.spec?.reinvocationPolicy === 'IfNeeded') again.called(id);
    }
    again.end(request.object);
    if (refusals.length > 0) throw mutationRefusal(request, refusals);
  }

  async function invocationsOf(
    { policy, bindings, compiled }: Configured,
    request: AdmissionRequest,
    refusals: Refusal[],
  ): Promise<readonly Invocation[]> {
    const { name } = policy.metadata;
    const failed = (error: unknown, binding?: string) => {
      const message = configurationMessage(error, binding === undefined ? 'policy' : 'binding');
      if (!compiled.ignoresErrors) refusals.push({ policy: name, binding, message, reason: 'Forbidden' });
    };
    let match: Match | undefined;
    try {
      match = await matchOfPolicy(matcher, request, policy.spec?.matchConstraints);
    } catch (error) {
      failed(error);
    }
    if (match === undefined) return [];
    const found: Invocation[] = [];
    for (const { metadata, spec } of bindings) {
      const binding = metadata.name;
      try {
        if (!(await isBound(matcher, request, spec?.matchResources))) continue;
        const { paramKind } = policy.spec ?? {};
        const asked = { paramKind, paramRef: spec?.paramRef, namespace: namespaceOf(request) };
        for (const param of await collectParams(asked, parts))
          found.push({ id: `${name}\n${binding}\n${param.id}`, policy, compiled, binding, match, param });
      } catch (error) {
        failed(error, binding);
      }
    }
    return found;
  }

  const valuesFor = async ({ match, param }: Invocation, request: AdmissionRequest) => ({
    ...(await requestVariables(request, match, {
      isBeforeStored: true,
      namespaceObject: await namespaceObjectOf(request, objects),
    })),
    params: param.value,
  });

  async function isMeant(invocation: Invocation, request: AdmissionRequest, refusals: Refusal[]): Promise<boolean> {
    const { policy, compiled, binding, match } = invocation;
    if (compiled.conditions.conditions.length === 0) return true;
    const values = await valuesFor(invocation, request);
    const result = await runForRequest({ request, match }, decide, (more) =>
      conditionsOfPolicy(compiled, { ...values, ...more }),
    );
    const { name } = policy.metadata;
    const observed = { name, kind: 'MutatingAdmissionPolicy', type: 'admit', operation: request.operation } as const;
    observeConditions(conditionMetrics, observed, result);
    if (result.type === 'errors') refusals.push({ policy: name, binding, message: result.message, reason: 'Invalid' });
    return result.type === 'met';
  }

  /** Whether the object is another than before. */
  async function change(invocation: Invocation, request: AdmissionRequest, refusals: Refusal[]): Promise<boolean> {
    const { policy, compiled, binding } = invocation;
    const { name } = policy.metadata;
    let isChanged = false;
    for (const mutation of request.object === undefined ? [] : compiled.mutations) {
      try {
        if (await changeBy(mutation, invocation, request)) isChanged = true;
        metrics.observe(name, binding, 'allow', false);
      } catch (error) {
        if (!(error instanceof ExpressionError || error instanceof OutOfBudgetError)) throw error;
        metrics.observe(name, binding, 'deny', true);
        if (!compiled.ignoresErrors)
          refusals.push({ policy: name, binding, message: error.message, reason: 'Invalid' });
      }
    }
    return isChanged;
  }

  async function changeBy(
    mutation: CompiledMutation,
    invocation: Invocation,
    request: AdmissionRequest,
  ): Promise<boolean> {
    const { compiled, match } = invocation;
    const schema = schemaFor(match, request);
    if (schema === undefined) throw serviceUnavailable(`Resource kind ${match.type.kind} not found.`);
    const values = await valuesFor(invocation, request);
    const { object } = values;
    if (object === null) return false;
    const changed = await runForRequest({ request, match }, decide, (more) =>
      mutated(compiled, mutation, { values: { ...values, ...more }, object, schema }),
    );
    return changed === object ? false : await takeObject(request, match, changed);
  }

  const handles = { operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'], subresource: '*' } as const;
  return { name: 'MutatingAdmissionPolicy', admit: [{ handles, run: mutate }] };
}
