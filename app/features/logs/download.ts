import type { LogRow } from './log-buffer'

/** A line for each, with its time, its source and its stream; without colours. */
export const logText = (rows: readonly LogRow[], labelOf: (replicaId: string) => string): string =>
  rows
    .map(({ at, replicaId, stream, plain, isGap }) =>
      [at, labelOf(replicaId), isGap ? '(lines before this one are not kept)' : `${stream} ${plain}`].join(' '),
    )
    .join('\n')
    .concat('\n')
