import { describe, expect, test } from 'vitest'
import {
  amountText,
  bareAmountText,
  coresNumber,
  coresText,
  memoryText,
  quantityText,
  roundMemoryText,
  storageText,
} from './resources'

describe('amounts', () => {
  test('of cores have no trailing zeros, and use the singular for one core', () => {
    expect([0, 250, 500, 1000, 1200, 2500, 16_000].map(coresText)).toEqual([
      '0 cores',
      '0.25 cores',
      '0.5 cores',
      '1 core',
      '1.2 cores',
      '2.5 cores',
      '16 cores',
    ])
    expect([1000, 1005, 2500].map(coresNumber)).toEqual(['1', '1.005', '2.5'])
  })

  test('of memory are exact, and in GiB if two decimals suffice', () => {
    expect([0, 512, 1024, 1280, 1472, 1536, 2048, 7873, 16_384].map(memoryText)).toEqual([
      '0 MiB',
      '512 MiB',
      '1 GiB',
      '1.25 GiB',
      '1472 MiB',
      '1.5 GiB',
      '2 GiB',
      '7873 MiB',
      '16 GiB',
    ])
  })

  test('of memory on bars and in columns are rounded to a tenth', () => {
    expect([0, 512, 1472, 7873, 65_536, 2 * 1024 * 1024].map(roundMemoryText)).toEqual([
      '0 MiB',
      '512 MiB',
      '1.4 GiB',
      '7.7 GiB',
      '64 GiB',
      '2 TiB',
    ])
  })

  test('of storage are whole GiB, or TiB if two decimals suffice', () => {
    expect([1, 20, 1000, 1024, 1536, 1800].map(storageText)).toEqual([
      '1 GiB',
      '20 GiB',
      '1000 GiB',
      '1 TiB',
      '1.5 TiB',
      '1800 GiB',
    ])
  })

  test('can be formatted with or without the name of the resource', () => {
    expect([amountText('cpu', 2000), quantityText('cpu', 2000), bareAmountText('cpu', 2000)]).toEqual([
      '2 cores',
      '2 cores',
      '2',
    ])
    expect([amountText('memory', 1536), quantityText('memory', 1536)]).toEqual(['1.5 GiB of memory', '1.5 GiB'])
    expect([amountText('storage', 20), quantityText('storage', 20)]).toEqual(['20 GiB of storage', '20 GiB'])
    expect([0, 1, 2].map((units) => amountText('gpu', units))).toEqual(['no GPU', '1 GPU', '2 GPUs'])
  })
})
