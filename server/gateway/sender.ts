/** Who sends a request, and under which address they reached us: what proxies say of it counts only when they are trusted. */
import type { IncomingHttpHeaders } from 'node:http'
import { type AddressList, plainAddress } from '@/server/lib/addresses'

export interface Sender {
  /** Null when the connection is gone already. */
  address: string | null
  protocol: 'http' | 'https'
  /** With its port, as a browser would write it; null when they gave none that is well-formed. */
  host: string | null
  /** A program of this machine itself, not somebody whom a proxy on this machine speaks for. */
  isLocal: boolean
}

const hostPattern = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?$/

/** @param peer the other end of the connection. */
export function senderOf(headers: IncomingHttpHeaders, peer: string | undefined, trusted: AddressList): Sender {
  const near = plainAddress(peer ?? '')
  const host = wellFormedHost(headers.host)
  if (near === null || !trusted.has(near)) {
    const isForwarded = forwardingHeaders.some((name) => headers[name] !== undefined)
    return { address: near, protocol: 'http', host, isLocal: near !== null && isLoopback(near) && !isForwarded }
  }
  const address = clientOf(near, textOf(headers['x-forwarded-for']), trusted)
  return {
    address,
    protocol: firstOf(headers['x-forwarded-proto'])?.toLowerCase() === 'https' ? 'https' : 'http',
    host: wellFormedHost(firstOf(headers['x-forwarded-host'])) ?? host,
    isLocal: isLoopback(address),
  }
}

export const forwardingHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
] as const

/** Read from the near end: each entry was written by the one after it, so the first that is not trusted is the client. */
function clientOf(near: string, forwardedFor: string, trusted: AddressList): string {
  let client = near
  for (const entry of forwardedFor.split(',').reverse()) {
    const address = plainAddress(entry)
    if (address === null) return client
    client = address
    if (!trusted.has(address)) return client
  }
  return client
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')

const textOf = (header: string | string[] | undefined): string => [header ?? []].flat().join(',')
const firstOf = (header: string | string[] | undefined): string | undefined => textOf(header).split(',')[0]?.trim()
const wellFormedHost = (host: string | undefined): string | null =>
  host !== undefined && hostPattern.test(host) ? host.toLowerCase() : null
