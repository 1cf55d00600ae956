import { describe, expect, it } from 'vitest'
import { AddressList, plainAddress } from './addresses'

describe('an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    [' 192.0.2.7:5123 ', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:C000:0207', '192.0.2.7'],
    ['[2001:DB8:0::1]:443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('%s is written as %s', (text, plain) => {
    expect(plainAddress(text)).toBe(plain)
  })

  it.each(['', 'unknown', 'example.org', '1.2.3', '1.2.3.256', '[::1', '"><script>', '1.2.3.4, 5.6.7.8'])(
    '%j is none',
    (text) => {
      expect(plainAddress(text)).toBeNull()
    },
  )
})

describe('a list of addresses', () => {
  const list = new AddressList(['10.0.0.1', '192.168.0.0/16', 'fd00::/8', '::ffff:172.16.0.9'])

  it.each(['10.0.0.1', '192.168.44.3', 'fd12::9', '172.16.0.9'])('has %s', (address) => {
    expect(list.has(address)).toBe(true)
  })

  it.each(['10.0.0.2', '192.169.0.1', 'fe80::1', '::1'])('has not %s', (address) => {
    expect(list.has(address)).toBe(false)
  })

  it('has nothing when it is empty', () => {
    expect(new AddressList([]).has('127.0.0.1')).toBe(false)
  })
})
