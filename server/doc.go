// Package server speaks HTTP for Preflight: the API of the contract under /v1 (described by /openapi.yaml), a plain
// upload page, health and metrics. It admits, authenticates and answers; it decodes no picture and judges nothing.
// Every error is a Problem with a code of the table in problem.go; every route is in the table of access.go or public
// by name.
package server
