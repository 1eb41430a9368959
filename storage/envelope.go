package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
)

// The envelope is what every stored object begins with (存储信封), so that what lies in a bucket says by itself how to
// read it, today and once objects are encrypted:
//
//	byte  0..3   "PFOB"              magic: a Preflight object
//	byte  4      1                   version of this layout
//	byte  5      algorithm           0 = plain: the body follows as it is; 1 is kept for encryption in chunks
//	byte  6      k                   length of the key id; 0 for plain
//	byte  7      p                   length of the algorithm's parameters (nonce, chunk size); 0 for plain
//	byte  8..    key id, parameters  k + p bytes, 518 bytes of envelope at most
//	then         body
//
// A plain object costs 8 bytes. The digest that names an object, and that Put is given, is that of the plain body, so
// names do not change when keys do.
const (
	envelopeMagic   = "PFOB"
	envelopeVersion = 1
	envelopePlain   = 0
	// envelopeFixed is the length of the part that is always there, and the whole of a plain envelope.
	envelopeFixed = 8
)

// WithEnvelope returns the store with every object framed: a Put adds the envelope, a Get checks and strips it and
// translates the range, a Stat tells the size of the body. A List tells stored sizes, since reading every envelope would
// cost a request for each. Objects that do not begin with an envelope of this version are ErrEnvelope.
//
// A Get from offset 0 is one request; from further on it is two, for the envelope first.
func WithEnvelope(objects Objects) Objects { return envelopeObjects{objects} }

type envelopeObjects struct{ inner Objects }

func plainEnvelope() []byte {
	return []byte{envelopeMagic[0], envelopeMagic[1], envelopeMagic[2], envelopeMagic[3], envelopeVersion, envelopePlain, 0, 0}
}

// checkEnvelope reads the fixed part of an envelope.
func checkEnvelope(p []byte) error {
	switch {
	case len(p) < envelopeFixed || string(p[:4]) != envelopeMagic:
		return fmt.Errorf("no envelope at the start: %w", ErrEnvelope)
	case p[4] != envelopeVersion:
		return fmt.Errorf("envelope of version %d, this program reads %d: %w", p[4], envelopeVersion, ErrEnvelope)
	case p[5] != envelopePlain || p[6] != 0 || p[7] != 0:
		return fmt.Errorf("algorithm %d is not known to this program: %w", p[5], ErrEnvelope)
	}
	return nil
}

// Put implements Objects.
func (o envelopeObjects) Put(ctx context.Context, key string, content Content) error {
	if len(content.Head) != 0 {
		return fmt.Errorf("store object %s: content has a head already: %w", key, ErrEnvelope)
	}
	content.Head = plainEnvelope()
	return o.inner.Put(ctx, key, content)
}

// Get implements Objects.
func (o envelopeObjects) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, fmt.Errorf("read object %s: offset %d: %w", key, offset, ErrRange)
	}
	if offset > 0 {
		if err := o.checkStored(ctx, key); err != nil {
			return nil, err
		}
		return o.inner.Get(ctx, key, envelopeFixed+offset, length)
	}
	if length >= 0 {
		length += envelopeFixed
	}
	r, err := o.inner.Get(ctx, key, 0, length)
	if err != nil {
		return nil, err
	}
	if err := readEnvelope(r); err != nil {
		return nil, errors.Join(fmt.Errorf("read object %s: %w", key, err), r.Close())
	}
	return r, nil
}

// Stat implements Objects.
func (o envelopeObjects) Stat(ctx context.Context, key string) (ObjectInfo, error) {
	info, err := o.inner.Stat(ctx, key)
	if err != nil {
		return ObjectInfo{}, err
	}
	if err := o.checkStored(ctx, key); err != nil {
		return ObjectInfo{}, err
	}
	info.Size -= envelopeFixed
	return info, nil
}

func (o envelopeObjects) checkStored(ctx context.Context, key string) error {
	r, err := o.inner.Get(ctx, key, 0, envelopeFixed)
	if err != nil {
		return err
	}
	if err := errors.Join(readEnvelope(r), r.Close()); err != nil {
		return fmt.Errorf("read object %s: %w", key, err)
	}
	return nil
}

func readEnvelope(r io.Reader) error {
	var fixed [envelopeFixed]byte
	n, err := io.ReadFull(r, fixed[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return checkEnvelope(fixed[:n])
}

// Delete implements Objects.
func (o envelopeObjects) Delete(ctx context.Context, key string) error {
	return o.inner.Delete(ctx, key)
}

// List implements Objects.
func (o envelopeObjects) List(ctx context.Context, prefix, after string) iter.Seq2[ObjectInfo, error] {
	return o.inner.List(ctx, prefix, after)
}

// Close implements Objects.
func (o envelopeObjects) Close() error { return o.inner.Close() }
