package storage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Objects keeps immutable objects under keys (对象存储). Two engines implement it, a directory (DirObjects) and an S3
// server (S3Objects); both pass the same conformance suite. Whatever every store needs and no engine should know is a
// decorator of this interface: WithRetry repeats what failed for a passing reason, WithEnvelope frames the stored bytes.
//
// Keys are flat names such as objects/ab/cd/abcd...: see CheckKey. No key may be a prefix of another, taken by segments
// (a and a/b): a directory cannot hold both. ObjectKey and DerivativeKey never make such a pair.
//
// Every method honours its context, may be called from many goroutines, and returns an error that wraps one of the
// sentinels below where a caller could decide on it. IsPermanent tells whether trying again can help.
//
// Several processes, on several machines with S3, may share one store.
type Objects interface {
	// Put stores content under key unless the key exists: put if absent.
	//
	// The size and the digest are known before the first byte is sent; a body that is shorter or longer than said is
	// ErrSize, one with another digest ErrChecksum, and nothing becomes visible under the key in any failing case. The
	// body is read through ReadAt, from the start on every attempt, so that a retry never sends a spent reader.
	//
	// Nil means durable: the object survives kill -9 and, in the directory, the loss of power. Putting the same bytes
	// again under the same key is nil as well, and as durable; other bytes under a taken key are ErrExists, and the
	// object that was there stays.
	Put(ctx context.Context, key string, content Content) error

	// Get opens length bytes of the object from offset on; a negative length means up to the end, and a range that
	// reaches beyond the end stops there. The offset must lie inside the object (0 in an empty one), else ErrRange. The
	// caller closes the reader. A connection that breaks half-way is an error from Read, never a silent end.
	//
	// Get does not verify digests (a range has none); ReadObject does.
	Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)

	// Stat tells size and time of an object, or ErrNotFound.
	Stat(ctx context.Context, key string) (ObjectInfo, error)

	// Delete removes the object durably. A key that is not there is no error: deleting twice is the same as once.
	Delete(ctx context.Context, key string) error

	// List yields the objects whose key starts with prefix and sorts after the key after ("" means from the start), in
	// byte order of their keys, reading pages as it goes. It stops at the first error, which it yields. Objects that come
	// or go meanwhile may or may not be seen.
	List(ctx context.Context, prefix, after string) iter.Seq2[ObjectInfo, error]

	// Close gives back connections. Objects must not be used after it.
	Close() error
}

// Content is what Put stores: an optional head of a few bytes (WithEnvelope's frame), then the body.
type Content struct {
	// Head goes before the body, MaxHead bytes at most. It is not part of Size and Sum.
	Head []byte
	// Body is read from offset 0 to Size, as often as it takes. A Spool, *bytes.Reader, *os.File and *io.SectionReader fit.
	Body io.ReaderAt
	// Size of the body in bytes, 0 or more. It is never unknown: an unknown size makes S3 clients buffer hundreds of MB.
	Size int64
	// Sum is the SHA-256 of the body.
	Sum Digest
}

// MaxHead is the longest Content.Head in bytes.
const MaxHead = 1024

// BytesContent returns p as content to put.
func BytesContent(p []byte) Content {
	return Content{Body: bytesAt(p), Size: int64(len(p)), Sum: DigestOf(p)}
}

// ObjectInfo is what a store knows of an object.
type ObjectInfo struct {
	Key string
	// Size in bytes. From a List through WithEnvelope it is the stored size, envelope included.
	Size int64
	// ModTime is when the object was stored, UTC.
	ModTime time.Time
}

// Errors on which a caller can decide. All of them are permanent: the same call fails again.
var (
	// ErrNotFound: there is no such object, or no such row.
	ErrNotFound = errors.New("not found")
	// ErrInvalidKey: the key breaks the rules of CheckKey, or is a prefix of another by segments.
	ErrInvalidKey = errors.New("invalid key")
	// ErrSize: the body is shorter or longer than its declared size.
	ErrSize = errors.New("size differs from what was declared")
	// ErrChecksum: the bytes do not have the digest that they should have.
	ErrChecksum = errors.New("checksum differs")
	// ErrExists: another object is stored under the key.
	ErrExists = errors.New("another object is stored under this key")
	// ErrRange: the offset lies outside the object.
	ErrRange = errors.New("range outside the object")
	// ErrURL: the URL of a store or a database names nothing that can be opened.
	ErrURL = errors.New("bad URL")
	// ErrEnvelope: the stored bytes do not begin with an envelope that this version reads.
	ErrEnvelope = errors.New("unreadable envelope")
)

