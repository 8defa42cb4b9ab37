/**
 * The authorizers that flags or an AuthorizationConfiguration name, as one that asks them in order. The file is read again
 * while the server runs; one that cannot be used leaves what was said before it in force.
 */

import { readFile } from 'node:fs/promises';
import type { SubjectRulesReviewStatus } from '../../api/types/authorization/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import type { Metrics } from '../../base/metrics.ts';
import { followConfiguration } from '../configuration/follow-configuration.ts';
import type { User } from '../request/user.ts';
import { WebhookClient } from '../webhooks/webhook-client.ts';
import { inClusterTarget, readWebhookTarget, type WebhookTarget } from '../webhooks/webhook-target.ts';
import { alwaysAllow, alwaysDeny } from './always.ts';
import { decide, rulesFor } from './authorization.ts';
import type { Action, Authorizer, Verdict } from './authorizer.ts';
import { parseAuthorizationConfiguration } from './configuration/authorization-configuration.ts';
import type { AuthorizerSetting, WebhookConnection } from './configuration/authorizer-setting.ts';
import { WebhookAuthorizer } from './webhook/webhook-authorizer.ts';
import { WebhookMetrics } from './webhook/webhook-metrics.ts';

/** Settings, and whom their webhooks ask. */
export interface ReadSettings {
  readonly settings: readonly AuthorizerSetting[];
  /** By the name of the webhook. */
  readonly targets: ReadonlyMap<string, WebhookTarget>;
  /** Alike: nothing has changed. */
  readonly fingerprint: string;
}

export interface ConfiguredAuthorizersParts {
  readonly initial: ReadSettings;
  /** Read again when it changes. */
  readonly file?: string | undefined;
  readonly builtIn: Readonly<Record<'Node' | 'RBAC', Authorizer>>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
}

const limits = { maxConnections: 100, maxAnswerBytes: 1 << 20 };

/** What is asked now, and how that ends. */
interface Chain {
  readonly authorizers: readonly Authorizer[];
  /** Questions that are under way still get their answer. */
  retire(): void;
  close(): void;
}

export class ConfiguredAuthorizers implements Authorizer {
  readonly name = 'Configured';
  readonly #parts: ConfiguredAuthorizersParts;
  readonly #webhookMetrics: WebhookMetrics;
  readonly #decisions;
  readonly #reloads;
  #fingerprint: string;
  #chain: Chain;

  constructor(parts: ConfiguredAuthorizersParts) {
    this.#parts = parts;
    this.#webhookMetrics = new WebhookMetrics(parts.metrics);
    this.#decisions = parts.metrics.counter({
      name: 'apiserver_authorization_decisions_total',
      help: 'Total number of terminal decisions made by an authorizer split by authorizer type, name, and decision.',
      labels: ['type', 'name', 'decision'],
    });
    this.#reloads = parts.metrics.counter({
      name: 'apiserver_authorization_config_controller_automatic_reloads_total',
      help: 'Total number of automatic reloads of authorization configuration split by status.',
      labels: ['status'],
    });
    this.#fingerprint = parts.initial.fingerprint;
    this.#chain = this.#chainOf(parts.initial);
    parts.stopping.addEventListener('abort', () => this.#chain.close(), { once: true });
  }

  authorize(action: Action): Verdict | Promise<Verdict> {
    return decide(action, this.#chain.authorizers);
  }

  rulesFor(user: User, namespace: string): Promise<SubjectRulesReviewStatus> {
    return rulesFor(user, namespace, this.#chain.authorizers);
  }

  /** Until `stopping` aborts. Never rejects. */
  async follow(): Promise<void> {
    const { file, stopping, clock, logger } = this.#parts;
    if (file === undefined) return;
    const reread = () => this.#reread(file);
    await followConfiguration({ what: 'authorization configuration', reread, clock, logger }, stopping);
  }

  /** Whether it is another one. */
  async #reread(file: string): Promise<boolean> {
    try {
      const read = await readSettingsFile(file);
      if (read.fingerprint === this.#fingerprint) return false;
      const before = this.#chain;
      this.#chain = this.#chainOf(read);
      this.#fingerprint = read.fingerprint;
      before.retire();
      this.#reloads.inc({ status: 'success' });
      return true;
    } catch (error) {
      this.#reloads.inc({ status: 'failure' });
      throw error;
    }
  }

  #chainOf({ settings, targets }: ReadSettings): Chain {
    const clients: WebhookClient[] = [];
    const authorizers = settings.map((setting) => {
      const target = targets.get(setting.name);
      const client = target && new WebhookClient(target, limits);
      if (client !== undefined) clients.push(client);
      return this.#counted(this.#authorizerOf(setting, client), setting);
    });
    return {
      authorizers,
      retire() {
        for (const client of clients) client.retire();
      },
      close() {
        for (const client of clients) client.close();
      },
    };
  }

  #authorizerOf(setting: AuthorizerSetting, client: WebhookClient | undefined): Authorizer {
    switch (setting.type) {
      case 'AlwaysAllow':
        return alwaysAllow;
      case 'AlwaysDeny':
        return alwaysDeny;
      case 'Webhook': {
        if (client === undefined) throw new Error(`the webhook ${setting.name} has no server`);
        const { clock, logger, stopping } = this.#parts;
        const { name, webhook } = setting;
        return new WebhookAuthorizer({
          ...{ name, setting: webhook, client, clock, logger, stopping },
          metrics: this.#webhookMetrics,
        });
      }
      default:
        return this.#parts.builtIn[setting.type];
    }
  }

  #counted(authorizer: Authorizer, { type, name }: AuthorizerSetting): Authorizer {
    const count = (verdict: Verdict): Verdict => {
      if (verdict.decision !== 'noOpinion')
        this.#decisions.inc({ type, name, decision: verdict.decision === 'allow' ? 'allowed' : 'denied' });
      return verdict;
    };
    return {
      name,
      authorize(action) {
        const verdict = authorizer.authorize(action);
        return verdict instanceof Promise ? verdict.then(count) : count(verdict);
      },
      ...(authorizer.rulesFor && { rulesFor: authorizer.rulesFor.bind(authorizer) }),
    };
  }
}

/** Throws an Error that names the file, and shows nothing of the credentials in it. */
export async function readSettingsFile(file: string): Promise<ReadSettings> {
  try {
    const text = await readFile(file, 'utf8');
    return await withTargets(parseAuthorizationConfiguration(text), text);
  } catch (error) {
    throw new Error(`${file}: ${errorText(error)}`);
  }
}

/** Throws an Error for a connection that cannot be. */
export async function withTargets(settings: readonly AuthorizerSetting[], text: string): Promise<ReadSettings> {
  const targets = new Map<string, WebhookTarget>();
  for (const setting of settings)
    if (setting.type === 'Webhook') targets.set(setting.name, await targetOf(setting.webhook.connection));
  return { settings, targets, fingerprint: JSON.stringify([text, ...targets]) };
}

async function targetOf(connection: WebhookConnection): Promise<WebhookTarget> {
  if (connection.type === 'KubeConfigFile') return await readWebhookTarget(connection.path, connection.named);
  return await inClusterTarget('/apis/authorization.k8s.io/v1/subjectaccessreviews', process.env);
}
