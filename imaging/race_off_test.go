//go:build !race

package imaging

const (
	slowness        = 1
	slownessOfLoops = 1
)
