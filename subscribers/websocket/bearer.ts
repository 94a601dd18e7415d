import type { IncomingMessage } from 'node:http';

/** The subprotocol by which a browser, which cannot set headers, sends its token: `bearer, <token>`. */
export const bearerProtocol = 'bearer';

/** The token of an upgrade request: from the `Authorization` header, or from the subprotocol pair. */
export function bearerToken(request: IncomingMessage): string | undefined {
  const [, fromHeader] = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (fromHeader !== undefined) return fromHeader;
  const protocols = request.headers['sec-websocket-protocol']?.split(',').map((word) => word.trim()) ?? [];
  return protocols[0] === bearerProtocol ? protocols[1] : undefined;
}
