/** What a zone says to a question, before it is a message. */

import type { AnswerRecord } from '../message/answer-writer.ts';
import { type Rcode, rcodes } from '../message/wire.ts';

export interface ZoneAnswer {
  readonly rcode: Rcode;
  readonly answers: readonly AnswerRecord[];
  readonly additionals: readonly AnswerRecord[];
  /** The name that the last of the answers leads to, and whose records are asked for too. */
  readonly alias?: string;
}

/** There is nothing of this name. */
export const noSuchName: ZoneAnswer = { rcode: rcodes.NXDOMAIN, answers: [], additionals: [] };
/** The name is there, without records of that type. */
export const noData: ZoneAnswer = { rcode: rcodes.NOERROR, answers: [], additionals: [] };

export const found = (answers: readonly AnswerRecord[], additionals: readonly AnswerRecord[] = []): ZoneAnswer => ({
  rcode: rcodes.NOERROR,
  answers,
  additionals,
});
