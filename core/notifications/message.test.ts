import { describe, expect, test } from 'vitest'
import { bodyOf, eventsMessage, testMessage } from './message'
import type { NotificationEvent } from './notification'

const channel = { id: '00000000-0000-7000-8000-00000000000c', name: 'on call' }
const deliveryId = '00000000-0000-7000-8000-00000000000d'
const linkOrigin = 'https://fogdeck.example.org'

const anEvent = (overrides: Partial<NotificationEvent> = {}): NotificationEvent => ({
  id: 'node:1',
  kind: 'node.offline',
  at: '2026-11-28T03:04:05.678Z',
  subject: { type: 'node', id: 'n1', name: 'node-01' },
  detail: 'No heartbeat for 16 s',
  ...overrides,
})

const aMessage = (events: NotificationEvent[], total = events.length) =>
  eventsMessage(channel, { deliveryId, linkOrigin, events, total })

const slackText = (message: ReturnType<typeof aMessage>) =>
  (JSON.parse(bodyOf('slack', message)) as { text: string }).text

describe('the JSON of a webhook', () => {
  test('has the delivery, the channel, each event as text with a link, and the number of further events', () => {
    expect(JSON.parse(bodyOf('webhook', aMessage([anEvent()], 3)))).toEqual({
      delivery_id: deliveryId,
      type: 'events',
      channel,
      text: '3 events',
      events: [
        {
          ...anEvent(),
          text: 'Node node-01 is offline: No heartbeat for 16 s',
          url: 'https://fogdeck.example.org/nodes/n1',
        },
      ],
      more: 2,
    })
  })

  test('has the text of a single event at the top level', () => {
    const event = anEvent({
      kind: 'storm.ended',
      subject: { type: 'region', id: null, name: 'eu-west' },
      detail: '',
    })
    expect(JSON.parse(bodyOf('webhook', aMessage([event])))).toMatchObject({
      text: 'Outage protection of eu-west is lifted',
      events: [{ url: 'https://fogdeck.example.org/nodes' }],
      more: 0,
    })
  })

  test('is the same at every attempt', () => {
    const message = aMessage([anEvent()])
    expect(bodyOf('webhook', structuredClone(message))).toBe(bodyOf('webhook', message))
  })

  test('shortens long messages of engines', () => {
    const { events } = JSON.parse(bodyOf('webhook', aMessage([anEvent({ detail: 'x'.repeat(5000) })])))
    expect(events[0].detail).toHaveLength(300)
  })
})

describe('the text for Slack', () => {
  test('has one line for one event, with a link', () => {
    expect(slackText(aMessage([anEvent()]))).toBe(
      '*Fogdeck*: Node <https://fogdeck.example.org/nodes/n1|node-01> is offline: No heartbeat for 16 s (2026-11-28 03:04 UTC)',
    )
  })

  test('lists several and counts the rest', () => {
    const lines = slackText(aMessage([anEvent(), anEvent({ kind: 'node.online' })], 5)).split('\n')
    expect(lines[0]).toBe('*Fogdeck*: 5 events')
    expect(lines[1]).toMatch(/^• Node .*is offline/)
    expect(lines[2]).toMatch(/^• Node .*is back/)
    expect(lines[3]).toBe('and 3 more before these')
    expect(lines).toHaveLength(4)
  })

  test('keeps the newest events if not all fit into Discord’s limit', () => {
    const events = Array.from({ length: 20 }, (_, i) => anEvent({ detail: `${i} ${'x'.repeat(250)}` }))
    const text = slackText(aMessage(events, 20))
    expect(text.length).toBeLessThanOrEqual(2000)
    expect(text).toContain(': 19 x')
    expect(text).not.toContain(': 0 x')
    const shown = text.split('\n').filter((line) => line.startsWith('•')).length
    expect(text.split('\n').at(-1)).toBe(`and ${20 - shown} more before these`)
  })

  test('escapes markup in messages of engines', () => {
    const text = slackText(aMessage([anEvent({ detail: '<!channel> & <https://evil.example|click>' })]))
    expect(text).toContain('&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;')
  })
})

test('a test message says that it is one, in both formats', () => {
  const message = testMessage(channel, { deliveryId, linkOrigin })
  const text = 'This is a test of the notification channel “on call”. It can be reached.'
  expect(JSON.parse(bodyOf('webhook', message))).toMatchObject({ type: 'test', text: text, events: [], more: 0 })
  expect(slackText(message)).toBe(`*Fogdeck*: ${text}`)
})
