/** Network addresses as text, and lists of them such as `10.0.0.0/8, ::1`. */
import { BlockList, isIP } from 'node:net'

/**
 * An address in its one spelling: without a port, brackets or a zone, and IPv4 as such where IPv6 only wraps it. Null
 * when it is none.
 */
export function plainAddress(text: string): string | null {
  const bare = text
    .trim()
    .replace(/^\[([^\]]*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/%.*$/, '')
  const family = isIP(bare)
  if (family !== 6) return family === 4 ? bare : null
  const canonical = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  return wrappedIpv4(canonical, '::ffff:') ?? canonical
}

/** The IPv4 address that follows a prefix in a canonical IPv6 address, as in `::ffff:7f00:1`. */
export function wrappedIpv4(canonical: string, prefix: string): string | null {
  if (!canonical.startsWith(prefix)) return null
  const [, high, low] = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical.slice(prefix.length)) ?? []
  if (high === undefined || low === undefined) return null
  return [high, low]
    .map((part) => Number.parseInt(part, 16))
    .flatMap((part) => [part >> 8, part & 255])
    .join('.')
}

/** The entries of a list with commas or spaces. */
export const addressEntries = (text: string): string[] => text.split(/[\s,]+/).filter((entry) => entry !== '')

/** Whether the text is an address, or a network such as 10.0.0.0/8. */
export function isAddressEntry(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

export class AddressList {
  readonly #list = new BlockList()

  /** @param entries each of which `isAddressEntry`. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/')
      if (bits === undefined)
        this.#list.addAddress(plainAddress(address) ?? address, familyOf(plainAddress(address) ?? ''))
      else this.#list.addSubnet(address, Number(bits), familyOf(address))
    }
  }

  /** @param address in its plain spelling. */
  has(address: string): boolean {
    return this.#list.check(address, familyOf(address))
  }
}
