/** Where notifications may go: not to this machine, nor to what a network keeps for its own machines only. */
import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { AddressList, plainAddress, wrappedIpv4 } from '@/server/lib/addresses'

/**
 * Private networks are not among them: that is where the chat of many installations is. What is behind these answers
 * to everybody who gets there.
 */
const refused = new AddressList([
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  // The metadata of machines at Alibaba and at Azure.
  ...['100.100.100.200', '168.63.129.16'],
  ...['::/127', 'fe80::/10', 'fec0::/10', 'ff00::/8', 'fd00:ec2::/32'],
])

/** Prefixes behind which an IPv4 address is reached. */
const translations = ['64:ff9b::', '::ffff:0:', '::']

export function isRefusedAddress(address: string, allowed: AddressList): boolean {
  const plain = plainAddress(address)
  if (plain === null) return true
  if (allowed.has(plain)) return false
  const inside = translations.map((prefix) => wrappedIpv4(plain, prefix)).find((found) => found !== null)
  return refused.has(plain) || (inside !== undefined && isRefusedAddress(inside, allowed))
}

/** Said instead of calling; the address may be of a secret name, so it is not repeated. */
export class RefusedAddressError extends Error {
  override name = 'RefusedAddressError'
  constructor() {
    super('This address belongs to the machine itself or to its network alone: FOGDECK_WEBHOOK_ADDRESSES can allow it')
  }
}

/** Throws for an address that stands in the URL as such; a name is looked at when it is resolved. */
export function requireAllowedHost(hostname: string, allowed: AddressList): void {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) !== 0 && isRefusedAddress(bare, allowed)) throw new RefusedAddressError()
}

/** Resolves a name for one connection: what was looked at is what is connected to, whatever the name says a moment later. */
export const guardedLookup =
  (allowed: AddressList): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, [])
      const good = found.filter(({ address }) => !isRefusedAddress(address, allowed))
      const [first] = good
      if (!first) return callback(new RefusedAddressError(), [])
      if (options.all) callback(null, good)
      else callback(null, first.address, first.family)
    })
  }
