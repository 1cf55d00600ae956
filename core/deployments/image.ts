import { limits } from '@/core/placement/resources'

/**
 * The grammar of image references, after the distribution project's reference format:
 * [host[:port]/]path[:tag][@digest], path components in lower case.
 */
const host =
  /^(?:localhost|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)(?::\d{1,5})?$/
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tagPattern = /^\w[\w.-]{0,127}$/
const digestPattern = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/

/** Returns why `reference` is not an image reference, as a sentence; null when it is one. */
export function imageProblem(reference: string): string | null {
  if (reference === '') return 'Name an image, for example nginx:1.27'
  if (reference.length > limits.image.max) return `At most ${limits.image.max} characters; this has ${reference.length}`
  if (reference.includes('://'))
    return `Leave out ${reference.slice(0, reference.indexOf('://') + 3)}: an image reference has no scheme`
  if (/\s/.test(reference)) return 'An image reference has no spaces'
  const [beforeDigest = '', digest, ...more] = reference.split('@')
  if (more.length > 0) return 'An image reference has at most one @'
  if (digest !== undefined && !digestPattern.test(digest)) return `“${digest}” is not a digest such as sha256:…`
  const lastSlash = beforeDigest.lastIndexOf('/')
  const colon = beforeDigest.indexOf(':', lastSlash + 1)
  const name = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon)
  const tag = colon < 0 ? undefined : beforeDigest.slice(colon + 1)
  if (tag !== undefined && !tagPattern.test(tag))
    return `“${tag}” is not a tag: letters, digits, . _ - and at most 128 of them`
  const parts = name.split('/')
  const [first = ''] = parts
  const hasHost = parts.length > 1 && (first.includes('.') || first.includes(':') || first === 'localhost')
  if (hasHost && !host.test(first)) return `“${first}” is not a registry's host name`
  const path = hasHost ? parts.slice(1) : parts
  const bad = path.find((part) => !component.test(part))
  if (bad === undefined) return null
  if (bad === '') return 'An image reference has no empty parts between slashes'
  if (/[A-Z]/.test(bad)) return `“${bad}” must be in lower case`
  return `“${bad}” is not a valid part of an image name: a–z, 0–9 and single . _ - between them`
}

interface ImageReference {
  registry: string
  path: string
  /** "latest" if the reference has neither a tag nor a digest. */
  tag: string | null
  digest: string | null
}

/** Parses a valid reference and fills in defaults as engines do: nginx becomes docker.io/library/nginx:latest. */
export function parseImage(reference: string): ImageReference {
  const [named = '', digest = null] = reference.split('@')
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const name = colon < 0 ? named : named.slice(0, colon)
  const tag = colon < 0 ? null : named.slice(colon + 1)
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(0, slash))
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost'
  const host = hasHost ? first : dockerHub
  const path = hasHost ? name.slice(slash + 1) : name
  const registry = host === 'index.docker.io' ? dockerHub : host
  return {
    registry,
    path: registry === dockerHub && !path.includes('/') ? `library/${path}` : path,
    // Engines ignore the tag when there is a digest.
    tag: digest === null ? (tag ?? 'latest') : null,
    digest,
  }
}

const dockerHub = 'docker.io'

/** Returns the same text for all spellings of a reference. */
export function canonicalImage(reference: string): string {
  const { registry, path, tag, digest } = parseImage(reference)
  return `${registry}/${path}${digest === null ? `:${tag}` : `@${digest}`}`
}

/** Returns the reference without tag and digest; engines list digests under this name. */
export function canonicalRepository(reference: string): string {
  const { registry, path } = parseImage(reference)
  return `${registry}/${path}`
}

export const sameImage = (one: string, other: string): boolean => canonicalImage(one) === canonicalImage(other)

/** Returns the reference pinned to this digest. A tag is kept for people. */
export const imageWithDigest = (reference: string, digest: string): string => `${reference.split('@')[0]}@${digest}`

/** Shortens a digest for display: sha256:0123456789ab */
export function shortDigest(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':')
  return `${algorithm}:${hex.slice(0, 12)}`
}

/**
 * The content that a reference resolved to when a revision first ran; all replicas of the revision run this content. An
 * image without a registry digest is identified by its id, which is the same on every node that loaded the same image;
 * pages show such an image as unverified.
 */
export interface ImageContent {
  /** The registry's digest; null when there is none. */
  digest: string | null
  /** The engine's id of the image; empty when unknown. */
  imageId: string
}

export const isImageDigest = (text: string): boolean => digestPattern.test(text)
