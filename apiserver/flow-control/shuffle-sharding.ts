/**
 * Which queues a flow may use: a hand of them, dealt by a hash of the flow. A greedy flow fills its hand; it is unlikely
 * that another's hand is the same. Pure.
 */

import { createHash } from 'node:crypto';

/** `handSize` different numbers below `queues`. */
export function dealHand(flow: string, { queues, handSize }: { readonly queues: number; readonly handSize: number }) {
  let hash = createHash('sha256').update(flow).digest().readBigUInt64LE(0);
  const deck = Array.from({ length: queues }, (_, index) => index);
  const hand: number[] = [];
  for (let dealt = 0; dealt < Math.min(handSize, queues); dealt += 1) {
    const left = BigInt(queues - dealt);
    const [card = 0] = deck.splice(Number(hash % left), 1);
    hand.push(card);
    hash /= left;
  }
  return hand;
}
