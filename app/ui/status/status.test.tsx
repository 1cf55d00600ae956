// @vitest-environment happy-dom
import { render, screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { deploymentStatuses, healths, replicaStatuses } from '@/core/deployments/status'
import { nodeStatuses } from '@/core/placement/node-status'
import {
  cordonedStyle,
  deploymentStyle,
  deploymentStyleOf,
  deploymentStyles,
  drainingStyle,
  healthStyles,
  nodeStyle,
  nodeStyles,
  replicaStyle,
  replicaStyles,
  StatusBadge,
  statusColors,
} from './status'
import { iconNames } from './status-icon'

const dictionaries = [
  { of: 'deployments', states: deploymentStatuses, statusStyles: deploymentStyles },
  { of: 'replicas', states: replicaStatuses, statusStyles: replicaStyles },
  { of: 'nodes', states: nodeStatuses, statusStyles: nodeStyles },
  { of: 'health', states: healths, statusStyles: healthStyles },
]

test.each(dictionaries)(
  'every state of $of has a label, an icon, a color and an explanation',
  ({ states, statusStyles }) => {
    expect(Object.keys(statusStyles).sort()).toEqual([...states].sort())
    for (const statusStyle of Object.values(statusStyles)) {
      expect(statusStyle.label).toMatch(/^[A-Z]/)
      expect(iconNames).toContain(statusStyle.icon)
      expect(statusColors).toContain(statusStyle.color)
      expect(statusStyle.explanation).toMatch(/\.$/)
    }
  },
)

test.each(dictionaries)('no two states of $of look the same', ({ statusStyles }) => {
  const labels = Object.values(statusStyles).map(({ label }) => label)
  expect(new Set(labels).size).toBe(labels.length)
})

test('unknown states are never green', () => {
  for (const statusStyle of [replicaStyles.lost, nodeStyles.offline, healthStyles.unknown]) {
    expect(statusStyle.color).toBe('unknown')
    expect(statusStyle.icon).toBe('unknown')
  }
})

test('a replica on an offline node is not shown as running', () => {
  expect(replicaStyle('running', { offline: false })).toBe(replicaStyles.running)
  expect(replicaStyle('running', { offline: true })).toMatchObject({ label: 'Unknown, was running', color: 'unknown' })
  expect(replicaStyle('failed', { offline: true })).toBe(replicaStyles.failed)
  expect(deploymentStyle({ status: 'running', health: 'unknown' }).color).toBe('unknown')
  expect(deploymentStyle({ status: 'running', health: 'healthy' })).toBe(deploymentStyles.running)
})

const aNode = { status: 'active', cordoned: false, draining: false, stale: false } as const

test('offline takes precedence over cordon and drain, which take precedence over the reported status', () => {
  expect(nodeStyle(aNode)).toBe(nodeStyles.active)
  expect(nodeStyle({ ...aNode, cordoned: true })).toBe(cordonedStyle)
  expect(nodeStyle({ ...aNode, cordoned: true, draining: true })).toBe(drainingStyle)
  expect(nodeStyle({ ...aNode, cordoned: true, stale: true })).toBe(nodeStyles.offline)
})

test('shows the raw name of a status from an older version', () => {
  expect(deploymentStyleOf('running')).toBe(deploymentStyles.running)
  expect(deploymentStyleOf('paused').label).toBe('paused')
})

test('a badge shows a label and an explanation', () => {
  render(<StatusBadge statusStyle={replicaStyles.lost} />)
  expect(screen.getByText('Lost').title).toBe(replicaStyles.lost.explanation)
})
