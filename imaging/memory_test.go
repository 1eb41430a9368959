package imaging

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// residentMemory is the process's resident memory in bytes.
func residentMemory(t testing.TB) int64 { return procStatus(t, "VmRSS:") }

// residentPeak is its highest value so far, or since the last resetPeak.
func residentPeak(t testing.TB) int64 { return procStatus(t, "VmHWM:") }

// resetPeak sets the peak to what is resident now, where the kernel allows it.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600) }

func procStatus(t testing.TB, key string) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc/self/status: ", err)
	}
	_, rest, _ := strings.Cut(string(status), key)
	kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}
