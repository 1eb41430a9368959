package imaging

import (
	"encoding/hex"
	"math/bits"
	"testing"
)

// distance is how many of the bits of two hashes differ.
func distance(t testing.TB, a, b string) int {
	t.Helper()
	x, err1 := hex.DecodeString(a)
	y, err2 := hex.DecodeString(b)
	if err1 != nil || err2 != nil || len(x) != hashBits/8 || len(y) != hashBits/8 {
		t.Fatalf("hashes %q and %q cannot be compared", a, b)
	}
	n := 0
	for i := range x {
		n += bits.OnesCount8(x[i] ^ y[i])
	}
	return n
}
