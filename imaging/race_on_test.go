//go:build race

package imaging

// slowness is by how much bounds of time and memory are wider under the race detector, which multiplies both.
const slowness = 10

// slownessOfLoops is by how much fewer rounds are run of what is repeated to count, not to prove.
const slownessOfLoops = 3
