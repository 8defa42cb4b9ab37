/**
 * An assembler for exactly one program, `pause`: process 1 of a pod's sandbox. In C:
 *
 *     sigset_t all = ~0;
 *     rt_sigprocmask(SIG_SETMASK, &all, NULL, 8);        // process 1 gets only signals that it blocks or handles
 *     for (;;) {
 *       int signal = rt_sigtimedwait(&all, NULL, NULL, 8);
 *       if (signal == SIGCHLD) while (wait4(-1, NULL, WNOHANG, NULL) > 0) ;
 *       else if (signal == SIGTERM || signal == SIGINT) exit(0);
 *     }
 *
 * No libc, no stack frame, no data but the signal set on the stack.
 */

export type PauseArchitecture = 'amd64' | 'arm64';

const loadAddress = 0x400000;
const headersSize = 64 + 56;

/** A complete ELF executable. */
export function assemblePause(architecture: PauseArchitecture): Buffer {
  const code = architecture === 'amd64' ? amd64() : arm64();
  const size = headersSize + code.length;
  const elf = Buffer.alloc(headersSize);
  elf.write('\x7fELF', 0, 'latin1');
  elf.set([2, 1, 1], 4); // 64 bits, little-endian, version 1
  elf.writeUInt16LE(2, 16); // an executable
  elf.writeUInt16LE(architecture === 'amd64' ? 62 : 183, 18);
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(BigInt(loadAddress + headersSize), 24); // entry point
  elf.writeBigUInt64LE(64n, 32); // program headers follow at once
  elf.writeUInt16LE(64, 52);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(1, 56); // one of them:
  elf.writeUInt32LE(1, 64); // load
  elf.writeUInt32LE(5, 68); // read, execute
  elf.writeBigUInt64LE(BigInt(loadAddress), 80);
  elf.writeBigUInt64LE(BigInt(loadAddress), 88);
  elf.writeBigUInt64LE(BigInt(size), 96);
  elf.writeBigUInt64LE(BigInt(size), 104);
  elf.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([elf, code]);
}

type Item =
  | { readonly bytes: readonly number[] }
  | { readonly label: string }
  | { readonly jump: number; readonly to: string };

/** Lays items out and fills in short jumps (opcode, distance from the next instruction). */
function layOut(items: readonly Item[]): Buffer {
  const labels = new Map<string, number>();
  let at = 0;
  for (const item of items) {
    if ('label' in item) labels.set(item.label, at);
    else at += 'bytes' in item ? item.bytes.length : 2;
  }
  const out: number[] = [];
  for (const item of items) {
    if ('bytes' in item) out.push(...item.bytes);
    if (!('jump' in item)) continue;
    const target = labels.get(item.to);
    if (target === undefined) throw new Error(`No label ${item.to}`);
    out.push(item.jump, (target - (out.length + 2)) & 0xff);
  }
  return Buffer.from(out);
}

function amd64(): Buffer {
  const is = (...bytes: number[]): Item => ({ bytes });
  const syscall = (number: number): Item => is(0xb8, number & 0xff, number >> 8, 0, 0, 0x0f, 0x05); // mov eax, n; syscall
  return layOut([
    is(0x6a, 0xff), //             push -1: the set of all signals, at rsp
    is(0xbf, 2, 0, 0, 0), //       mov edi, SIG_SETMASK
    is(0x48, 0x89, 0xe6), //       mov rsi, rsp
    is(0x31, 0xd2), //             xor edx, edx
    is(0x41, 0xba, 8, 0, 0, 0), // mov r10d, 8
    syscall(14), //                rt_sigprocmask
    { label: 'next' },
    is(0x48, 0x89, 0xe7), //       mov rdi, rsp
    is(0x31, 0xf6), //             xor esi, esi
    is(0x31, 0xd2), //             xor edx, edx
    is(0x41, 0xba, 8, 0, 0, 0), // mov r10d, 8
    syscall(128), //               rt_sigtimedwait
    is(0x83, 0xf8, 17), //         cmp eax, SIGCHLD
    { jump: 0x74, to: 'bury' }, // je
    is(0x83, 0xf8, 15), //         cmp eax, SIGTERM
    { jump: 0x74, to: 'end' },
    is(0x83, 0xf8, 2), //          cmp eax, SIGINT
    { jump: 0x75, to: 'next' }, // jne
    { label: 'end' },
    is(0x31, 0xff), //             xor edi, edi
    syscall(231), //               exit_group
    { label: 'bury' },
    is(0x48, 0xc7, 0xc7, 0xff, 0xff, 0xff, 0xff), // mov rdi, -1
    is(0x31, 0xf6), //             xor esi, esi
    is(0xba, 1, 0, 0, 0), //       mov edx, WNOHANG
    is(0x45, 0x31, 0xd2), //       xor r10d, r10d
    syscall(61), //                wait4
    is(0x85, 0xc0), //             test eax, eax
    { jump: 0x7f, to: 'bury' }, // jg
    { jump: 0xeb, to: 'next' }, // jmp
  ]);
}

function arm64(): Buffer {
  const words: number[] = [];
  const move = (register: number, value: number) => words.push((0xd2800000 | (value << 5) | register) >>> 0);
  const syscall = (number: number) => {
    move(8, number);
    words.push(0xd4000001);
  };
  const compare = (value: number) => words.push((0x7100001f | (value << 10)) >>> 0); // cmp w0, value
  const branch = (condition: number, to: number) =>
    words.push((0x54000000 | (((to - words.length) & 0x7ffff) << 5) | condition) >>> 0);
  words.push(0x92800009, 0xf81f0fe9); // movn x9, #0; str x9, [sp, #-16]!
  move(0, 2);
  words.push(0x910003e1); // mov x1, sp
  move(2, 0);
  move(3, 8);
  syscall(135); // rt_sigprocmask
  const next = words.length;
  words.push(0x910003e0); // mov x0, sp
  move(1, 0);
  move(2, 0);
  move(3, 8);
  syscall(137); // rt_sigtimedwait
  compare(17);
  branch(0, next + 15); // b.eq bury
  compare(15);
  branch(0, next + 12); // b.eq end
  compare(2);
  branch(1, next); // b.ne next
  move(0, 0); // end:
  syscall(94); // exit_group
  words.push(0x92800000); // bury: movn x0, #0
  move(1, 0);
  move(2, 1);
  move(3, 0);
  syscall(260); // wait4
  compare(0);
  branch(12, next + 15); // b.gt bury
  branch(14, next); // b next
  const code = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) code.writeUInt32LE(word, index * 4);
  return code;
}
