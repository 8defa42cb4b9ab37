/** The owner-reference garbage collector: watches every resource that the server has, and says which objects to look at. */

import type { Resource } from '../../api/resource.ts';
import type { Controller } from '../../client/controller.ts';
import type { ControllerContext } from '../controller-context.ts';
import { GarbageReconciler } from './garbage-reconciler.ts';
import { isCollectable, noteChange } from './graph-changes.ts';
import { OwnerGraph } from './owner-graph.ts';

export function createGarbageController(context: ControllerContext): Controller {
  const { client, informers, resources, events } = context;
  const graph = new OwnerGraph();
  const reconciler = new GarbageReconciler({
    client,
    graph,
    resources,
    recorder: events.from('garbage-collector-controller'),
    enqueue: (uid) => controller.add(uid),
  });
  const controller = context.controller({ reconciler, workers: 8 });
  const watched = new Map<string, Resource>();
  resources.onChange(({ added, removed }) => {
    for (const resource of added.filter(isCollectable)) {
      const id = groupResourceOf(resource);
      if (watched.has(id)) continue;
      watched.set(id, resource);
      controller.watch(informers.metadataOf(resource), (change) => noteChange(graph, resource, change));
    }
    for (const resource of removed) {
      if (watched.get(groupResourceOf(resource))?.version !== resource.version) continue;
      watched.delete(groupResourceOf(resource));
      for (const uid of graph.forget(resource)) controller.add(uid);
      void informers.release(resource);
    }
  });
  return controller;
}

const groupResourceOf = ({ group, plural }: Resource): string => `${group}/${plural}`;
