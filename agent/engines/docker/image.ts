/** Reads and pulls images of an engine. */

import type { Engine } from '@/agent/engines/engine'
import { EngineError } from '@/agent/engines/engine'
import { canonicalRepository, type ImageContent, isImageDigest, parseImage } from '@/core/deployments/image'
import type { DockerHttp } from './http'
import { isRecord } from './http'
import { jsonLines } from './streams'

/** The parameters `fromImage` and `tag` of a pull. Without a tag an engine would pull all tags. */
export const splitReference = (image: string): { name: string; tag: string } => {
  const at = image.indexOf('@')
  if (at >= 0) return { name: image.slice(0, at).replace(/:[^/]*$/, ''), tag: image.slice(at + 1) }
  const colon = image.lastIndexOf(':')
  // A colon before a slash belongs to the registry's port.
  if (colon > image.lastIndexOf('/')) return { name: image.slice(0, colon), tag: image.slice(colon + 1) }
  return { name: image, tag: 'latest' }
}

/** The reference in the form that engines accept: a digest replaces the tag, because not every engine accepts both. */
export const engineReference = (image: string): string => {
  if (!image.includes('@')) return image
  const { name, tag } = splitReference(image)
  return `${name}@${tag}`
}

/** Reads an image, with the digest that its registry has for it; null when the engine doesn't have it. */
export const readImage = async (http: DockerHttp, image: string): Promise<ImageContent | null> => {
  const path = `/images/${encodeURI(engineReference(image))}/json`
  const answer = await http.call({ path }, [200, 404])
  if (answer.status === 404) return null
  const found: unknown = JSON.parse(answer.body.toString('utf8'))
  if (!isRecord(found) || typeof found.Id !== 'string')
    throw new EngineError('refused', `the engine tells no id of ${image}`)
  const digests = Array.isArray(found.RepoDigests) ? found.RepoDigests : []
  // Podman returns the id without "sha256:".
  const imageId = found.Id.includes(':') ? found.Id : `sha256:${found.Id}`
  return { digest: isImageDigest(image) ? null : digestIn(digests, image), imageId }
}

/** An image may have one digest for each repository that it was pulled from; only the one of this repository counts. */
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
 * Reads the pull's stream to its end, because an engine answers 200 first and reports failures inside the stream. A
 * stalled registry would keep the stream open for ever, so the pull fails after `stallMs` without progress.
 */
export const pullImage = async (
  http: DockerHttp,
  image: string,
  options: Parameters<Engine['pull']>[1] & { stallMs: number },
): Promise<void> => {
  const stalled = new AbortController()
  const text = `the pull of ${image} made no progress for ${Math.round(options.stallMs / 1000)} s`
  const exhausted = () => stalled.abort(new EngineError('refused', text))
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
    // The engine may contact the registry before it sends the first byte, so only the stall timer limits this call.
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
