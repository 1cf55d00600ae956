'use client'

export const userMenuStyle = 'flex w-full items-center gap-2 rounded-control px-2 py-1.5 text-left hover:bg-hover'
