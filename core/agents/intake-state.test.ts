import { expect, test } from 'vitest'
import { behindMessage } from './intake-state'

const keepsUp = { heartbeatDelaySeconds: 1.2, reportDelaySeconds: 2.1, gap: null }

test('there is no message while the control plane keeps up, or before any agent has called', () => {
  expect(behindMessage(keepsUp)).toBe(null)
  expect(behindMessage({ heartbeatDelaySeconds: null, reportDelaySeconds: null, gap: null })).toBe(null)
})

test('the message names the delays, that of heartbeats first', () => {
  const late = { ...keepsUp, reportDelaySeconds: 31.4 }
  expect(behindMessage(late)).toContain('reports of replicas are recorded 31 s late; no node is declared offline')
  expect(behindMessage({ ...late, heartbeatDelaySeconds: 12 })).toContain('heartbeats are recorded 12 s late')
})

test('the message mentions a gap until agents have had their full limit again', () => {
  const at = new Date('2026-03-01T12:00:00Z')
  const gap = { seconds: 39.6, endedAt: at, judgedFrom: at }
  expect(behindMessage({ ...keepsUp, gap })).toContain('it took no heartbeats for 40 s')
})
