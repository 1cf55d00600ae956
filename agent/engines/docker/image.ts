/** Images of an engine: what there is, and pulling. */

import type { Engine } from '@/agent/engines/engine'
import { EngineError } from '@/agent/engines/engine'
import { canonicalRepository, type ImageContent, isImageDigest, parseImage } from '@/core/deployments/image'
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

/** As engines take it: a digest says all, and not every engine takes a tag beside it. */
export const engineReference = (image: string): string => {
  if (!image.includes('@')) return image
  const { name, tag } = splitReference(image)
  return `${name}@${tag}`
}

/** What the engine has of that name, with the digest under which its own registry has it. */
export const readImage = async (http: DockerHttp, image: string): Promise<ImageContent | null> => {
  const path = `/images/${encodeURI(engineReference(image))}/json`
  const answer = await http.call({ path }, [200, 404])
  if (answer.status === 404) return null
  const found: unknown = JSON.parse(answer.body.toString('utf8'))
  if (!isRecord(found) || typeof found.Id !== 'string')
    throw new EngineError('refused', `the engine tells no id of ${image}`)
  const digests = Array.isArray(found.RepoDigests) ? found.RepoDigests : []
  // Podman tells the bare hexadecimal id.
  const imageId = found.Id.includes(':') ? found.Id : `sha256:${found.Id}`
  return { digest: isImageDigest(image) ? null : digestIn(digests, image), imageId }
}

/** An image that was pulled from several places has a digest of each; one with another name is none of this one's. */
const digestIn = (digests: readonly unknown[], image: string): string | null => {
  const own = canonicalRepository(image)
  for (const each of digests) {
    if (typeof each !== 'string') continue
    const { digest } = parseImage(each)
    if (digest !== null && canonicalRepository(each) === own) return digest
  }
  return null
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
  const exhausted = () => stalled.abort(new EngineError('refused', words))
  let timer = setTimeout(exhausted, options.stallMs)
  const progress = () => {
    clearTimeout(timer)
    timer = setTimeout(exhausted, options.stallMs)
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
