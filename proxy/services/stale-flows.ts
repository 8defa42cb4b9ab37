/**
 * UDP has no connections, but the kernel remembers flows, and a client that keeps sending keeps its flow: to an
 * endpoint that is gone, or to nowhere because there was none yet. Such flows are forgotten, so that the next datagram
 * is balanced anew. Needs the `conntrack` program; without it they end by themselves after 30 to 120 s of silence.
 */

import { endpointKey } from '../../api/endpoint-choice.ts';
import type { Logger } from '../../base/logger.ts';
import { isMissingProgram, ProgramError, type RunProgram } from '../program.ts';
import type { Rules } from './rules.ts';

export interface Flow {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Who answers: the endpoint, or the destination itself when it was not redirected. */
  readonly answeredBy: string;
}

export class StaleFlows {
  readonly #run: RunProgram;
  readonly #logger: Logger;
  #missing = false;
  #checked = '';

  constructor(options: { readonly run: RunProgram; readonly logger: Logger }) {
    this.#run = options.run;
    this.#logger = options.logger;
  }

  /** Called after rules were made so. */
  async forget(rules: Rules): Promise<void> {
    const udp = rules.services.filter(({ protocol }) => protocol === 'UDP');
    const state = JSON.stringify(udp);
    if (this.#missing || state === this.#checked) return;
    try {
      const flows = parseFlows(await this.#run(['conntrack', '-L', '-p', 'udp']));
      for (const flow of findStaleFlows(flows, rules)) await this.#delete(flow);
      this.#checked = state;
    } catch (error) {
      if (!isMissingProgram(error)) throw error;
      this.#missing = true;
      this.#logger.info(
        'Without the conntrack program, UDP clients may stay with an endpoint that is gone until quiet',
      );
    }
  }

  async #delete({ source, sourcePort, destination, destinationPort }: Flow): Promise<void> {
    const ports = ['--sport', String(sourcePort), '--dport', String(destinationPort)];
    try {
      await this.#run(['conntrack', '-D', '-p', 'udp', '-s', source, '-d', destination, ...ports]);
    } catch (error) {
      // Exit code 1 also says that it ended meanwhile.
      if (!(error instanceof ProgramError) || isMissingProgram(error)) throw error;
    }
  }
}

/** `udp 17 29 src=A dst=B sport=1 dport=2 [UNREPLIED] src=C dst=D sport=3 dport=4 …` Pure. */
export function parseFlows(text: string): Flow[] {
  return text.split('\n').flatMap((line) => {
    const values = [...line.matchAll(/\b(src|dst|sport|dport)=(\S+)/g)].map((match) => match[2] ?? '');
    const [source = '', destination = '', sourcePort, destinationPort, answerer, , answererPort] = values;
    if (values.length < 8) return [];
    return {
      source,
      sourcePort: Number(sourcePort),
      destination,
      destinationPort: Number(destinationPort),
      answeredBy: `${answerer}:${answererPort}`,
    };
  });
}

/** The flows to Services that end where no endpoint is, though there are endpoints now or were none ever. Pure. */
export function findStaleFlows(flows: readonly Flow[], { services }: Rules): Flow[] {
  const endpoints = new Map<string, Set<string>>();
  for (const rule of services) {
    if (rule.protocol !== 'UDP') continue;
    const internal = new Set(rule.internal.map(endpointKey));
    const anywhere = new Set(rule.anywhere.map(endpointKey));
    endpoints.set(`${rule.clusterIp}:${rule.port}`, internal);
    for (const ip of rule.externalIps) endpoints.set(`${ip}:${rule.port}`, anywhere);
    if (rule.nodePort !== undefined) endpoints.set(`:${rule.nodePort}`, anywhere);
  }
  return flows.filter((flow) => {
    if (flow.destination.startsWith('127.')) return false;
    const known =
      endpoints.get(`${flow.destination}:${flow.destinationPort}`) ?? endpoints.get(`:${flow.destinationPort}`);
    return known !== undefined && !known.has(flow.answeredBy);
  });
}
