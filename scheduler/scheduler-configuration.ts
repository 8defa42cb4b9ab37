/**
 * A KubeSchedulerConfiguration (`kubescheduler.config.k8s.io/v1`): profiles, which plugins each has and with what args,
 * how many nodes are looked at, how long pods wait between attempts, leader election. All that is wrong with it is
 * told at once, each with its field's path.
 */

import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { ConfigurationErrors, Fields } from '../api/configuration-fields.ts';
import { isRecord } from '../api/json-record.ts';
import { errorText } from '../base/error-text.ts';
import { UserError } from '../base/user-error.ts';
import type { PluginMakers } from './default-plugins.ts';
import { pluginRows } from './plugin-rows.ts';
import { defaultPlugins, type EnabledPlugins, readPluginSets } from './plugin-sets.ts';
import { defaultSchedulerName } from './pod-info.ts';

export const configurationKind = 'KubeSchedulerConfiguration';
export const configurationVersion = 'kubescheduler.config.k8s.io/v1';

export interface ProfileConfiguration {
  readonly schedulerName: string;
  readonly plugins: EnabledPlugins;
  /** Of the plugins that are given args. */
  readonly makers: PluginMakers;
  readonly percentageOfNodesToScore?: number | undefined;
}

export interface LeaderElectionConfiguration {
  readonly leaderElect?: boolean | undefined;
  readonly leaseDurationMs?: number | undefined;
  readonly renewDeadlineMs?: number | undefined;
  readonly retryPeriodMs?: number | undefined;
  readonly resourceName?: string | undefined;
  readonly resourceNamespace?: string | undefined;
}

export interface SchedulerConfiguration {
  readonly profiles: readonly ProfileConfiguration[];
  readonly leaderElection: LeaderElectionConfiguration;
  /** How to reach the API servers, if no flag says it. */
  readonly kubeconfig?: string | undefined;
  readonly podInitialBackoffMs?: number | undefined;
  readonly podMaxBackoffMs?: number | undefined;
  /** Fields that were given and change nothing here. */
  readonly withoutEffect: readonly string[];
}

/** A profile that says nothing. */
export const plainProfile = (schedulerName: string): ProfileConfiguration => ({
  ...{ schedulerName, plugins: defaultPlugins, makers: new Map() },
});

export async function readSchedulerConfiguration(file: string): Promise<SchedulerConfiguration> {
  try {
    return parseSchedulerConfiguration(load(await readFile(file, 'utf8')));
  } catch (error) {
    // All that is wrong is in its message already.
    throw new UserError(`The scheduler's configuration ${file} cannot be used: ${errorText(error)}`);
  }
}

/** Throws a UserError that tells all that is wrong. */
export function parseSchedulerConfiguration(document: unknown): SchedulerConfiguration {
  const errors = new ConfigurationErrors();
  if (!isRecord(document)) throw new UserError('it is not an object');
  const fields = new Fields(document, '', errors);
  checkForm(fields);
  const configuration = readConfiguration(fields);
  if (errors.lines.length > 0) throw new UserError(errors.lines.join('\n'));
  return configuration;
}

function checkForm(fields: Fields): void {
  const [kind, version] = [fields.value('kind'), fields.value('apiVersion')];
  if (kind !== configurationKind) fields.errors.unsupported('kind', kind ?? '', [configurationKind]);
  if (version !== configurationVersion) fields.errors.unsupported('apiVersion', version ?? '', [configurationVersion]);
}

const known = [
  ...['apiVersion', 'kind', 'parallelism', 'leaderElection', 'clientConnection', 'enableProfiling'],
  ...['enableContentionProfiling', 'percentageOfNodesToScore', 'podInitialBackoffSeconds', 'podMaxBackoffSeconds'],
  ...['profiles', 'extenders', 'delayCacheUntilActive'],
] as const;
const noEffect = ['parallelism', 'enableProfiling', 'enableContentionProfiling', 'delayCacheUntilActive'] as const;

const percentageRange = { from: 0, to: 100, detail: 'not in valid range [0-100]' };

function readConfiguration(fields: Fields): SchedulerConfiguration {
  fields.allow(...known);
  fields.integer('parallelism', { from: 1, to: 2 ** 31 - 1, detail: 'should be an integer value greater than zero' });
  for (const name of ['enableProfiling', 'enableContentionProfiling', 'delayCacheUntilActive']) fields.flag(name);
  fields.list('extenders').forEach((extender) => {
    const name = String(extender.value('urlPrefix') ?? 'no urlPrefix');
    fields.errors.forbidden(extender.path, `extenders are not supported by Longshore (${name}): write a plugin`);
  });
  const percentage = fields.integer('percentageOfNodesToScore', percentageRange);
  const connection = fields.record('clientConnection');
  connection?.allow('kubeconfig', 'acceptContentTypes', 'contentType', 'qps', 'burst');
  return {
    profiles: readProfiles(fields, percentage),
    leaderElection: readLeaderElection(fields.record('leaderElection')),
    kubeconfig: connection?.text('kubeconfig'),
    ...readBackoff(fields),
    withoutEffect: [
      ...noEffect.filter((name) => fields.has(name)),
      ...['acceptContentTypes', 'contentType', 'qps', 'burst']
        .filter((name) => connection?.has(name))
        .map((name) => `clientConnection.${name}`),
    ],
  };
}

