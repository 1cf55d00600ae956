import { gunzipSync, gzipSync } from 'node:zlib'
import type { LogLine } from '../domain/log'
import type { Sealer } from './seal'

/** Lines as they are stored: JSON (which has a form for every character), compressed, sealed. */
export const sealLines = (sealer: Sealer, lines: readonly LogLine[]): Buffer =>
  sealer.sealBytes(gzipSync(JSON.stringify(lines), { level: 1 }))

export const openLines = (sealer: Sealer, sealed: Uint8Array): LogLine[] =>
  JSON.parse(gunzipSync(sealer.openBytes(sealed)).toString('utf8')) as LogLine[]
