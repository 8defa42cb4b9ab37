/** A document in protobuf, piece by piece: gnostic's messages of named entries, each written for itself. */

import protobuf from 'protobufjs';
import type { Entry, OpenApiDocument } from './document.ts';
import { lengthDelimited, type Message, named, type Write, writeMessage } from './gnostic-writer.ts';

/** Where a document has named entries, and what they are. */
export interface EntriesForm {
  /** Fields that lead to the message of entries, from the document. */
  readonly at: readonly number[];
  /** The field of each entry in there. */
  readonly entry: number;
  readonly value: Write;
}

export interface DocumentForm {
  readonly head: Message;
  readonly paths: EntriesForm;
  readonly definitions: EntriesForm;
}

/** Empty pieces let others have their turn. */
export function* protobufPieces(document: OpenApiDocument, form: DocumentForm): Generator<Uint8Array> {
  const writer = protobuf.Writer.create();
  writeMessage(form.head, writer, document.head);
  yield writer.finish();
  yield* entriesPieces(document.paths, form.paths);
  yield* entriesPieces(document.definitions, form.definitions);
}

const nothing = new Uint8Array();

/** The length of all entries stands before them: they are all made before the first is given away. */
function* entriesPieces(entries: Iterable<Entry>, { at, entry, value }: EntriesForm): Generator<Uint8Array> {
  const made: Uint8Array[] = [];
  for (const [name, make] of entries) {
    const writer = protobuf.Writer.create();
    named(entry, value)(writer, { [name]: make() });
    made.push(writer.finish());
    yield nothing;
  }
  let length = made.reduce((sum, piece) => sum + piece.length, 0);
  const heads: Uint8Array[] = [];
  for (const field of at.toReversed()) {
    const head = protobuf.Writer.create().uint32(lengthDelimited(field)).uint32(length).finish();
    length += head.length;
    heads.unshift(head);
  }
  yield* heads;
  yield* made;
}