function readBackoff(fields: Fields) {
  const [first, longest] = ['podInitialBackoffSeconds', 'podMaxBackoffSeconds'] as const;
  const most = 2 ** 31 - 1;
  const initial = fields.integer(first, { from: 1, to: most, detail: 'must be greater than 0' });
  const detail = 'must be greater than or equal to PodInitialBackoffSeconds';
  const max = fields.integer(longest, { from: initial ?? 1, to: most, detail });
  if (initial !== undefined && max === undefined && initial > 10) fields.errors.invalid(longest, 10, detail);
  return {
    podInitialBackoffMs: initial === undefined ? undefined : initial * 1000,
    podMaxBackoffMs: max === undefined ? undefined : max * 1000,
  };
}

function readLeaderElection(fields: Fields | undefined): LeaderElectionConfiguration {
  if (fields === undefined) return {};
  const durations = ['leaseDuration', 'renewDeadline', 'retryPeriod'] as const;
  fields.allow('leaderElect', ...durations, 'resourceLock', 'resourceName', 'resourceNamespace');
  fields.choice('resourceLock', ['leases'] as const);
  const [lease = 15_000, renew = 10_000, retry = 2_000] = durations.map((name) => fields.duration(name));
  for (const [name, ms] of [
    ['leaseDuration', lease],
    ['renewDeadline', renew],
    ['retryPeriod', retry],
  ] as const)
    if (ms <= 0) fields.errors.invalid(fields.pathOf(name), fields.value(name), 'must be greater than zero');
  const given = (name: string, standard: string) => fields.value(name) ?? standard;
  if (lease <= renew)
    fields.errors.invalid(
      fields.pathOf('leaseDuration'),
      given('leaseDuration', '15s'),
      'LeaseDuration must be greater than RenewDeadline',
    );
  if (renew <= retry * 1.2)
    fields.errors.invalid(
      fields.pathOf('renewDeadline'),
      given('renewDeadline', '10s'),
      'RenewDeadline must be greater than RetryPeriod*JitterFactor',
    );
  return {
    leaderElect: fields.flag('leaderElect'),
    ...{ leaseDurationMs: lease, renewDeadlineMs: renew, retryPeriodMs: retry },
    resourceName: fields.text('resourceName') || undefined,
    resourceNamespace: fields.text('resourceNamespace') || undefined,
  };
}

function readProfiles(fields: Fields, percentage: number | undefined): readonly ProfileConfiguration[] {
  const profiles = fields.list('profiles');
  if (profiles.length === 0) return [{ ...plainProfile(defaultSchedulerName), percentageOfNodesToScore: percentage }];
  const seen = new Set<string>();
  return profiles.map((profile) => {
    const read = readProfile(profile, percentage, profiles.length === 1);
    if (seen.has(read.schedulerName)) profile.errors.duplicate(profile.pathOf('schedulerName'), read.schedulerName);
    seen.add(read.schedulerName);
    return read;
  });
}

function readProfile(fields: Fields, percentage: number | undefined, isOnly: boolean): ProfileConfiguration {
  fields.allow('schedulerName', 'percentageOfNodesToScore', 'plugins', 'pluginConfig');
  const schedulerName = fields.text('schedulerName') ?? (isOnly ? defaultSchedulerName : '');
  if (schedulerName === '') fields.errors.required(fields.pathOf('schedulerName'));
  return {
    schedulerName,
    percentageOfNodesToScore: fields.integer('percentageOfNodesToScore', percentageRange) ?? percentage,
    plugins: readPluginSets(fields.record('plugins')),
    makers: readPluginConfig(fields.list('pluginConfig')),
  };
}

/** A configuration for a plugin that the profile does not enable is checked and kept, as upstream does. */
function readPluginConfig(entries: readonly Fields[]): PluginMakers {
  const makers = new Map<string, ReturnType<(typeof pluginRows)[number]['configure']>>();
  for (const entry of entries) {
    entry.allow('name', 'args');
    const name = entry.text('name') ?? '';
    const path = entry.pathOf('name');
    const row = pluginRows.find((one) => one.name === name);
    if (name === '') entry.errors.required(path);
    else if (row === undefined)
      entry.errors.unsupported(
        path,
        name,
        withArgs.map((one) => one.name),
      );
    else if (makers.has(name)) entry.errors.duplicate(path, name);
    else if (row.argsKind === undefined && entry.has('args'))
      entry.errors.forbidden(entry.pathOf('args'), `the plugin ${name} takes no args`);
    else makers.set(name, row.configure(argsOf(entry, row.argsKind)));
  }
  return makers;
}

const withArgs = pluginRows.filter(({ argsKind }) => argsKind !== undefined);

function argsOf(entry: Fields, kind: string | undefined): Fields {
  const args = new Fields(entry.value('args'), entry.pathOf('args'), entry.errors);
  if (kind === undefined) return args;
  if (args.has('kind')) args.choice('kind', [kind]);
  if (args.has('apiVersion')) args.choice('apiVersion', [configurationVersion]);
  return args;
}
