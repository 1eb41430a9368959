package storage_test

import (
	"os"
	"testing"

	"github.com/preflight-icp/preflight/storage/storagetest"
)

// servers are the S3 server and the PostgreSQL cluster that the tests of this package share.
var servers storagetest.Servers

// childEnv names the part that this test binary plays when a test starts it again, as a process to be traced or killed.
const childEnv = "PREFLIGHT_TEST_CHILD"

func TestMain(m *testing.M) {
	if part := os.Getenv(childEnv); part != "" {
		os.Exit(playChild(part))
	}
	os.Exit(servers.Run(m))
}
