import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { Metrics } from '../../base/metrics.ts';
import { KindRegistry } from '../../kinds/kind-registry.ts';
import { admissionPlugins } from './admission-chain.ts';
import { PluginConfigurations } from './admission-configuration.ts';
import { pluginOrder } from './plugin-choice.ts';

it('asks the admission plugins in the order of upstream', () => {
  const nothing = { find: async () => undefined, all: async () => [] };
  const resourceQuota = {
    writer: { updateUsed: async () => undefined },
    clock: systemClock,
    logger: silentLogger,
  };
  const decide = async () => ({ decision: 'noOpinion' }) as const;
  const plugins = admissionPlugins(nothing, {
    serviceAccounts: { mountTokens: true },
    resourceQuota,
    decide,
    kinds: new KindRegistry(),
    configurations: new PluginConfigurations(),
    clock: systemClock,
    metrics: new Metrics(),
    logger: silentLogger,
    applyPatch: async () => undefined,
    caller: { call: async () => undefined },
  });
  const names = plugins.map(({ name }) => name);
  assert.deepEqual(
    names,
    pluginOrder.filter((name) => names.includes(name)),
  );
});
