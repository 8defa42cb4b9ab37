/**
 * Pods are held to the pod security standards that their namespace's labels name: refused, warned of, or noted in the
 * audit event. What pods are made from is warned of only, as what becomes of it is judged when there is a pod.
 */

import { engineSettingPrefix } from '../../../api/engine-settings.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { daemonSets, deployments, replicaSets, statefulSets } from '../../../api/resources/apps.ts';
import { cronJobs, jobs } from '../../../api/resources/batch.ts';
import { namespaces, pods, podTemplates, replicationControllers } from '../../../api/resources/core.ts';
import { forbidden, notFound } from '../../../api/status-error.ts';
import type { Namespace, Pod, PodSpec, PodTemplateSpec } from '../../../api/types/core/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Metrics } from '../../../base/metrics.ts';
import { type FieldError, invalidObject } from '../../../machinery/field-errors.ts';
import {
  type AdmissionPlugin,
  type AdmissionRequest,
  type AdmissionStep,
  onWrite,
  type WriteOf,
} from '../../registry/admission.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import type { CheckedPod, Violation } from './check.ts';
import { detailsOf, evaluatePod } from './evaluate.ts';
import { warnOfExistingPods } from './existing-pods.ts';
import {
  compareLevels,
  formatLevelVersion,
  isSameLevelVersion,
  type LabelledPolicy,
  type LevelVersion,
  labelPrefix,
  type Mode,
  modes,
  type Policy,
  policyOfLabels,
} from './level.ts';
import type { PodSecurityConfiguration } from './pod-security-configuration.ts';
import { PodSecurityMetrics } from './pod-security-metrics.ts';

export interface PodSecurityParts {
  readonly objects: ObjectReader;
  readonly configuration: PodSecurityConfiguration;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly metrics: Metrics;
}

export function createPodSecurityPlugin(parts: PodSecurityParts): AdmissionPlugin {
  const security = new PodSecurity(parts);
  const templates = <T extends KubernetesObject>(
    resource: Resource<T>,
    templateOf: (object: T) => PodTemplateSpec | undefined,
  ): AdmissionStep =>
    onWrite(['CREATE', 'UPDATE'], resource, (request) => security.checkTemplate(request, templateOf(request.object)));

  return {
    name: 'PodSecurity',

    validate: [
      onWrite(['CREATE', 'UPDATE'], namespaces, (request) => security.checkNamespace(request)),
      onWrite(['CREATE', 'UPDATE'], pods, (request) => security.checkPod(request)),
      onWrite(['UPDATE'], pods, (request) => security.checkPod(request), 'ephemeralcontainers'),
      onWrite(['UPDATE'], pods, (request) => security.checkPod(request), 'resize'),
      templates(replicationControllers, ({ spec }) => spec?.template),
      templates(podTemplates, ({ template }) => template),
      templates(replicaSets, ({ spec }) => spec?.template),
      templates(deployments, ({ spec }) => spec?.template),
      templates(statefulSets, ({ spec }) => spec?.template),
      templates(daemonSets, ({ spec }) => spec?.template),
      templates(jobs, ({ spec }) => spec?.template),
      templates(cronJobs, ({ spec }) => spec?.jobTemplate?.spec?.template),
    ],
  };
}

class PodSecurity {
  readonly #objects: ObjectReader;
  readonly #configuration: PodSecurityConfiguration;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #metrics: PodSecurityMetrics;

  constructor({ objects, configuration, clock, metrics }: PodSecurityParts) {
    this.#objects = objects;
    this.#configuration = configuration;
    this.#clock = clock;
    this.#metrics = new PodSecurityMetrics(metrics);
  }

  /** Labels must be known; whoever asks for more than before learns which pods do not fit. */
  async checkNamespace(request: WriteOf<Namespace>): Promise<void> {
    const { object, previous, kind, name } = request;
    const { policy, errors } = this.#policyOf(object);
    if (previous === undefined) {
      if (errors.length > 0) throw invalidObject(kind, name, errors);
      return;
    }
    const before = this.#policyOf(previous);
    if (errors.length > 0 && !isSameErrors(errors, before.errors)) throw invalidObject(kind, name, errors);
    if (!isTightened(policy.enforce, before.policy.enforce)) return;
    const warnings = this.#configuration.exemptions.namespaces.has(name)
      ? this.#warnOfExemption(name, object.metadata?.labels ?? {}, policy)
      : await this.#warnOfExistingPods(name, policy.enforce);
    for (const warning of warnings) request.warn(warning);
  }

