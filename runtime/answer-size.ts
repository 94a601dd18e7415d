/** Far under daprd's 4 MiB, whatever JSON makes of it. */
const mostBytes = 2 * 1024 * 1024;

/**
 * What of a page may be answered through daprd, which carries 4 MiB: the first items, as many as fit, at least one. Who
 * asked goes on after the last one it got.
 */
export function fitting<T>(items: readonly T[]): readonly T[] {
  let bytes = 0;
  const end = items.findIndex((item, index) => {
    bytes += Buffer.byteLength(JSON.stringify(item));
    return index > 0 && bytes > mostBytes;
  });
  return end < 0 ? items : items.slice(0, end);
}
