/** The audit log of one server: its policy, where its events go, and how they are counted. */

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Metrics } from '../base/metrics.ts';
import { AuditLog, streamSink } from './audit/audit-log.ts';
import { type AuditPolicy, levels, PolicyJudge } from './audit/audit-policy.ts';
import { AuditQueue, type AuditSink } from './audit/audit-queue.ts';
import { AuditWebhook } from './audit/audit-webhook.ts';
import { Auditor } from './audit/auditor.ts';
import { defaultAuditPolicy } from './audit/default-policy.ts';
import type { WebhookTarget } from './webhooks/webhook-target.ts';

export interface AuditOptions {
  /** Default: writes, without what is written. */
  readonly policy?: AuditPolicy | undefined;
  readonly log?: AuditLogSettings | undefined;
  readonly webhook?: WebhookTarget | undefined;
  /** A longer event goes without its bodies. Default 100 KiB. */
  readonly maxEventBytes?: number | undefined;
}

export interface AuditLogSettings {
  /** `-`: standard output. */
  readonly path: string;
  /** 0: no limit. */
  readonly maxMegabytes: number;
  readonly maxBackups: number;
  readonly maxAgeDays: number;
}

export interface Audit {
  readonly auditor: Auditor | undefined;
  /** Writes what is left. */
  stop(): Promise<void>;
}

interface Parts {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** However many events come: a disk or a server that takes none costs no more than that. */
const held = { maxEvents: 10_000, maxBytes: 32 << 20 };
/** Soon enough to read along, late enough to be many. */
const logBatches = { batchEvents: 1_000, batchWaitMs: 200, throttleMs: 0, attempts: 2 };
const webhookBatches = { batchEvents: 400, batchWaitMs: 1_000, throttleMs: 100, attempts: 4 };

export function wireAudit({ policy, log, webhook, maxEventBytes }: AuditOptions, parts: Parts): Audit {
  const lost = parts.metrics.counter({
    name: 'apiserver_audit_error_total',
    help: 'Audit events that are lost, by where they should have gone.',
    labels: ['plugin'],
  });
  const counts = parts.metrics.boundCounter({ name: 'apiserver_audit_event_total', help: 'Audit events, by level.' });
  const made = new Map(levels.map((level) => [level, counts.bind({ level })]));
  const { clock, logger } = parts;
  const queueOf = (sink: AuditSink, batches: typeof logBatches) =>
    new AuditQueue({
      ...{ sink, clock, logger, ...held, ...batches },
      lost: (events) => lost.inc({ plugin: sink.name }, events),
    });
  const file = log && log.path !== '-' ? openLog(log, clock) : undefined;
  const hook = webhook && new AuditWebhook(webhook);
  const queues = [
    ...(log === undefined ? [] : [queueOf(file ?? streamSink(process.stdout), logBatches)]),
    ...(hook === undefined ? [] : [queueOf(hook, webhookBatches)]),
  ];
  const auditor = new Auditor({
    judge: new PolicyJudge(policy ?? defaultAuditPolicy),
    queues,
    clock,
    maxEventBytes: maxEventBytes ?? 100 << 10,
    counted: (level) => made.get(level)?.inc(),
  });
  return {
    auditor: queues.length === 0 ? undefined : auditor,
    async stop() {
      await Promise.all(queues.map((queue) => queue.stop()));
      await file?.close();
      hook?.close();
    },
  };
}

const openLog = ({ path, maxMegabytes, maxBackups, maxAgeDays }: AuditLogSettings, clock: Clock): AuditLog =>
  new AuditLog({ path, maxBytes: maxMegabytes * 1_000_000, maxBackups, maxAgeDays, clock });
