import type { LogRow } from './log-buffer'

/** One line of text per log line, with its time, source and stream; without colors. */
export const logText = (rows: readonly LogRow[], labelOf: (replicaId: string) => string): string =>
  rows
    .map(({ at, replicaId, stream, plain, isGap }) =>
      [at, labelOf(replicaId), isGap ? '(lines before this one are not kept)' : `${stream} ${plain}`].join(' '),
    )
    .join('\n')
    .concat('\n')
