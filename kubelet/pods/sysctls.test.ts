import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodObject } from '../model/pod.ts';
import { computeSysctlRefusal, parseAllowedSysctls, withDots } from './sysctls.ts';

function podWith(names: readonly string[], host: { hostNetwork?: boolean; hostIPC?: boolean } = {}): PodObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'pod', uid: 'u', resourceVersion: '', creationTimestamp: '' },
    spec: { containers: [], securityContext: { sysctls: names.map((name) => ({ name, value: '1' })) }, ...host },
  };
}

describe('computeSysctlRefusal', () => {
  const cases: readonly {
    readonly names: readonly string[];
    readonly allowed?: readonly string[];
    readonly host?: { hostNetwork?: boolean; hostIPC?: boolean };
    readonly words?: string;
  }[] = [
    { names: [] },
    { names: ['kernel.shm_rmid_forced', 'net.ipv4.tcp_rmem', 'net/ipv4/ip_unprivileged_port_start'] },
    { names: ['kernel.msgmax'], words: '"kernel.msgmax" not allowlisted' },
    { names: ['net.ipv4.ping_group_range', 'net.core.somaxconn'], words: '"net.core.somaxconn" not allowlisted' },
    { names: ['net/core/somaxconn'], words: '"net.core.somaxconn" not allowlisted' },
    { names: ['kernel.shm_rmid_forced_more'], words: '"kernel.shm_rmid_forced_more" not allowlisted' },
    { names: ['vm.overcommit_memory'], allowed: ['net.*'], words: '"vm.overcommit_memory" not allowlisted' },
    { names: ['kernel.msgmax', 'kernel.msgmnb', 'net/core/somaxconn'], allowed: ['kernel.msg*', 'net.core.somaxconn'] },
    { names: ['kernel.shmmax'], allowed: ['kernel.msg*'], words: '"kernel.shmmax" not allowlisted' },
    {
      names: ['net.ipv4.tcp_syncookies'],
      host: { hostNetwork: true },
      words: '"net.ipv4.tcp_syncookies" not allowed with host net enabled',
    },
    {
      names: ['net.core.somaxconn'],
      allowed: ['net.core.*'],
      host: { hostNetwork: true },
      words: '"net.core.somaxconn" not allowed with host net enabled',
    },
    {
      names: ['kernel.shm_rmid_forced'],
      host: { hostIPC: true },
      words: '"kernel.shm_rmid_forced" not allowed with host ipc enabled',
    },
    { names: ['kernel.shm_rmid_forced'], host: { hostNetwork: true } },
  ];
  for (const { names, allowed = [], host = {}, words } of cases)
    it(`${words === undefined ? 'takes' : 'refuses'} ${names.join(', ') || 'none'} with ${JSON.stringify({ allowed, ...host })}`, () => {
      const refusal = computeSysctlRefusal(podWith(names, host), parseAllowedSysctls(allowed));
      const expected = words && { reason: 'SysctlForbidden', message: `forbidden sysctl: ${words}` };
      assert.deepEqual(refusal, expected);
    });
});

describe('parseAllowedSysctls', () => {
  for (const bad of ['', '*', 'vm.swappiness', 'kernel.*', 'k*.msg', 'net.**', 'Net.core', 'net.core.', 'net'])
    it(`refuses "${bad}"`, () => {
      assert.throws(() => parseAllowedSysctls([bad]), /must have at most 253|not known to be namespaced/);
    });
  for (const good of ['net.*', 'net/core/*', 'kernel.sem', 'kernel.shm*', 'fs.mqueue.msg_max'])
    it(`takes "${good}"`, () => {
      parseAllowedSysctls([good]);
    });
});

describe('withDots', () => {
  const cases = [
    ['net.ipv4.conf.eth0/1.forwarding', 'net.ipv4.conf.eth0/1.forwarding'],
    ['net/ipv4/conf/eth0.1/forwarding', 'net.ipv4.conf.eth0/1.forwarding'],
    ['kernel', 'kernel'],
  ] as const;
  for (const [name, dotted] of cases)
    it(`writes ${name} as ${dotted}`, () => {
      assert.equal(withDots(name), dotted);
    });
});
