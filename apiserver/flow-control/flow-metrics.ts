/** What `/metrics` tells about fair sharing, under upstream's names. What is counted is counted anyway: it is read here. */

import type { Metrics } from '../../base/metrics.ts';
import type { FlowControl } from './flow-control.ts';

const flowLabels = ['flow_schema', 'priority_level'];

export function describeFlowControl(metrics: Metrics, flows: FlowControl): void {
  const name = (what: string) => `apiserver_flowcontrol_${what}`;
  metrics.gauge(
    { name: name('dispatched_requests_total'), help: 'Requests that got seats.', labels: flowLabels },
    (gauge) => {
      for (const { name, level, counts } of flows.flows) {
        gauge.set({ flow_schema: name, priority_level: level.name }, counts.dispatched);
      }
    },
  );
  metrics.gauge(
    { name: name('rejected_requests_total'), help: 'Requests that got none.', labels: [...flowLabels, 'reason'] },
    (gauge) => {
      for (const { name, level, counts } of flows.flows) {
        for (const [reason, count] of counts.rejected) {
          gauge.set({ flow_schema: name, priority_level: level.name, reason }, count);
        }
      }
    },
  );
  metrics.gauge(
    { name: name('request_wait_duration_seconds_sum'), help: 'How long requests waited.', labels: flowLabels },
    (gauge) => {
      for (const { name, level, counts } of flows.flows) {
        gauge.set({ flow_schema: name, priority_level: level.name }, counts.waitedSeconds);
      }
    },
  );
  const ofLevels = {
    current_inqueue_requests: ['Requests that wait for seats.', 'waiting'],
    current_inqueue_seats: ['Seats that are waited for.', 'seatsWaiting'],
    current_executing_requests: ['Requests in work.', 'executing'],
    current_executing_seats: ['Seats in use.', 'seatsInUse'],
    current_limit_seats: ['Seats there are now, with what is borrowed and lent.', 'limit'],
  } as const;
  for (const [what, [help, figure]] of Object.entries(ofLevels)) {
    metrics.gauge({ name: name(what), help, labels: ['priority_level'] }, (gauge) => {
      for (const { name, queues } of flows.levels) gauge.set({ priority_level: name }, queues.stats[figure]);
    });
  }
  metrics.gauge(
    { name: name('nominal_limit_seats'), help: 'Seats of its own.', labels: ['priority_level'] },
    (gauge) => {
      for (const { name, limits } of flows.levels) gauge.set({ priority_level: name }, limits.nominal);
    },
  );
}
