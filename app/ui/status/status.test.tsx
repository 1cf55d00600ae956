// @vitest-environment happy-dom
import { render, screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { deploymentStatuses, healths, replicaStatuses } from '@/core/deployments/status'
import { nodeStatuses } from '@/core/placement/node-status'
import {
  cordonedLook,
  deploymentLook,
  deploymentLookOf,
  deploymentLooks,
  drainingLook,
  healthLooks,
  nodeLook,
  nodeLooks,
  replicaLook,
  replicaLooks,
  StatusBadge,
  tones,
} from './status'
import { glyphNames } from './status-icon'

const dictionaries = [
  { of: 'deployments', states: deploymentStatuses, looks: deploymentLooks },
  { of: 'replicas', states: replicaStatuses, looks: replicaLooks },
  { of: 'nodes', states: nodeStatuses, looks: nodeLooks },
  { of: 'health', states: healths, looks: healthLooks },
]

test.each(dictionaries)('every state of $of has a word, a mark, a colour and a sentence', ({ states, looks }) => {
  expect(Object.keys(looks).sort()).toEqual([...states].sort())
  for (const look of Object.values(looks)) {
    expect(look.label).toMatch(/^[A-Z]/)
    expect(glyphNames).toContain(look.glyph)
    expect(tones).toContain(look.tone)
    expect(look.explanation).toMatch(/\.$/)
  }
})

test.each(dictionaries)('no two states of $of look the same', ({ looks }) => {
  const labels = Object.values(looks).map(({ label }) => label)
  expect(new Set(labels).size).toBe(labels.length)
})

test('what is not known is never green', () => {
  for (const look of [replicaLooks.lost, nodeLooks.offline, healthLooks.unknown]) {
    expect(look.tone).toBe('unknown')
    expect(look.glyph).toBe('unknown')
  }
})

test('nothing on a silent node is shown as if it were known to run', () => {
  expect(replicaLook('running', { silent: false })).toBe(replicaLooks.running)
  expect(replicaLook('running', { silent: true })).toMatchObject({ label: 'Unknown, was running', tone: 'unknown' })
  expect(replicaLook('failed', { silent: true })).toBe(replicaLooks.failed)
  expect(deploymentLook({ status: 'running', health: 'unknown' }).tone).toBe('unknown')
  expect(deploymentLook({ status: 'running', health: 'healthy' })).toBe(deploymentLooks.running)
})

const aNode = { status: 'active', cordoned: false, draining: false, stale: false } as const

test('silence outweighs what people decided, and that outweighs the word of the node', () => {
  expect(nodeLook(aNode)).toBe(nodeLooks.active)
  expect(nodeLook({ ...aNode, cordoned: true })).toBe(cordonedLook)
  expect(nodeLook({ ...aNode, cordoned: true, draining: true })).toBe(drainingLook)
  expect(nodeLook({ ...aNode, cordoned: true, stale: true })).toBe(nodeLooks.offline)
})

test('a status of an older version is shown by its own word', () => {
  expect(deploymentLookOf('running')).toBe(deploymentLooks.running)
  expect(deploymentLookOf('paused').label).toBe('paused')
})

test('a badge says its state in words, and explains it', () => {
  render(<StatusBadge look={replicaLooks.lost} />)
  expect(screen.getByText('Lost').title).toBe(replicaLooks.lost.explanation)
})
