/** What the proxy needs of the host, and takes back when the cluster goes. In a namespace of its own. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { cleanProxy } from '../../proxy/clean.ts';
import { HostSettings } from '../../proxy/host/host-settings.ts';
import { ProgramBuilder } from '../../proxy/nftables/nft-program.ts';
import { NftTable } from '../../proxy/nftables/nft-table.ts';
import { TableMonitor } from '../../proxy/nftables/table-monitor.ts';
import { type RunProgram, runProgram } from '../../proxy/program.ts';
import { Nftables } from '../../proxy/services/nftables.ts';
import type { Rules } from '../../proxy/services/rules.ts';
import { Userspace } from '../../proxy/userspace/userspace.ts';
import { eventually } from '../support/eventually.ts';
import { clusterCidr, NetworkLab } from '../support/network-lab.ts';
import { serviceRule } from '../support/service-rule.ts';

const rules: Rules = { localAddresses: [], services: [serviceRule([])] };

describe('the host of a proxy', () => {
  let lab: NetworkLab;
  const logger = silentLogger;
  const run: RunProgram = (argv, input) => runProgram(['ip', 'netns', 'exec', lab.node, ...argv], input);
  const show = (...argv: string[]) => lab.run(lab.node, ...argv);

  before(async () => {
    lab = await NetworkLab.start(0);
    await show('iptables', '-N', 'DOCKER-USER');
    await show('iptables', '-A', 'DOCKER-USER', '-j', 'RETURN');
    await show('iptables', '-A', 'FORWARD', '-j', 'DOCKER-USER');
    await show('nft', 'add', 'table', 'ip', 'somebody');
    await show('ip', 'address', 'add', '10.99.0.1/32', 'dev', 'lo');
  });
  after(() => lab.stop());

  it('opens Docker’s forwarding to pods, once however often it is ensured', async () => {
    const settings = new HostSettings({ clusterCidr, run, logger });
    await settings.ensure();
    await settings.ensure();
    const accepted = (await show('iptables', '-S', 'DOCKER-USER'))
      .split('\n')
      .filter((rule) => rule.includes('longshore'));
    assert.equal(accepted.length, 2);
  });

  it('opens FORWARD itself when nothing leads to Docker’s chain and the policy drops', async () => {
    await show('iptables', '-D', 'FORWARD', '-j', 'DOCKER-USER');
    await show('iptables', '-P', 'FORWARD', 'DROP');
    await new HostSettings({ clusterCidr, clusterId: 'a', run, logger }).ensure();
    await new HostSettings({ clusterCidr, clusterId: 'a', run, logger }).ensure();
    assert.deepEqual(
      (await show('iptables', '-S', 'FORWARD')).split('\n').filter((rule) => rule.includes('"longshore a"')).length,
      2,
    );
    await cleanProxy({ clusterCidr, clusterId: 'a', run });
    assert.equal((await show('iptables', '-S', 'FORWARD')).trim(), '-P FORWARD DROP');
  });

  it('takes and removes no table of another cluster', async () => {
    await new Nftables({ clusterCidr, clusterId: 'a', logger, run }).apply(rules);
    await assert.rejects(
      new Nftables({ clusterCidr, clusterId: 'b', logger, run }).apply(rules),
      /"ip longshore" belongs to another cluster \(a\)/,
    );
    await cleanProxy({ clusterCidr, clusterId: 'b', run });
    assert.match(await show('nft', 'list', 'table', 'ip', 'longshore'), /chain cluster-a /);
    await new Nftables({ clusterCidr, clusterId: 'b', table: 'longshore2', logger, run }).apply(rules);
    const policies = { clusterId: 'a', baseChains: [], logger, run, table: 'longshore-policies' };
    const definitions = { known: 'set known { type ipv4_addr; }' };
    await new NftTable(policies).apply(new ProgramBuilder({ ...policies, definitions }));
    await cleanProxy({ clusterCidr, clusterId: 'b', table: 'longshore2', run });
    assert.match(await show('nft', 'list', 'tables'), /longshore-policies/);
    await cleanProxy({ clusterCidr, clusterId: 'a', run });
    assert.doesNotMatch(await show('nft', 'list', 'tables'), /longshore/);
  });

  it('hears at once of what others do to its table, and takes its own changes for no disturbance', async () => {
    let disturbances = 0;
    const onDisturbance = () => {
      disturbances += 1;
    };
    const prefix = ['ip', 'netns', 'exec', lab.node];
    const monitor = new TableMonitor({ table: 'longshore', onDisturbance, logger, clock: systemClock, prefix });
    const stop = new AbortController();
    const listening = monitor.run(stop.signal);
    await eventually('it listens', () => monitor.isListening);
    const nftables = new Nftables({ clusterCidr, monitor, logger, run });
    // What was done before it really listened counts as forgiven. That it was told of something says nothing: it may
    // hear of our own change before that is noted.
    await nftables.apply(rules);
    await eventually('it hears', async () => {
      await show('nft', 'add', 'rule', 'ip', 'longshore', 'services', 'accept');
      return monitor.isDisturbed;
    });
    assert.ok(disturbances > 0);
    assert.equal(await nftables.verify(), false);
    // Of what others did there may be more to hear after this: then it is done again.
    await eventually('the own change is announced', async () => {
      await nftables.apply(rules);
      return await nftables.verify();
    });
    await show('nft', 'flush', 'set', 'ip', 'longshore', 'cluster-ips');
    await eventually('it hears of the set', () => monitor.isDisturbed);
    assert.equal(await nftables.verify(), false);
    stop.abort();
    await listening;
  });

  it('notices that its rules were flushed, and programs them again', async () => {
    const nftables = new Nftables({ clusterCidr, logger, run });
    await nftables.apply(rules);
    assert.equal(await nftables.verify(), true);
    await show('nft', 'flush', 'table', 'ip', 'longshore');
    assert.equal(await nftables.verify(), false);
    await nftables.apply(rules);
    assert.equal(await nftables.verify(), true);
    await show('nft', 'delete', 'table', 'ip', 'longshore');
    assert.equal(await nftables.verify(), false);
  });

  it('replaces a table that an incompatible version left', async () => {
    await show('nft', 'add table ip longshore; add set ip longshore services { type ipv4_addr; }');
    const nftables = new Nftables({ clusterCidr, logger, run });
    await nftables.apply(rules);
    assert.equal(await nftables.verify(), true);
  });

  it('takes back everything that is its own, and nothing else', async () => {
    await new Nftables({ clusterCidr, logger, run }).apply(rules);
    const userspace = new Userspace({ logger, run });
    await userspace.apply(rules);
    await userspace.stop();
    await cleanProxy({ clusterCidr, run });
    await cleanProxy({ clusterCidr, run });
    assert.equal((await show('nft', 'list', 'tables')).includes('longshore'), false);
    assert.equal((await show('nft', 'list', 'tables')).includes('somebody'), true);
    assert.deepEqual((await show('iptables', '-S', 'DOCKER-USER')).trim().split('\n'), [
      '-N DOCKER-USER',
      '-A DOCKER-USER -j RETURN',
    ]);
    const addresses = await show('ip', '-4', 'address', 'show', 'dev', 'lo');
    assert.equal(addresses.includes('10.96.0.50'), false);
    assert.equal(addresses.includes('10.99.0.1'), true);
  });
});
