/** Finds unknown fields of a REST call, each with the name that was probably meant. */

import { deploySchema, resourcesSchema } from '@/core/contract/deployments'
import type { FieldProblem } from '@/core/contract/failure'

const deployFields = Object.keys(deploySchema.shape)
const resourceFields = Object.keys(resourcesSchema.shape)

/** @param path the path of the request */
export function unknownFields(path: string, body: Record<string, unknown>): FieldProblem[] {
  if (path === '/api/deployment/deploy')
    return [...unknownAmong(body, deployFields), ...unknownAmong(body.resources, resourceFields, 'resources.')]
  return path.startsWith('/api/deployment/scale/') ? unknownAmong(body, ['replicas']) : []
}

function unknownAmong(given: unknown, known: readonly string[], prefix = ''): FieldProblem[] {
  if (typeof given !== 'object' || given === null) return []
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .slice(0, 20)
    .map((name) => {
      const meant = known.find((field) => isNear(name.toLowerCase(), field))
      const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`
      return { path: `${prefix}${name.slice(0, 100)}`, message: `This field is not known: ${hint}` }
    })
}

/** Whether two words differ by one letter that is changed, missing, added, or swapped with the next. */
function isNear(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false
  let same = 0
  while (same < one.length && one[same] === other[same]) same += 1
  const [rest, otherRest] = [one.slice(same), other.slice(same)]
  const swapped = `${rest[1] ?? ''}${rest[0] ?? ''}${rest.slice(2)}`
  return (
    rest.slice(1) === otherRest.slice(1) ||
    rest.slice(1) === otherRest ||
    rest === otherRest.slice(1) ||
    swapped === otherRest
  )
}
