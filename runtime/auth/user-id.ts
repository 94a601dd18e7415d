const longest = 128;
// C0, DEL and C1, and halves of surrogate pairs: neither UTF-8 nor PostgreSQL could hold those.
// eslint-disable-next-line no-control-regex
const unfit = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;

/** What is wrong with the name of a user, or null: it has 1 to 128 bytes of UTF-8 and no control characters. */
export function userIdFault(userId: string): string | null {
  if (userId === '') return 'must not be empty';
  if (Buffer.byteLength(userId) > longest) return `must not be longer than ${longest} bytes in UTF-8`;
  if (unfit.test(userId)) return 'must not contain control characters';
  return null;
}
