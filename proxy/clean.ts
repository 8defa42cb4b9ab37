/** Removes everything that a cluster's proxy ever made on this host, and nothing else. For taking a cluster down. */

import { dnsAddressLabel } from './dns/local-addresses.ts';
import { allForwardRules } from './host/forward-rules.ts';
import { readExistingTable } from './nftables/existing-table.ts';
import { defaultTable, ownerOfChains } from './nftables/nft-program.ts';
import { policyTableOf } from './policies/policy-table.ts';
import { ProgramError, type RunProgram, runProgram } from './program.ts';
import { readRoutes, removeRoute } from './routes/kernel-routes.ts';
import { addressLabel } from './userspace/userspace.ts';

export interface CleanOptions {
  readonly clusterCidr: string;
  /** Whose; absent: of a build whose tables named no cluster. */
  readonly clusterId?: string | undefined;
  /** Default `longshore`. */
  readonly table?: string | undefined;
  /** Only addresses of services in here; absent: all that proxies gave the loopback device. */
  readonly serviceCidr?: string | undefined;
  readonly run?: RunProgram;
}

/** Idempotent. What is not there, or cannot be there because its program is missing, is done. */
export async function cleanProxy({ run = runProgram, ...options }: CleanOptions): Promise<void> {
  const { table = defaultTable } = options;
  for (const name of [table, policyTableOf(table)]) await cleanTable(run, name, options);
  for (const { chain, rule } of allForwardRules(options)) {
    while (await succeeds(run(['iptables', '-w', '5', '-C', chain, ...rule])))
      await run(['iptables', '-w', '5', '-D', chain, ...rule]);
  }
  for (const route of await readRoutes(run, options.clusterCidr).catch(ifNoProgram))
    await succeeds(removeRoute(run, route));
  for (const label of [addressLabel, dnsAddressLabel(options.clusterId)]) await cleanAddresses(run, label, options);
}

async function cleanAddresses(run: RunProgram, label: string, { serviceCidr }: CleanOptions): Promise<void> {
  const labelled = ['dev', 'lo', 'label', label];
  if (await answers(run, ['ip', 'address', 'show', ...labelled]))
    await run(['ip', 'address', 'flush', ...labelled, ...(serviceCidr === undefined ? [] : ['to', serviceCidr])]);
}

/** A table that names no cluster may be any cluster's of an earlier build: the caller has made sure. */
async function cleanTable(run: RunProgram, table: string, { clusterId }: CleanOptions): Promise<void> {
  if (!(await answers(run, ['nft', 'list', 'tables', 'ip']))) return;
  const existing = await readExistingTable(run, table);
  if (existing === undefined) return;
  const owner = ownerOfChains(existing.chains);
  if (owner === undefined || owner === clusterId) await run(['nft', 'delete', 'table', 'ip', table]);
}

async function answers(run: RunProgram, argv: readonly string[]): Promise<boolean> {
  let text = '';
  const said = run(argv).then((output) => {
    text = output;
  });
  return (await succeeds(said)) && text !== '';
}

async function succeeds(command: Promise<unknown>): Promise<boolean> {
  try {
    await command;
    return true;
  } catch (error) {
    if (error instanceof ProgramError) return false;
    throw error;
  }
}

function ifNoProgram(error: unknown): [] {
  if (error instanceof ProgramError) return [];
  throw error;
}
