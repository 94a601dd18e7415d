/**
 * Something is wrong that whoever runs the program can put right: the message says what it is and what to do, so it is shown
 * alone, without a stack.
 */
export class OperatorError extends Error {}
