module github.com/preflight-icp/preflight

go 1.26
