/** Pulling images. */
import type { Engine } from '../engine'
import { EngineError } from '../engine'
import type { DockerHttp } from './http'
import { isRecord } from './http'
import { jsonLines } from './streams'

/** `fromImage` and `tag` of a pull: without a tag an engine would pull every tag there is. */
export const splitReference = (image: string): { name: string; tag: string } => {
  const at = image.indexOf('@')
  if (at >= 0) return { name: image.slice(0, at).replace(/:[^/]*$/, ''), tag: image.slice(at + 1) }
  const colon = image.lastIndexOf(':')
  // A colon before a slash belongs to the registry's port.
  if (colon > image.lastIndexOf('/')) return { name: image.slice(0, colon), tag: image.slice(colon + 1) }
  return { name: image, tag: 'latest' }
}

export const hasImage = async (http: DockerHttp, image: string): Promise<boolean> => {
  const path = `/images/${encodeURI(image)}/json`
  return (await http.call({ path }, [200, 404])).status === 200
}

/**
 * Reads the pull's stream to its end, because an engine answers 200 first and fails later, inside the stream. A
 * registry that stalls keeps it open for ever: after `stallMs` without a word it is given up.
 */
export const pullImage = async (
  http: DockerHttp,
  image: string,
  options: Parameters<Engine['pull']>[1] & { stallMs: number },
): Promise<void> => {
  const stalled = new AbortController()
  const words = `the pull of ${image} made no progress for ${Math.round(options.stallMs / 1000)} s`
  const giveUp = () => stalled.abort(new EngineError('refused', words))
  let timer = setTimeout(giveUp, options.stallMs)
  const progress = () => {
    clearTimeout(timer)
    timer = setTimeout(giveUp, options.stallMs)
    options.onProgress()
  }
  let failure: string | null = null
  const lines = jsonLines((line) => {
    progress()
    failure ??= failureOf(line)
  })
  const signal = AbortSignal.any([options.signal, stalled.signal])
  try {
    const { name, tag } = splitReference(image)
    const query = { fromImage: name, tag }
    // The engine may ask the registry before it sends its first byte: the stall timer is the limit, not the usual one.
    const stream = await http.open({ method: 'POST', path: '/images/create', query, signal, timeoutMs: 2 ** 31 - 1 })
    for await (const chunk of stream) lines.push(chunk)
    lines.end()
  } catch (error) {
    if (stalled.signal.aborted) throw stalled.signal.reason
    options.signal.throwIfAborted()
    throw error instanceof EngineError ? error : new EngineError('unreachable', `the pull of ${image} broke off`)
  } finally {
    clearTimeout(timer)
  }
  if (failure !== null) throw new EngineError('refused', failure)
}

const failureOf = (line: Record<string, unknown>): string | null => {
  const detail = line.errorDetail
  if (isRecord(detail) && typeof detail.message === 'string') return detail.message
  return typeof line.error === 'string' ? line.error : null
}
