// Package storage keeps what Preflight must never lose: objects (the uploaded photos, 上传的资料, in a directory or on an
// S3 server), records (filings, materials, measurements, checks, in SQLite or PostgreSQL) and the jobs that make sure
// every stored photo is checked. It judges nothing and looks at no pixel.
//
// What a caller can build on:
//   - Objects.Put returns nil only once the object survives a power failure (directory) or the server has taken it with a
//     checksum that it verified itself (S3).
//   - Records.RecordUpload writes a material, its idempotency key and its check job in one transaction: either all of
//     them are there or none.
//   - Bytes are received through a Spool: hashed, counted and bounded while they arrive, never held in memory.
//
// The order of an upload is therefore Receive, Put, RecordUpload, answer. A crash between Put and RecordUpload leaves an
// object that nothing refers to: found by comparing Objects.List with the contents in the records, never a record
// without its object.
package storage
