/**
 * The plugin MutatingAdmissionWebhook: webhooks are called one after another, and each sees what those before it have
 * made of the object. One that changes it is the reason for a second round, in which all plugins see the object again,
 * and of the webhooks those that were called before the change and want to be (`reinvocationPolicy: IfNeeded`).
 */

import { goQuote } from '../../../api/go-text.ts';
import { mutatingWebhookConfigurations } from '../../../api/resources/admissionregistration.ts';
import { internalError, StatusError } from '../../../api/status-error.ts';
import { errorText } from '../../../base/error-text.ts';
import type { AdmissionPlugin, AdmissionRequest, AdmissionRounds, ApplyJsonPatch } from '../../registry/admission.ts';
import { meetsConditions } from '../expressions/match-conditions.ts';
import { admissionAttributes } from '../matching/admission-attributes.ts';
import { type Match, takeObject } from '../matching/admitted-object.ts';
import { isExempt } from '../matching/exempt-requests.ts';
import { Reinvocations } from '../matching/reinvocations.ts';
import { RequestMatcher } from '../matching/request-matcher.ts';
import type { ReviewAnswer } from './admission-review.ts';
import { type ConfiguredWebhook, ConfiguredWebhooks } from './configured-webhooks.ts';
import { ShownObjects } from './shown-objects.ts';
import { WebhookCallError, WebhookCalls } from './webhook-calls.ts';
import type { WebhookPluginParts } from './webhook-plugin-parts.ts';

const annotationPrefix = 'mutation.webhook.admission.k8s.io/';

interface Asked {
  readonly request: AdmissionRequest;
  readonly shown: ShownObjects;
  /** What annotations of the audit call the call. */
  readonly place: string;
}

export function createMutatingWebhooks(parts: WebhookPluginParts): AdmissionPlugin {
  const configured = new ConfiguredWebhooks(parts.objects, mutatingWebhookConfigurations);
  const matcher = new RequestMatcher(parts);
  const calls = new WebhookCalls({ ...parts, type: 'admit' });
  const reinvocations = new Reinvocations();

  async function mutate(request: AdmissionRequest, rounds: AdmissionRounds): Promise<void> {
    const all = isExempt(request) ? [] : await configured.all();
    if (all.length === 0) return;
    const again = reinvocations.of(rounds);
    if (rounds.isSecond) again.begin(request.object);
    const shown = new ShownObjects(request, true);
    try {
      for (const [index, hook] of all.entries()) {
        const match = await matcher.match(request, hook.criteria);
        if (match === undefined) continue;
        const { name } = hook.webhook;
        const condition = { request, match, name, type: 'admit' as const, isBeforeStored: true };
        if (!(await meetsConditions(hook.conditions, condition, parts))) continue;
        if (rounds.isSecond && !again.isWanted(hook.id)) continue;
        const place = `round_${rounds.isSecond ? 1 : 0}_index_${index}`;
        if (await ask(hook, match, { request, shown, place })) {
          shown.objectChanged();
          again.objectChanged();
          rounds.askForSecond();
        }
        if (hook.webhook.reinvocationPolicy === 'IfNeeded') again.called(hook.id);
      }
    } finally {
      again.end(request.object);
    }
  }

  /** Whether it has changed the object. */
  async function ask(hook: ConfiguredWebhook, match: Match, { request, shown, place }: Asked): Promise<boolean> {
    const { configuration, webhook } = hook;
    const [object, previous] = [await shown.object(match), await shown.previous(match)];
    let mutated = false;
    try {
      await calls.ask(hook, request, {
        attributes: admissionAttributes(request, match),
        objects: { object: object.text, oldObject: previous.text },
        async use(answer) {
          mutated = await take(answer, object.value, {
            request,
            match,
            name: webhook.name,
            applyPatch: parts.applyPatch,
          });
        },
        onIgnored: () => request.annotate(`failed-open.${annotationPrefix}${place}`, webhook.name),
      });
    } finally {
      const text = JSON.stringify({ configuration, webhook: webhook.name, mutated });
      request.annotate(`${annotationPrefix}${place}`, text);
    }
    return mutated;
  }

  const handles = { operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'], subresource: '*' } as const;
  return { name: 'MutatingAdmissionWebhook', admit: [{ handles, run: mutate }] };
}

interface Patched {
  readonly request: AdmissionRequest;
  readonly match: Match;
  readonly name: string;
  readonly applyPatch: ApplyJsonPatch;
}

/** Whether the patch has changed the object. */
async function take({ patch }: ReviewAnswer, object: unknown, patched: Patched): Promise<boolean> {
  if (patch === undefined) return false;
  const { request, match, name } = patched;
  const changed = await changedBy(patch, object, patched);
  if (changed === undefined) return false;
  if (object === undefined) {
    const why = `admission webhook ${goQuote(name)} attempted to modify the object, which is not supported for this operation`;
    throw internalError(why);
  }
  return await takeObject(request, match, changed);
}

/** Undefined: the patch says nothing. */
async function changedBy(patch: string, object: unknown, { applyPatch, request, name }: Patched): Promise<unknown> {
  try {
    return await applyPatch(object ?? {}, patch, request);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.code === 422) {
      if (object === undefined) return {};
      const why = `the patch of admission webhook ${goQuote(name)} cannot be applied: ${errorText(error)}`;
      throw internalError(why, error);
    }
    const why = error.message.replace(/^error decoding patch: /, '');
    throw new WebhookCallError(name, `received undecodable patch in webhook response: ${why}`, { cause: error });
  }
}
