import { ForbiddenTarget } from '../outbound/addresses.js';
import type { Posted } from '../outbound/post.js';
import type { Outcome } from './channel.js';

/** What became of a post: `answered` judges an answer, and what went wrong before there was one is judged here. */
export async function posted(post: () => Promise<Posted>, answered: (answer: Posted) => Outcome): Promise<Outcome> {
  try {
    return answered(await post());
  } catch (error) {
    const forbidden = causeOf(error);
    return forbidden ? { kind: 'never', error: forbidden.message } : { kind: 'again', error: whatWentWrong(error) };
  }
}

function causeOf(error: unknown): ForbiddenTarget | undefined {
  if (error instanceof ForbiddenTarget) return error;
  return error instanceof Error && error.cause !== undefined ? causeOf(error.cause) : undefined;
}

/** In words, by the code: a message of the network names addresses that are nobody's business. */
function whatWentWrong(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'the receiver did not answer in time';
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
  return `the receiver could not be reached (${code})`;
}
