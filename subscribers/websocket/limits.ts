/**
 * What the live feed allows, and how long it waits. Client writers read of these in docs/live-feed.md; a test compares the
 * two. Sizes are in bytes, times in milliseconds.
 */
export interface LiveLimits {
  /** Connections of the whole process. */
  readonly mostConnections: number;
  /** Connections of one user to this process. */
  readonly mostConnectionsOfUser: number;
  /** Connections that are being let in at once: their tokens are checked, and it is asked where their users stand. */
  readonly mostHandshakes: number;
  /** Length of a message from a client, which has nothing to say. */
  readonly mostMessageBytes: number;
  /** What may wait for a client that reads slowly. */
  readonly mostUnreadBytes: number;
  /** A client that is further behind than this reads its tasks anew instead of every change. */
  readonly mostMissedChanges: number;
  /** Each connection is pinged this often. */
  readonly pingEveryMs: number;
  /** Pings in a row without an answer; the next one would be due, and the connection is ended instead. */
  readonly mostUnansweredPings: number;
  /** How often tokens are looked at, and those connections pinged whose turn it is. */
  readonly tickMs: number;
  /** How long a client has to answer that its connection is being closed; then it is cut. */
  readonly farewellMs: number;
  /** How often it is compared whether users with connections have changes that were not heard of. */
  readonly compareEveryMs: number;
  /** After a comparison it rests at least so long for each user that it asked about: a hundred times what that takes. */
  readonly compareRestMsOfUser: number;
  /** A stop has clients come back one after the other, this far apart. */
  readonly returnEveryMs: number;
  /** Over at most this time a stop closes their connections; the later ones are told to wait for the rest. */
  readonly drainMs: number;
  /** How long a stop waits for the answers of the last clients. Together with `drainMs` under the 5 s that a part has. */
  readonly lastFarewellMs: number;
}

export const liveLimits: LiveLimits = {
  mostConnections: 20_000,
  mostConnectionsOfUser: 200,
  mostHandshakes: 1_000,
  mostMessageBytes: 1024,
  mostUnreadBytes: 1024 * 1024,
  mostMissedChanges: 10_000,
  pingEveryMs: 30_000,
  mostUnansweredPings: 2,
  tickMs: 1_000,
  farewellMs: 30_000,
  compareEveryMs: 5_000,
  compareRestMsOfUser: 1,
  returnEveryMs: 1,
  drainMs: 3_000,
  lastFarewellMs: 1_000,
};
