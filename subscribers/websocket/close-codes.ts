/** How the server ends a connection; 4401 and 4408 are the interface's, the others RFC 6455 section 7.4.1 and its registry. */
export const closeCodes = {
  goingAway: 1001,
  badRequest: 1008,
  tryAgain: 1013,
  notAllowed: 4401,
  tooSlow: 4408,
} as const;
