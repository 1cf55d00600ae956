import { limits } from './resources'

/**
 * The grammar of image references, after the distribution project's reference format:
 * [host[:port]/]path[:tag][@digest], path components in lower case.
 */
const host =
  /^(?:localhost|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)(?::\d{1,5})?$/
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tagPattern = /^\w[\w.-]{0,127}$/
const digestPattern = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/

/** Why `reference` is not an image reference, as a sentence; null when it is one. */
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