  async checkPod(request: WriteOf<Pod>): Promise<void> {
    const labelled = await this.#policyFor(request);
    if (labelled === undefined) return;
    if (labelled.errors.length === 0 && modes.every((mode) => labelled.policy[mode].level === 'privileged')) {
      request.annotate(`${labelPrefix}enforce-policy`, formatLevelVersion(labelled.policy.enforce));
      this.#metrics.evaluated(request, 'enforce', labelled.policy.enforce, []);
      return;
    }
    const { spec } = request.object;
    if (spec === undefined || (request.previous !== undefined && !isSignificant(request.object, request.previous)))
      return;
    this.#check(request, labelled, { pod: this.#toChecked(request.object), isEnforced: true });
  }

  async checkTemplate(request: WriteOf<KubernetesObject>, template: PodTemplateSpec | undefined): Promise<void> {
    if (template?.spec === undefined) return;
    const labelled = await this.#policyFor(request);
    if (labelled === undefined) return;
    const { audit, warn } = labelled.policy;
    if (labelled.errors.length === 0 && audit.level === 'privileged' && warn.level === 'privileged') return;
    this.#check(request, labelled, { pod: this.#toChecked(template), isEnforced: false });
  }

  #policyOf({ metadata }: DeepReadonly<Namespace>): LabelledPolicy {
    return policyOfLabels(metadata?.labels, this.#configuration.defaults);
  }

  /** Undefined: the request is exempt, whatever it brings. */
  async #policyFor(request: AdmissionRequest): Promise<LabelledPolicy | undefined> {
    const { namespace = '', user } = request;
    const { exemptions } = this.#configuration;
    if (exemptions.namespaces.has(namespace)) return this.#exempt(request, 'namespace');
    if (exemptions.usernames.has(user.name)) return this.#exempt(request, 'user');
    const found = await this.#objects.find(namespaces, { name: namespace });
    if (found === undefined) throw notFound(namespaces, namespace);
    return this.#policyOf(found);
  }

  #exempt(request: AdmissionRequest, by: 'namespace' | 'user' | 'runtimeClass'): undefined {
    request.annotate(`${labelPrefix}exempt`, by);
    this.#metrics.exempted(request);
  }

  /** Settings of the engine that the configuration lets everybody have are not looked at. */
  #toChecked({ metadata, spec }: DeepReadonly<Pick<PodTemplateSpec, 'metadata' | 'spec'>>): CheckedPod {
    const { engineSettings } = this.#configuration.exemptions;
    const annotations = Object.entries(metadata?.annotations ?? {}).filter(
      ([key]) => !(key.startsWith(engineSettingPrefix) && engineSettings.has(key.slice(engineSettingPrefix.length))),
    );
    return { annotations: Object.fromEntries(annotations), spec: spec ?? { containers: [] } };
  }

  #isExemptByClass({ runtimeClassName }: DeepReadonly<PodSpec>): boolean {
    return this.#configuration.exemptions.runtimeClasses.has(runtimeClassName ?? '');
  }

  #check(
    request: AdmissionRequest,
    { policy, errors }: LabelledPolicy,
    { pod, isEnforced }: { readonly pod: CheckedPod; readonly isEnforced: boolean },
  ): void {
    if (this.#isExemptByClass(pod.spec)) {
      this.#exempt(request, 'runtimeClass');
      return;
    }
    if (errors.length > 0) this.#noteErrors(request, errors);
    const results = new Map<string, readonly Violation[]>();
    const judge = (mode: Mode): Judged => this.#judge(request, { mode, asked: policy[mode], pod, results });
    const enforced = isEnforced ? judge('enforce') : undefined;
    if (isEnforced) request.annotate(`${labelPrefix}enforce-policy`, formatLevelVersion(policy.enforce));
    const audited = judge('audit');
    if (audited !== undefined) request.annotate(`${labelPrefix}audit-violations`, `would violate ${audited}`);
    if (enforced !== undefined) throw forbidden(request.kind, request.name, `violates ${enforced}`);
    const warned = judge('warn');
    if (warned !== undefined) request.warn(`would violate ${warned}`);
  }

  #judge(request: AdmissionRequest, { mode, asked, pod, results }: Judgement): Judged {
    const name = formatLevelVersion(asked);
    const violations = results.get(name) ?? evaluatePod(asked, pod);
    results.set(name, violations);
    if (mode === 'enforce' || violations.length > 0) this.#metrics.evaluated(request, mode, asked, violations);
    return violations.length === 0 ? undefined : `PodSecurity "${name}": ${detailsOf(violations)}`;
  }

  #noteErrors(request: AdmissionRequest, errors: readonly FieldError[]): void {
    const texts = errors.map(({ field, message }) => `${field}: ${message}`);
    const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
    request.annotate(`${labelPrefix}error`, `Failed to parse policy: ${text}`);
    this.#metrics.failed(request);
  }

  #warnOfExemption(name: string, labels: Readonly<Record<string, string>>, policy: Policy): readonly string[] {
    const said = modes.filter(
      (mode) =>
        policy[mode].level !== 'privileged' &&
        (labels[labelPrefix + mode] ?? labels[`${labelPrefix}${mode}-version`]) !== undefined,
    );
    const { defaults } = this.#configuration;
    const isDefault = modes.every((mode) => isSameLevelVersion(policy[mode], defaults[mode]));
    if (isDefault || modes.every((mode) => policy[mode].level === 'privileged')) return [];
    const text = said.map((mode) => `${mode}=${formatLevelVersion(policy[mode])}`).join(', ');
    return [`namespace "${name}" is exempt from Pod Security, and the policy (${text}) will be ignored`];
  }

  async #warnOfExistingPods(name: string, enforce: LevelVersion): Promise<readonly string[]> {
    const isExempt = ({ spec }: DeepReadonly<Pod>): boolean => spec !== undefined && this.#isExemptByClass(spec);
    const toChecked = (pod: DeepReadonly<Pod>): CheckedPod => this.#toChecked(pod);
    return await warnOfExistingPods({ objects: this.#objects, clock: this.#clock, isExempt, toChecked }, name, enforce);
  }
}

