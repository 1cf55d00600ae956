import { describe, expect, it } from 'vitest'
import { hostPortsOf, isPortConflict, portsFoundTaken } from './host-ports'

/** Error messages as engines wrote them. */
const messages = {
  'Docker 20, container':
    'driver failed programming external connectivity on endpoint fogdeck-web-0-1 (1c7a8080): Bind for 0.0.0.0:8080 failed: port is already allocated',
  'Docker 20, other program':
    'driver failed programming external connectivity on endpoint fogdeck-web-0-1 (1c7a): Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use',
  'Docker 20, IPv6':
    'driver failed programming external connectivity on endpoint web (1c7a): Bind for :::8080 failed: port is already allocated',
  'Docker 28':
    'failed to set up container networking: driver failed programming external connectivity on endpoint web (1c7a): failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use',
  'Docker 28, IPv6': 'failed to bind host port for [::]:8080:[fd00::2]:80/tcp: address already in use',
  'Docker 29': 'failed to bind host port 0.0.0.0:8080/tcp: address already in use',
  'Podman 4': 'cannot listen on the TCP port: listen tcp4 :8080: bind: address already in use',
  'Podman, rootless': 'rootlessport listen tcp 0.0.0.0:8080: bind: address already in use',
  'Podman 5, pasta':
    "pasta failed with exit code 1: Failed to bind port 8080 (Address already in use) for option '-t 8080-8080:80-80', exiting",
}

describe('error messages of engines about host ports', () => {
  it.each(Object.entries(messages))('name the port: %s', (_, text) => {
    expect(isPortConflict(text)).toBe(true)
    expect(portsFoundTaken(text, [80, 8080, 8081])).toEqual([8080])
  })

  it('mean all requested ports if they name none of them', () => {
    expect(portsFoundTaken('bind: address already in use', [80, 443])).toEqual([80, 443])
    expect(portsFoundTaken('bind: address already in use', [])).toEqual([])
  })

  it('mean no port if they are about something else', () => {
    expect(portsFoundTaken('manifest for web:8080 not found', [8080])).toEqual([])
    expect(isPortConflict('exited with code 1')).toBe(false)
  })
})

it('hostPortsOf returns the distinct fixed host ports, ascending', () => {
  expect(hostPortsOf([{ host: 8080 }, { host: null }, { host: 443 }, { host: 8080 }])).toEqual([443, 8080])
})
