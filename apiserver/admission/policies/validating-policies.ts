/** The plugin ValidatingAdmissionPolicy: what bound policies say of a request, and what their bindings make of it. */

import {
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '../../../api/resources/admissionregistration.ts';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../api/types/admissionregistration/v1.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../../registry/admission.ts';
import type { Found } from '../../registry/object-reader.ts';
import { observeConditions } from '../expressions/match-conditions.ts';
import { namespaceObjectOf, requestVariables, runForRequest } from '../expressions/request-variables.ts';
import type { Match } from '../matching/admitted-object.ts';
import { isExempt } from '../matching/exempt-requests.ts';
import { namespaceOf, RequestMatcher } from '../matching/request-matcher.ts';
import { AuditAnnotations } from './audit-annotations.ts';
import { configurationMessage } from './configuration-message.ts';
import { ConfiguredPolicies, type ConfiguredPolicy } from './configured-policies.ts';
import { isBound, matchOfPolicy } from './policy-matching.ts';
import { PolicyMetrics } from './policy-metrics.ts';
import { collectParams } from './policy-params.ts';
import type { PolicyPluginParts } from './policy-plugin-parts.ts';
import { type Refusal, validationRefusal } from './policy-refusal.ts';
import {
  type CompiledValidatingPolicy,
  compileValidatingPolicy,
  type Denial,
  evaluateValidatingPolicy,
} from './validating-policy.ts';

type Binding = Found<ValidatingAdmissionPolicyBinding>;
type Configured = ConfiguredPolicy<
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  CompiledValidatingPolicy
>;

/** A request that a policy means. */
interface Judged {
  readonly request: AdmissionRequest;
  readonly match: Match;
  readonly annotations: AuditAnnotations;
}

const outcomes: Readonly<Record<string, 'deny' | 'warn' | 'audit'>> = { Deny: 'deny', Warn: 'warn', Audit: 'audit' };
const failureKey = 'validation.policy.admission.k8s.io/validation_failure';

export function createValidatingPolicies(parts: PolicyPluginParts): AdmissionPlugin {
  const { objects, decide, conditionMetrics } = parts;
  const configured = new ConfiguredPolicies(objects, {
    policies: validatingAdmissionPolicies,
    bindings: validatingAdmissionPolicyBindings,
    policyNameOf: ({ spec }) => spec?.policyName ?? '',
    compile: compileValidatingPolicy,
  });
  const matcher = new RequestMatcher(parts);
  const metrics = new PolicyMetrics(parts.metrics, 'validating');

  async function judge(request: AdmissionRequest): Promise<void> {
    const all = isExempt(request) ? [] : await configured.all();
    const refusals: Refusal[] = [];
    for (const one of all) refusals.push(...(await judgeBy(one, request)));
    const [first] = refusals;
    if (first !== undefined) throw validationRefusal(request, first);
  }

  async function judgeBy(one: Configured, request: AdmissionRequest): Promise<readonly Refusal[]> {
    const { policy, bindings, compiled } = one;
    const name = policy.metadata.name;
    const failed = (error: unknown, binding?: string): Refusal[] => {
      const message = configurationMessage(error, binding === undefined ? 'policy' : 'binding');
      return compiled.ignoresErrors ? [] : [{ policy: name, binding, message, reason: 'Invalid' }];
    };
    let match: Match | undefined;
    try {
      match = await matchOfPolicy(matcher, request, policy.spec?.matchConstraints);
    } catch (error) {
      return failed(error);
    }
    if (match === undefined) return [];
    const annotations = new AuditAnnotations();
    const refusals: Refusal[] = [];
    for (const binding of bindings) {
      try {
        if (await isBound(matcher, request, binding.spec?.matchResources))
          refusals.push(...(await judgeWith(one, binding, { request, match, annotations })));
      } catch (error) {
        refusals.push(...failed(error, binding.metadata.name));
      }
    }
    annotations.publish(name, request);
    return refusals;
  }

  /** Throws what makes the binding unusable. */
  async function judgeWith(one: Configured, binding: Binding, judged: Judged): Promise<readonly Refusal[]> {
    const { policy, compiled } = one;
    const { request, match, annotations } = judged;
    const name = policy.metadata.name;
    const { paramKind } = policy.spec ?? {};
    const asked = { paramKind, paramRef: binding.spec?.paramRef, namespace: namespaceOf(request) };
    const params = await collectParams(asked, parts);
    if (params.length === 0) return [];
    const namespaceObject = await namespaceObjectOf(request, objects);
    const values = await requestVariables(request, match, { isBeforeStored: false, namespaceObject });
    const refusals: Refusal[] = [];
    const refuse = (message: string, reason: string) =>
      refusals.push({ policy: name, binding: binding.metadata.name, message, reason });
    for (const { value } of params) {
      const verdict = await runForRequest(judged, decide, (more) =>
        evaluateValidatingPolicy(compiled, { ...values, ...more, params: value }),
      );
      const observed = { name, kind: 'ValidatingAdmissionPolicy', operation: request.operation } as const;
      observeConditions(conditionMetrics, { ...observed, type: 'validate' }, verdict.conditions);
      for (const denial of verdict.denials)
        if (act(denial, name, binding, request)) refuse(denial.message, denial.reason);
      for (const [key, text] of verdict.auditAnnotations) annotations.add(key, text);
      for (const message of verdict.annotationErrors) refuse(message, 'Invalid');
    }
    return refusals;
  }

  /** Does what the binding wants done with a denial; returns whether the request is refused. */
  function act(denial: Denial, policy: string, { metadata, spec }: Binding, request: AdmissionRequest): boolean {
    const { name: binding } = metadata;
    const { validationActions = [] } = spec ?? {};
    const { message, index: expressionIndex, isError } = denial;
    const by = `ValidatingAdmissionPolicy '${policy}' with binding '${binding}'`;
    for (const action of validationActions) {
      if (action === 'Warn') request.warn(`Validation failed for ${by}: ${message}`);
      if (action === 'Audit') {
        const failure = { message, policy, binding, expressionIndex, validationActions };
        request.annotate(failureKey, JSON.stringify([failure]));
      }
      const outcome = outcomes[action];
      if (outcome !== undefined) metrics.observe(policy, binding, outcome, isError);
    }
    return validationActions.includes('Deny');
  }

  const handles = { operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'], subresource: '*' } as const;
  return { name: 'ValidatingAdmissionPolicy', validate: [{ handles, run: judge }] };
}
