import { gunzipSync, gzipSync } from 'node:zlib'
import type { LogLine } from '@/core/logs/log'
import { isBound, logPlace, type Sealer } from '@/server/lib/seal'

/** Lines as they are stored: JSON (which has a form for every character), compressed, sealed for their replica. */
export const sealLines = (sealer: Sealer, replicaId: string, lines: readonly LogLine[]): Buffer =>
  sealer.sealBytes(gzipSync(JSON.stringify(lines), { level: 1 }), logPlace(replicaId))

/** Lines that an older version sealed are for no place; logs are kept for some days only, so they are not sealed anew. */
export function openLines(sealer: Sealer, replicaId: string, sealed: Uint8Array): LogLine[] {
  const bytes = isBound(sealed) ? sealer.openBytes(sealed, logPlace(replicaId)) : sealer.openUnbound(sealed)
  return JSON.parse(gunzipSync(bytes).toString('utf8')) as LogLine[]
}
