import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { AddressList } from '@/server/lib/addresses'
import { guardedLookup, isRefusedAddress, RefusedAddressError, requireAllowedHost } from './address'

const nothing = new AddressList([])

describe('an address that notifications go to', () => {
  it.each([
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '169.254.169.254', '224.0.0.1', '255.255.255.255', '100.100.100.200'],
    ...['::1', '::', 'fe80::1', 'fe80::1%eth0', 'ff02::1', 'fd00:ec2::254'],
    ...['::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::7f00:1', '::7f00:1', 'localhost', ''],
  ])('is not %j', (address) => {
    expect(isRefusedAddress(address, nothing)).toBe(true)
  })

  it.each(['10.1.2.3', '192.168.0.9', '172.16.0.1', '100.64.1.1', '203.0.113.5', 'fd12::1', '2001:db8::1'])(
    'may be %s',
    (address) => {
      expect(isRefusedAddress(address, nothing)).toBe(false)
    },
  )

  it('may be one that is allowed, however it is written', () => {
    const allowed = new AddressList(['127.0.0.0/8'])
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'])
      expect(isRefusedAddress(address, allowed)).toBe(false)
    expect(isRefusedAddress('169.254.169.254', allowed)).toBe(true)
  })

  it('is looked at where it stands in the URL, and when a name is resolved', async () => {
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:7f00:1]'])
      expect(() => requireAllowedHost(host, nothing)).toThrow(RefusedAddressError)
    expect(() => requireAllowedHost('fog.example', nothing)).not.toThrow()
    const resolve = promisify(guardedLookup(nothing))
    await expect(resolve('localhost', { all: true })).rejects.toThrow(RefusedAddressError)
    await expect(resolve('localhost', {})).rejects.toThrow(RefusedAddressError)
    const allowed = promisify(guardedLookup(new AddressList(['127.0.0.1'])))
    expect(await allowed('localhost', { all: true })).toEqual([{ address: '127.0.0.1', family: 4 }])
  })
})
