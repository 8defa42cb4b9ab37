/** Who is asked what users may do: the authorizers that the options name, in order. */

import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/logger.ts';
import type { Metrics } from '../base/metrics.ts';
import { UserError } from '../base/user-error.ts';
import type { Authorizer } from './authorization/authorizer.ts';
import { createAuthorizers, type JudgesByObjects } from './authorization/authorizers.ts';
import {
  type AuthorizerSetting,
  isBuiltIn,
  type WebhookSetting,
} from './authorization/configuration/authorizer-setting.ts';
import {
  ConfiguredAuthorizers,
  type ReadSettings,
  readSettingsFile,
  withTargets,
} from './authorization/configured-authorizers.ts';

export interface AuthorizationOptions {
  /** `Node`, `RBAC`, `AlwaysAllow`, `AlwaysDeny`, `Webhook`, in the order in which they are asked. Default: Node, RBAC. */
  readonly modes?: readonly string[] | undefined;
  /** What the mode `Webhook` asks. */
  readonly webhook?: AuthorizationWebhookOptions | undefined;
  /** Path of an AuthorizationConfiguration, instead of the others; read again when it changes. */
  readonly configurationFile?: string | undefined;
}

export interface AuthorizationWebhookOptions {
  /** Path of a file in the form of a kubeconfig. */
  readonly kubeconfigFile: string;
  /** Default: v1beta1. */
  readonly version?: string | undefined;
  /** Default: five minutes, and thirty seconds. */
  readonly authorizedTtlMs?: number | undefined;
  readonly unauthorizedTtlMs?: number | undefined;
}

/** What the options say, read and checked. */
export interface OpenedAuthorization {
  /** undefined: nothing but the default. */
  readonly initial: ReadSettings | undefined;
  readonly file: string | undefined;
}

const defaultModes: readonly string[] = ['Node', 'RBAC'];

/** Throws a UserError for options that cannot be. */
export async function openAuthorization(options: AuthorizationOptions): Promise<OpenedAuthorization> {
  const { modes = defaultModes, webhook, configurationFile: file } = options;
  if (file !== undefined) {
    if (options.modes !== undefined || webhook !== undefined)
      throw new UserError(
        '--authorization-config and the flags --authorization-mode and --authorization-webhook-… exclude each other',
      );
    return { initial: await usable('--authorization-config', () => readSettingsFile(file)), file };
  }
  const settings = modes.map((mode) => settingOf(mode, webhook));
  if (settings.length === 0) throw new UserError('--authorization-mode must name one mode at least');
  if (new Set(modes).size < modes.length) throw new UserError('--authorization-mode names a mode twice');
  if (webhook !== undefined && !modes.includes('Webhook'))
    throw new UserError('--authorization-webhook-config-file needs --authorization-mode Webhook');
  if (modes.join() === defaultModes.join()) return { initial: undefined, file };
  return { initial: await usable('--authorization-mode', () => withTargets(settings, '')), file };
}

async function usable(flag: string, read: () => Promise<ReadSettings>): Promise<ReadSettings> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(`${flag} cannot be used: ${errorText(error)}`);
  }
}

function settingOf(mode: string, webhook: AuthorizationWebhookOptions | undefined): AuthorizerSetting {
  if (isBuiltIn(mode)) return { type: mode, name: mode.toLowerCase() };
  if (mode !== 'Webhook') throw new UserError(`--authorization-mode ${JSON.stringify(mode)} is not a valid mode`);
  if (webhook === undefined)
    throw new UserError('--authorization-mode Webhook needs --authorization-webhook-config-file');
  return { type: 'Webhook', name: 'default', webhook: webhookSetting(webhook) };
}

function webhookSetting(options: AuthorizationWebhookOptions): WebhookSetting {
  const { version = 'v1beta1', authorizedTtlMs = 300_000, unauthorizedTtlMs = 30_000, kubeconfigFile } = options;
  if (version !== 'v1' && version !== 'v1beta1')
    throw new UserError(`--authorization-webhook-version ${JSON.stringify(version)}: must be v1 or v1beta1`);
  return {
    timeoutMs: 30_000,
    authorizedTtlMs,
    unauthorizedTtlMs,
    failurePolicy: 'NoOpinion',
    subjectAccessReviewVersion: version,
    connection: { type: 'KubeConfigFile', path: kubeconfigFile, named: '--authorization-webhook-config-file' },
    matchConditions: [],
  };
}

export interface AuthorizationParts extends JudgesByObjects {
  readonly opened: OpenedAuthorization;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

export interface WiredAuthorization {
  readonly authorizers: readonly Authorizer[];
  /** Settles after `stopping` has aborted. */
  readonly done: Promise<void>;
}

export function wireAuthorization({ opened, ...parts }: AuthorizationParts): WiredAuthorization {
  const { masters, node, rbac } = createAuthorizers(parts);
  const { initial, file } = opened;
  if (initial === undefined) return { authorizers: [masters, node, rbac], done: Promise.resolve() };
  const configured = new ConfiguredAuthorizers({ ...parts, initial, file, builtIn: { Node: node, RBAC: rbac } });
  return { authorizers: [masters, configured], done: configured.follow() };
}
