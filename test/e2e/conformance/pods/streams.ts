/** What the conformance suite asks of commands and logs over WebSockets, and of ephemeral containers. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { WebSocket } from 'ws';
import { readKubeconfig } from '../../../../client/kubeconfig.ts';
import { at, type Json } from '../../../conformance/api-user.ts';
import { eventually } from '../../../support/eventually.ts';
import { type ClusterWorld, image, podsOf, scriptPod, sleep } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

export function streams(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  let path: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
    path = podsOf(namespace);
  });

  const labelled = (name: string, more: { spec?: Json; container?: Json } = {}): Json =>
    scriptPod(name, sleep, { labels: { name }, ...more });

  /** What comes by a WebSocket of the API until it is closed. */
  async function readSocket(url: string, protocol: string): Promise<Buffer[]> {
    const connection = await readKubeconfig(world.cluster.kubeconfig);
    const socket = new WebSocket(`${connection.servers[0]?.replace('https', 'wss')}${url}`, protocol, {
      ca: connection.certificateAuthority,
      cert: connection.clientCertificate,
      key: connection.clientKey,
    });
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer) => messages.push(data));
    await new Promise((resolve, reject) => {
      socket.on('close', resolve);
      socket.on('error', reject);
    });
    assert.equal(socket.protocol, protocol);
    return messages;
  }

  it('[sig-node] Pods should support remote command execution over websockets [Conformance] [NodeConformance]', async () => {
    await world.startPod(namespace, labelled('exec'));
    const command = ['echo', 'remote execution test'].map((word) => `command=${encodeURIComponent(word)}`).join('&');
    const messages = await readSocket(
      `${path}/exec/exec?stderr=1&stdout=1&container=c&${command}`,
      'v4.channel.k8s.io',
    );
    const output = messages.filter((message) => message[0] === 1).map((message) => message.subarray(1).toString());
    assert.equal(output.join(''), 'remote execution test\n');
  });

  it('[sig-node] Pods should support retrieving logs from the container over websockets [Conformance] [NodeConformance]', async () => {
    await world.startPod(namespace, scriptPod('logs', `echo container is alive; ${sleep}`));
    await eventually('it has written', async () => (await world.log(`${path}/logs`)) !== '');
    const messages = await readSocket(`${path}/logs/log?container=c`, 'binary.k8s.io');
    assert.equal(Buffer.concat(messages).toString(), 'container is alive\n');
    const texts = await readSocket(`${path}/logs/log?container=c`, 'base64.binary.k8s.io');
    assert.equal(Buffer.from(texts.join(''), 'base64').toString(), 'container is alive\n');
    await assert.rejects(readSocket(`${path}/logs/log?container=none`, 'binary.k8s.io'), /400/);
  });

  const ephemeral = (name: string): Json => ({
    name,
    image,
    command: ['sh', '-c', 'echo polo; exec sleep 100000'],
  });

  /** Adds a container to the pod and waits until it runs and has written. */
  async function addEphemeral(pod: string, name: string): Promise<void> {
    await world.update(`${pod}/ephemeralcontainers`, (object) => {
      const before = (at(object, 'spec.ephemeralContainers') ?? []) as Json[];
      return { ...object, spec: { ...(object.spec as Json), ephemeralContainers: [...before, ephemeral(name)] } };
    });
    await world.until(pod, `${name} runs`, (object) => {
      const all = (at(object, 'status.ephemeralContainerStatuses') ?? []) as Json[];
      return all.some((one) => one.name === name && at(one, 'state.running') !== undefined);
    });
    await eventually('it has written', async () => (await world.log(pod, name)) === 'polo\n');
  }

  it('[sig-node] Ephemeral Containers will start an ephemeral container in an existing pod [Conformance] [NodeConformance]', async () => {
    await world.startPod(namespace, labelled('ephemeral'));
    await addEphemeral(`${path}/ephemeral`, 'debugger');
  });

  it('[sig-node] Ephemeral Containers should update the ephemeral containers in an existing pod [Conformance] [NodeConformance]', async () => {
    await world.startPod(namespace, labelled('ephemeral-two'));
    const one = `${path}/ephemeral-two`;
    const countOf = async () => (at(await world.get(one), 'spec.ephemeralContainers') as Json[]).length;
    await addEphemeral(one, 'debugger');
    assert.equal(await countOf(), 1);
    await addEphemeral(one, 'debugger2');
    assert.equal(await countOf(), 2);
  });
}