// permanentError marks a failure of the world (a full disk, refused credentials) that trying again does not cure.
type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// IsPermanent reports whether trying the same call again is pointless. Anything not known to be permanent counts as
// passing: a reset connection, a 503, a timeout of one attempt.
func IsPermanent(err error) bool {
	var p permanentError
	if errors.As(err, &p) {
		return true
	}
	for _, sentinel := range []error{
		ErrNotFound, ErrInvalidKey, ErrSize, ErrChecksum, ErrExists, ErrRange, ErrEnvelope, ErrTooLarge,
		ErrConflict, ErrKeyReused, ErrNoKey, ErrSealed, context.Canceled,
	} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return false
}

// CheckKey returns ErrInvalidKey unless the key is 1 to 512 bytes of a-z 0-9 . _ - in segments separated by single
// slashes, each of 1 to 255 bytes (file systems take no more) and none beginning with a dot (those are ours).
func CheckKey(key string) error {
	const maxKey, maxSegment = 512, 255
	if key == "" || len(key) > maxKey {
		return fmt.Errorf("key of %d bytes: %w", len(key), ErrInvalidKey)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || len(segment) > maxSegment || segment[0] == '.' {
			return fmt.Errorf("key segment of %d bytes: %w", len(segment), ErrInvalidKey)
		}
	}
	return checkKeyBytes(key)
}

// checkKeyBytes is what also holds for a prefix of a key.
func checkKeyBytes(key string) error {
	for i := range len(key) {
		c := key[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '.', c == '_', c == '-', c == '/':
		default:
			return fmt.Errorf("key has byte %#02x at %d: %w", c, i, ErrInvalidKey)
		}
	}
	return nil
}

// ObjectKey returns the key of an original: objects/ab/cd/<64 hex digits>. Two levels of 256 keep a directory below a
// few hundred entries up to tens of millions of objects, and spread an S3 key range evenly.
func ObjectKey(d Digest) string { return shardedKey(objectRoom, d) }

// objectRoom is where originals are, derivativeRoom what was made of them.
const (
	objectRoom     = "objects"
	derivativeRoom = "derivatives"
)

// DerivativeKey returns the key of what was made from an original: the digest of the source, the recipe (thumbnail,
// upright, ...) and the recipe's version, all in [a-z0-9_-]; Put refuses others. Everything made from one original shares
// the prefix DerivativePrefix.
func DerivativeKey(source Digest, recipe, version string) string {
	return DerivativePrefix(source) + recipe + "." + version
}

// DerivativePrefix returns what the keys of all derivatives of an original begin with, for List.
func DerivativePrefix(source Digest) string { return shardedKey(derivativeRoom, source) + "." }

func shardedKey(room string, d Digest) string {
	h := d.String()
	return room + "/" + h[:2] + "/" + h[2:4] + "/" + h
}

