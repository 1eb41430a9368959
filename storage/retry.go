package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"time"
)

// RetryPolicy bounds what is tried again. Zero fields take the defaults.
type RetryPolicy struct {
	// Attempts is how often a call is tried altogether, 1 to 20; default 5.
	Attempts int
	// Base is the longest pause before the second attempt; it doubles from one attempt to the next. Default 100 ms.
	Base time.Duration
	// Max is the longest pause; default 3 s. With the defaults a call gives up after 1.5 s of pauses at most.
	Max time.Duration
}

// maxAttempts would have an upload wait for a minute.
const maxAttempts = 20

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.Attempts <= 0 {
		p.Attempts = 5
	}
	if p.Base <= 0 {
		p.Base = 100 * time.Millisecond
	}
	if p.Max <= 0 {
		p.Max = 3 * time.Second
	}
	return p
}

// pause returns how long to wait after the n-th failure, n from 0: anything between half and all of the doubling pause,
// so that the clients of a server that comes back do not all come at once.
func (p RetryPolicy) pause(n int) time.Duration {
	longest := p.Base
	for range n {
		longest = min(longest*2, p.Max)
	}
	longest = min(longest, p.Max)
	return longest/2 + rand.N(longest/2+1)
}

// WithRetry returns the store with passing failures tried again, as RetryPolicy says: everything that IsPermanent does
// not know to be final, as long as the context lasts. A reader from Get goes on at the byte where a connection broke. It
// is the only place that retries; the engines and the libraries below them do not.
func WithRetry(objects Objects, policy RetryPolicy) Objects {
	return retryObjects{inner: objects, policy: policy.withDefaults()}
}

type retryObjects struct {
	inner  Objects
	policy RetryPolicy
	// retried, where it is not nil, is called for every attempt that is made again.
	retried func()
}

func (o retryObjects) do(ctx context.Context, call func() error) error {
	for n := 0; ; n++ {
		err := call()
		if err == nil || IsPermanent(err) || ctx.Err() != nil {
			return err
		}
		if n+1 >= o.policy.Attempts {
			return fmt.Errorf("after %d attempts: %w", n+1, err)
		}
		if o.retried != nil {
			o.retried()
		}
		timer := time.NewTimer(o.policy.pause(n))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(ctx.Err(), err)
		}
	}
}

// Put implements Objects.
func (o retryObjects) Put(ctx context.Context, key string, content Content) error {
	return o.do(ctx, func() error { return o.inner.Put(ctx, key, content) })
}

// replace implements replacer.
func (o retryObjects) replace(ctx context.Context, key string, content Content) error {
	inner, can := o.inner.(replacer)
	if !can {
		return errNoReplace
	}
	return o.do(ctx, func() error { return inner.replace(ctx, key, content) })
}

// Get implements Objects.
func (o retryObjects) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r := &retryReader{ctx: ctx, store: o, key: key, offset: offset, length: length}
	if err := o.do(ctx, r.open); err != nil {
		return nil, err
	}
	return r, nil
}

// Stat implements Objects.
func (o retryObjects) Stat(ctx context.Context, key string) (info ObjectInfo, err error) {
	err = o.do(ctx, func() error {
		info, err = o.inner.Stat(ctx, key)
		return err
	})
	return info, err
}

// Delete implements Objects.
func (o retryObjects) Delete(ctx context.Context, key string) error {
	return o.do(ctx, func() error { return o.inner.Delete(ctx, key) })
}

// List implements Objects: after a passing failure it goes on behind the last key that was seen.
func (o retryObjects) List(ctx context.Context, prefix, after string) iter.Seq2[ObjectInfo, error] {
	return func(yield func(ObjectInfo, error) bool) {
		stopped := false
		err := o.do(ctx, func() error {
			for info, err := range o.inner.List(ctx, prefix, after) {
				if err != nil {
					return err
				}
				after = info.Key
				if !yield(info, nil) {
					stopped = true
					return nil
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(ObjectInfo{}, err)
		}
	}
}

// Close implements Objects.
func (o retryObjects) Close() error { return o.inner.Close() }

// retryReader reads on behind the last byte that arrived when a connection breaks.
type retryReader struct {
	ctx            context.Context
	store          retryObjects
	key            string
	offset, length int64
	inner          io.ReadCloser
	failures       int
	started        bool
}

func (r *retryReader) open() (err error) {
	r.inner, err = r.store.inner.Get(r.ctx, r.key, r.offset, r.length)
	return err
}

// Read implements io.Reader.
func (r *retryReader) Read(p []byte) (int, error) {
	for {
		n, err := r.inner.Read(p)
		r.offset += int64(n)
		if r.length > 0 {
			r.length -= int64(n)
		}
		if n > 0 {
			r.failures, r.started = 0, true
			if err != nil && !errors.Is(err, io.EOF) {
				err = nil // what broke shows again at the next Read
			}
			return n, err
		}
		if err == nil || errors.Is(err, io.EOF) || IsPermanent(err) || r.ctx.Err() != nil {
			return n, err
		}
		r.failures++
		if r.failures >= r.store.policy.Attempts {
			return n, fmt.Errorf("read object %s: after %d attempts: %w", r.key, r.failures, err)
		}
		if r.length == 0 {
			return 0, io.EOF // all that was asked for has arrived
		}
		r.inner.Close()
		if err := r.store.do(r.ctx, r.open); err != nil {
			if r.started && errors.Is(err, ErrRange) {
				err = io.EOF // the object ends where the connection broke
			}
			r.inner = io.NopCloser(failingReader{err})
			return n, err
		}
	}
}

// Close implements io.Closer.
func (r *retryReader) Close() error { return r.inner.Close() }

type failingReader struct{ err error }

// Read implements io.Reader.
func (f failingReader) Read([]byte) (int, error) { return 0, f.err }
