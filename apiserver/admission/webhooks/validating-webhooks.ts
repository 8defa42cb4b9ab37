/** The plugin ValidatingAdmissionWebhook: all webhooks that a request concerns are asked at once, and the first no counts. */

import { validatingWebhookConfigurations } from '../../../api/resources/admissionregistration.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../../registry/admission.ts';
import { meetsConditions } from '../expressions/match-conditions.ts';
import { admissionAttributes } from '../matching/admission-attributes.ts';
import type { Match } from '../matching/admitted-object.ts';
import { isExempt } from '../matching/exempt-requests.ts';
import { RequestMatcher } from '../matching/request-matcher.ts';
import { type ConfiguredWebhook, ConfiguredWebhooks } from './configured-webhooks.ts';
import { ShownObjects } from './shown-objects.ts';
import { WebhookCalls } from './webhook-calls.ts';
import type { WebhookPluginParts } from './webhook-plugin-parts.ts';

interface Asked {
  readonly request: AdmissionRequest;
  readonly shown: ShownObjects;
  /** Among the webhooks that are asked. */
  readonly index: number;
}

export function createValidatingWebhooks(parts: WebhookPluginParts): AdmissionPlugin {
  const configured = new ConfiguredWebhooks(parts.objects, validatingWebhookConfigurations);
  const matcher = new RequestMatcher(parts);
  const calls = new WebhookCalls({ ...parts, type: 'validating' });

  async function judge(request: AdmissionRequest): Promise<void> {
    const all = isExempt(request) ? [] : await configured.all();
    const concerned: { readonly hook: ConfiguredWebhook; readonly match: Match }[] = [];
    for (const hook of all) {
      const match = await matcher.match(request, hook.criteria);
      if (match === undefined) continue;
      const condition = { request, match, name: hook.webhook.name, type: 'validating' as const, isBeforeStored: false };
      if (await meetsConditions(hook.conditions, condition, parts)) concerned.push({ hook, match });
    }
    if (concerned.length === 0) return;
    const shown = new ShownObjects(request, false);
    const answers = await Promise.allSettled(
      concerned.map(({ hook, match }, index) => ask(hook, match, { request, shown, index })),
    );
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
  }

  async function ask(hook: ConfiguredWebhook, match: Match, { request, shown, index }: Asked): Promise<void> {
    const [{ text: object }, { text: oldObject }] = [await shown.object(match), await shown.previous(match)];
    await calls.ask(hook, request, {
      attributes: admissionAttributes(request, match),
      objects: { object, oldObject },
      use() {},
      onIgnored: () =>
        request.annotate(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, hook.webhook.name),
    });
  }

  const handles = { operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'], subresource: '*' } as const;
  return { name: 'ValidatingAdmissionWebhook', validate: [{ handles, run: judge }] };
}
