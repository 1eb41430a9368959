// Package pipeline is what happens to an upload, a filing and a job: the main flow of the product on one page
// (Upload in upload.go), with storing, recording, measuring and judging as named steps. It speaks no HTTP.
//
// Needs: a spool directory on a local disk with room for MaxUploads x MaxBody bytes at worst; memory for MeasureSlots
// pictures in flight (their bytes, at most MaxBody each, and what the decoder needs); the right to read and write the
// object store and the records.
package pipeline
