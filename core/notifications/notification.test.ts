import { describe, expect, test } from 'vitest'
import { channelAddress, channelSecretProblem, channelUrlProblem } from './notification'

describe('an address', () => {
  test.each([
    ['', 'Give the address'],
    ['hooks.example.org/x', 'This is no address'],
    ['javascript:alert(1)', 'must begin with https:// or http://'],
    [`https://example.org/${'x'.repeat(2000)}`, 'At most 2000 characters'],
  ])('%s is refused with a reason', (url, message) => {
    expect(channelUrlProblem(url)).toContain(message)
  })

  test('with HTTP or HTTPS is accepted', () => {
    expect(channelUrlProblem('https://hooks.example.org/services/T0/B0/x')).toBeNull()
    expect(channelUrlProblem('http://10.0.0.7:8065/hooks/abc')).toBeNull()
  })

  test('is shown by its host and its last characters, and no more', () => {
    expect(channelAddress('https://hooks.example.org/services/T0/B0/abcdefgh')).toBe('hooks.example.org/…efgh')
    expect(channelAddress('https://ann:secret@example.org:8443/hooks/x?token=123456789')).toBe('example.org:8443/…6789')
  })

  test('that is short shows nothing of its path', () => {
    expect(channelAddress('http://10.0.0.7:8065/s3cret')).toBe('10.0.0.7:8065/…')
    expect(channelAddress('http://10.0.0.7:8065')).toBe('10.0.0.7:8065')
  })
})

test('a secret must be long enough, and base64 after the prefix `whsec_`', () => {
  expect(channelSecretProblem('short')).toContain('16 to 200')
  expect(channelSecretProblem('x'.repeat(201))).toContain('16 to 200')
  expect(channelSecretProblem('a long enough one')).toBeNull()
  expect(channelSecretProblem('whsec_not base64 at all!')).toContain('base64')
  expect(channelSecretProblem('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toBeNull()
})
