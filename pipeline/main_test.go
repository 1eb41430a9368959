package pipeline

import (
	"os"
	"testing"

	"github.com/preflight-icp/preflight/storage/storagetest"
)

// servers is the PostgreSQL cluster that the tests of this package share.
var servers storagetest.Servers

func TestMain(m *testing.M) {
	if part := os.Getenv(childEnv); part != "" {
		os.Exit(playChild(part))
	}
	code := m.Run()
	if err := servers.Stop(); err != nil {
		code = 1
	}
	os.Exit(code)
}