/** `PodSecurity "restricted:latest": host namespaces (hostNetwork=true)`. Undefined: nothing is wrong. */
type Judged = string | undefined;

interface Judgement {
  readonly mode: Mode;
  readonly asked: LevelVersion;
  readonly pod: CheckedPod;
  /** By level and version: modes often ask for the same. */
  readonly results: Map<string, readonly Violation[]>;
}

const isSameErrors = (a: readonly FieldError[], b: readonly FieldError[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

function isTightened(enforce: LevelVersion, before: LevelVersion): boolean {
  if (isSameLevelVersion(enforce, before) || enforce.level === 'privileged') return false;
  return enforce.version !== before.version || compareLevels(enforce.level, before.level) > 0;
}

/** Of what can be changed in a pod, only this changes how safe it is. */
function isSignificant(pod: Pod, previous: DeepReadonly<Stored<Pod>>): boolean {
  const now = containersByName(pod);
  const before = containersByName(previous);
  const changes = [...now].some(([name, image]) => before.get(name) !== image);
  return changes || now.size !== before.size || !isSameAnnotations(pod, previous);
}

function containersByName({ spec }: DeepReadonly<Pod>): ReadonlyMap<string, string> {
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])];
  return new Map(all.map(({ name, image = '' }) => [name, image]));
}

/** Those that some versions of the standards look at. */
function isSameAnnotations(pod: DeepReadonly<Pod>, previous: DeepReadonly<Pod>): boolean {
  const before = previous.metadata?.annotations ?? {};
  const now = pod.metadata?.annotations ?? {};
  return [...Object.keys(now), ...Object.keys(before)].every(
    (key) =>
      !/^(?:container\.)?(?:seccomp\.security\.alpha|apparmor\.security\.beta)\./.test(key) || now[key] === before[key],
  );
}
