/**
 * A server for the benchmark of the DNS, as a process of its own: says its port, and answers until it is ended.
 *
 *   dns-process.ts dns     the DNS of a node, with a thousand Services
 *   dns-process.ts bare    a socket that sends each datagram back, longer by what an answer is: the least there can be
 */

import dgram from 'node:dgram';
import { once } from 'node:events';
import { sampleCluster, service } from '../proxy/dns/testing/questions.ts';
import { startSampleDns } from '../test/support/dns-server.ts';

const services = Array.from({ length: 1000 }, (_, i) => {
  const ip = `10.96.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`;
  return service(`shop/service-${i}`, { clusterIP: ip, clusterIPs: [ip], ports: [{ name: 'http', port: 80 }] });
});

async function startBare(): Promise<number> {
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 96, 1, 1]);
  const socket = dgram.createSocket('udp4');
  socket.on('message', (message, from) => {
    const answer = Buffer.concat([message, record]);
    answer.writeUInt16BE(0x8580, 2);
    answer.writeUInt16BE(1, 6);
    socket.send(answer, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.setRecvBufferSize(4 << 20);
  return socket.address().port;
}

const port =
  process.argv[2] === 'bare'
    ? await startBare()
    : (await startSampleDns({ cluster: { ...sampleCluster, services: [...sampleCluster.services, ...services] } }))
        .port;
process.stdout.write(`${port}\n`);
