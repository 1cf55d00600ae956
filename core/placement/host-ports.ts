/** Fixed host ports: each of a node can be held once, by a replica or by another program on the machine. */

/** A host port of a node that is not free. */
export interface TakenPort {
  port: number
  /** Whose replica holds it; null is a program that is none of ours. */
  holder: PortHolder | null
  /** Of another program: milliseconds since a container could not start because of it; null when that does not matter. */
  seenAgeMs: number | null
}

export interface PortHolder {
  deploymentId: string
  name: string
}

/** As it is recorded: with a moment (milliseconds since 1970) where a node of one decision has an age. */
export interface RecordedPort extends Omit<TakenPort, 'seenAgeMs'> {
  seenAtMs: number | null
}

export const portSeenFrom = ({ port, holder, seenAtMs }: RecordedPort, atMs: number): TakenPort => ({
  port,
  holder,
  seenAgeMs: seenAtMs === null ? null : Math.max(0, atMs - seenAtMs),
})

/** The fixed host ports among the ports of a deployment, each once, ascending. */
export const hostPortsOf = (ports: readonly { host: number | null }[]): number[] =>
  [...new Set(ports.flatMap(({ host }) => host ?? []))].sort((a, b) => a - b)

/** How long a port counts as taken by another program after a container could not start because of it. */
export const portConflictMinutes = 10

const conflict = /port is already allocated|address already in use/i

/** Whether an engine says with these words that it could not take a host port. */
export const isPortConflict = (words: string): boolean => conflict.test(words)

/** "0.0.0.0:8080", "[::]:8080", ":::8080", "tcp4 :8080", "port 8080"; of "0.0.0.0:8080:172.17.0.2:80" the first address. */
const addressPattern =
  /(?:(?<![:.\d])\d{1,3}(?:\.\d{1,3}){3}:|(?<!:)\[[\da-f:]*\]:|(?:^|[\s*]):{1,3}|\bport )(\d{1,5})\b(?!\.)/gi

/**
 * Which of the asked host ports the engine found taken, by its words; empty when it said something else.
 *
 *   Docker   Bind for 0.0.0.0:8080 failed: port is already allocated
 *            Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use
 *            failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use
 *   Podman   cannot listen on the TCP port: listen tcp4 :8080: bind: address already in use
 *            rootlessport listen tcp 0.0.0.0:8080: bind: address already in use
 *            Failed to bind port 8080 (Address already in use) for option '-t 8080-8080:80-80'
 *
 * Words that name none of them may mean any of them.
 */
export function portsFoundTaken(words: string, asked: readonly number[]): number[] {
  if (!isPortConflict(words)) return []
  const named = new Set(Array.from(words.matchAll(addressPattern), ([, port]) => Number(port)))
  const found = asked.filter((port) => named.has(port))
  return found.length > 0 ? found : [...asked]
}
