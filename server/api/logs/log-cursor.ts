/**
 * The position of a reader of logs, used as an event id: for each replica, by its index in the list, the number of the
 * last chunk. Example: "0:12,2:7"
 */
export const cursorText = (replicaIds: readonly string[], cursors: ReadonlyMap<string, number>): string =>
  replicaIds.flatMap((id, i) => (cursors.get(id) ? [`${i}:${cursors.get(id)}`] : [])).join(',') || '-'

/** Parses a cursor. Parts that can't be parsed start from the beginning. */
export function cursorsOf(replicaIds: readonly string[], text: string): Map<string, number> {
  const cursors = new Map(replicaIds.map((id) => [id, 0]))
  for (const part of text.split(',')) {
    const match = /^(\d{1,3}):(\d{1,9})$/.exec(part)
    const id = match && replicaIds[Number(match[1])]
    if (id) cursors.set(id, Number(match[2]))
  }
  return cursors
}
