/** Fixed host ports. Each port of a node can be held once, by a replica or by another program on the machine. */

/** A host port of a node that is not free. */
export interface TakenPort {
  port: number
  /** The deployment whose replica holds the port; null for another program on the machine. */
  holder: PortHolder | null
  /** Milliseconds since a container failed to start because another program held the port; else null. */
  seenAgeMs: number | null
}

export interface PortHolder {
  deploymentId: string
  name: string
}

/** A taken port as recorded: with a time (milliseconds since 1970) instead of an age, which depends on the decision. */
export interface RecordedPort extends Omit<TakenPort, 'seenAgeMs'> {
  seenAtMs: number | null
}

export const portSeenFrom = ({ port, holder, seenAtMs }: RecordedPort, atMs: number): TakenPort => ({
  port,
  holder,
  seenAgeMs: seenAtMs === null ? null : Math.max(0, atMs - seenAtMs),
})

/** Returns the distinct fixed host ports of a deployment, ascending. */
export const hostPortsOf = (ports: readonly { host: number | null }[]): number[] =>
  [...new Set(ports.flatMap(({ host }) => host ?? []))].sort((a, b) => a - b)

/** For how long a port counts as taken by another program after a container failed to start because of it. */
export const portConflictMinutes = 10

const conflict = /port is already allocated|address already in use/i

/** Whether the engine's error message says that a host port was taken. */
export const isPortConflict = (message: string): boolean => conflict.test(message)

/** Matches "0.0.0.0:8080", "[::]:8080", ":::8080", "tcp4 :8080", "port 8080"; 8080 in "0.0.0.0:8080:172.17.0.2:80". */
const addressPattern =
  /(?:(?<![:.\d])\d{1,3}(?:\.\d{1,3}){3}:|(?<!:)\[[\da-f:]*\]:|(?:^|[\s*]):{1,3}|\bport )(\d{1,5})\b(?!\.)/gi

/**
 * Returns the requested host ports that an engine's error message reports as taken: all of them if the message names
 * none, and an empty list if the message is about something else.
 *
 *   Docker   Bind for 0.0.0.0:8080 failed: port is already allocated
 *            Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use
 *            failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use
 *   Podman   cannot listen on the TCP port: listen tcp4 :8080: bind: address already in use
 *            rootlessport listen tcp 0.0.0.0:8080: bind: address already in use
 *            Failed to bind port 8080 (Address already in use) for option '-t 8080-8080:80-80'
 */
export function portsFoundTaken(message: string, asked: readonly number[]): number[] {
  if (!isPortConflict(message)) return []
  const named = new Set(Array.from(message.matchAll(addressPattern), ([, port]) => Number(port)))
  const found = asked.filter((port) => named.has(port))
  return found.length > 0 ? found : [...asked]
}
