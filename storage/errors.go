package storage

import "errors"

// Errors of the records on which a caller can decide; ErrNotFound is shared with the objects.
var (
	// ErrConflict: the row was changed meanwhile; the revision that the caller has seen is not the current one.
	ErrConflict = errors.New("changed meanwhile")
	// ErrKeyReused: an idempotency key was used before with another body.
	ErrKeyReused = errors.New("idempotency key was used with another body")
)
