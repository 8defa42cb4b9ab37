/** `/debug/api_priority_and_fairness/…`: upstream's tables of levels, queues and waiting requests. */

import type { FlowControl } from './flow-control.ts';

type Row = readonly (string | number | boolean)[];

const asText = (head: readonly string[], rows: readonly Row[]): string =>
  [head, ...rows].map((row) => `${row.join(', ')}\n`).join('');

const flowDumps: Readonly<Record<string, (flows: FlowControl) => string>> = {
  dump_priority_levels: (flows) =>
    asText(
      [
        ...['PriorityLevelName', 'ActiveQueues', 'IsIdle', 'IsQuiescing', 'WaitingRequests', 'ExecutingRequests'],
        ...['DispatchedRequests', 'RejectedRequests', 'TimedoutRequests', 'CancelledRequests'],
      ],
      [...flows.levels].map(({ name, queues }): Row => {
        const own = flows.flows.filter(({ level }) => level.name === name).map(({ counts }) => counts);
        const sum = (of: (counts: (typeof own)[number]) => number) => own.reduce((all, counts) => all + of(counts), 0);
        const rejected = (reason: 'concurrency-limit' | 'queue-full' | 'time-out' | 'cancelled') =>
          sum((counts) => counts.rejected.get(reason) ?? 0);
        const { active, waiting, executing } = queues.stats;
        return [
          ...[name, active, waiting + executing === 0, false, waiting, executing, sum(({ dispatched }) => dispatched)],
          ...[rejected('concurrency-limit') + rejected('queue-full'), rejected('time-out'), rejected('cancelled')],
        ];
      }),
    ),

  dump_queues: (flows) =>
    asText(
      [
        'PriorityLevelName',
        'Index',
        'PendingRequests',
        'ExecutingRequests',
        'SeatsInUse',
        'NextDispatchR',
        'WorkWaiting',
      ],
      [...flows.levels]
        .filter(({ spec }) => spec.limited?.limitResponse?.type === 'Queue')
        .flatMap(({ name, queues }) =>
          queues.queues.map(
            ({ waiting, executing, seatsInUse, nextStart, seatsWaiting }, index): Row => [
              ...[name, index, waiting.length, executing, seatsInUse],
              ...[`${(nextStart / 1000).toFixed(8)}ss`, seatsWaiting],
            ],
          ),
        ),
    ),

  dump_requests: (flows) =>
    asText(
      ['PriorityLevelName', 'FlowSchemaName', 'QueueIndex', 'RequestIndexInQueue', 'FlowDistingsher', 'InitialSeats'],
      [...flows.levels].flatMap(({ name, queues }) =>
        queues.queues.flatMap(({ waiting }, queue) =>
          waiting.map(({ entrant }, index): Row => {
            const [schema = '', distinguisher = ''] = entrant.flow.split('\0');
            return [name, schema, queue, index, distinguisher, entrant.width];
          }),
        ),
      ),
    ),
};

/** By their paths. */
export const dumpsOf = (flows: FlowControl): ReadonlyMap<string, () => string> =>
  new Map(
    Object.entries(flowDumps).map(([name, dump]) => [`/debug/api_priority_and_fairness/${name}`, () => dump(flows)]),
  );