// ReadObject reads a whole object into memory and verifies its digest: ErrChecksum when the store holds other bytes,
// ErrSize when it holds more than limit bytes.
func ReadObject(ctx context.Context, objects Objects, key string, sum Digest, limit int64) ([]byte, error) {
	info, err := objects.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	if info.Size > limit {
		return nil, fmt.Errorf("read object %s: %d bytes, at most %d expected: %w", key, info.Size, limit, ErrSize)
	}
	r, err := objects.Get(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p := make([]byte, info.Size)
	if _, err := io.ReadFull(r, p); err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || (err != nil && !errors.Is(err, io.EOF)) {
		return nil, fmt.Errorf("read object %s: trailing bytes: %w", key, errors.Join(ErrSize, err))
	}
	if DigestOf(p) != sum {
		return nil, fmt.Errorf("read object %s: %w", key, ErrChecksum)
	}
	return p, nil
}

// ObjectsOptions are the settings of OpenObjects. The zero value is good for production.
type ObjectsOptions struct {
	// AccessKey, SecretKey and SessionToken are S3 credentials. Where AccessKey is empty they come from the environment
	// (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN). They are never part of the URL and never printed.
	AccessKey, SecretKey, SessionToken string
	// CreateBucket makes the bucket when it is not there: for development and tests.
	CreateBucket bool
	// Retry bounds what is tried again; zero fields take the defaults of RetryPolicy.
	Retry RetryPolicy
	// Timeout is how long an S3 server may think before the first byte of an answer; default 30 s. Connecting may take 5 s of it.
	Timeout time.Duration
	// Connections is how many idle connections to the S3 server are kept, of as many as are needed; default 64.
	Connections int
	// Keys encrypt objects before they leave this process; nil: they are stored as they are.
	Keys *Keys
	// Observer is told of every operation.
	Observer Observer
	// Bare leaves out envelope and retries and gives the naked engine, for tests and benchmarks of engines.
	Bare bool
}

// Validate says everything that is wrong with the options; zero fields are right.
func (o ObjectsOptions) Validate() error {
	var errs []error
	if o.Retry.Attempts < 0 || o.Retry.Attempts > maxAttempts {
		errs = append(errs, fmt.Errorf("store attempts %d: 1 to %d", o.Retry.Attempts, maxAttempts))
	}
	if o.Timeout != 0 && o.Timeout < minTimeout {
		errs = append(errs, fmt.Errorf("store timeout %s: at least %s", o.Timeout, minTimeout))
	}
	if o.Connections < 0 || o.Connections > maxConnections {
		errs = append(errs, fmt.Errorf("store connections %d: 1 to %d", o.Connections, maxConnections))
	}
	return errors.Join(errs...)
}

// OpenObjects opens the store that the URL names and checks that it can be reached:
//
//	dir:/var/lib/preflight/objects   or a plain path: a directory, made when it is not there
//	s3://bucket/prefix?endpoint=https://s3.example.com&region=cn-north-1
//	                                 an S3 server; without endpoint it is AWS. Credentials: ObjectsOptions.
//
// The store is wrapped in WithRetry (S3 only: what fails on a local disk fails again) and WithEnvelope.
func OpenObjects(ctx context.Context, rawURL string, options ObjectsOptions) (Objects, error) {
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("object store: %w", err)
	}
	scheme, rest, found := strings.Cut(rawURL, ":")
	var objects Objects
	retries := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "preflight_objects_retries_total", Help: "Attempts at an operation of the object store that failed and were made again.",
	})
	switch {
	case found && scheme == "s3":
		u, err := url.Parse(rawURL)
		if err != nil {
			return nil, fmt.Errorf("object store: %w: the s3 URL cannot be parsed", ErrURL)
		}
		engine, err := openS3(ctx, u, options)
		if err != nil {
			return nil, err
		}
		objects = engine
		if !options.Bare {
			objects = retryObjects{inner: objects, policy: options.Retry.withDefaults(), retried: retries.Inc}
		}
	case found && scheme == "dir", !found && rawURL != "", strings.HasPrefix(rawURL, "/"), strings.HasPrefix(rawURL, "."):
		path := rawURL
		if found && scheme == "dir" {
			path = strings.TrimPrefix(rest, "//")
		}
		engine, err := OpenDir(path)
		if err != nil {
			return nil, err
		}
		objects = engine
	default:
		return nil, fmt.Errorf("object store: %w: unknown scheme %q; use a path, dir:PATH or s3://BUCKET", ErrURL, scheme)
	}
	if options.Bare {
		return objects, nil
	}
	observed, err := WithObserver(WithEnvelope(objects, options.Keys), options.Observer)
	if err := errors.Join(err, options.Observer.register(retries)); err != nil {
		return nil, errors.Join(err, objects.Close())
	}
	return observed, nil
}

// checkPut is what every engine refuses before it touches anything.
func checkPut(key string, content Content) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if content.Size < 0 || content.Body == nil {
		return fmt.Errorf("a body of known size is needed: %w", ErrSize)
	}
	if len(content.Head) > MaxHead {
		return fmt.Errorf("head of %d bytes: %w", len(content.Head), ErrSize)
	}
	return nil
}

// verifiedBody reads a content's body once, from the start, and ends with ErrSize or ErrChecksum in place of io.EOF when
// the body is not what was declared.
type verifiedBody struct {
	content Content
	offset  int64
	hash    hash.Hash
}

func newVerifiedBody(content Content) *verifiedBody {
	return &verifiedBody{content: content, hash: sha256.New()}
}

// Read implements io.Reader.
func (b *verifiedBody) Read(p []byte) (int, error) {
	left := b.content.Size - b.offset
	if left == 0 {
		return 0, b.end()
	}
	n, err := b.content.Body.ReadAt(p[:min(int64(len(p)), left)], b.offset)
	b.hash.Write(p[:n])
	b.offset += int64(n)
	if n > 0 {
		return n, nil // an error that matters comes again at the next offset
	}
	if errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("body ends after %d of %d bytes: %w", b.offset, b.content.Size, ErrSize)
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return 0, err
}

func (b *verifiedBody) end() error {
	var one [1]byte
	n, err := b.content.Body.ReadAt(one[:], b.content.Size)
	if n > 0 {
		return fmt.Errorf("body goes on after %d bytes: %w", b.content.Size, ErrSize)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if Digest(b.hash.Sum(nil)) != b.content.Sum {
		return fmt.Errorf("body of %d bytes: %w", b.content.Size, ErrChecksum)
	}
	return io.EOF
}

// bytesAt is bytes.Reader's ReadAt without the rest of it.
type bytesAt []byte

// ReadAt implements io.ReaderAt.
func (b bytesAt) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// contextReader stops reading once its context is done: a copy between two files notices nothing by itself.
type contextReader struct {
	ctx context.Context
	io.Reader
}

// Read implements io.Reader.
func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
