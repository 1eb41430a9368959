package storage

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/minio/sio"
)

// The envelope is what every stored object begins with (存储信封), so that what lies in a bucket says by itself how to
// read it, today and once objects are encrypted:
//
//	byte  0..3   "PFOB"              magic: a Preflight object
//	byte  4      1                   version of this layout
//	byte  5      algorithm           0 = plain: the body follows as it is; 1 = encrypted in chunks (DARE 2.0, AES-256-GCM)
//	byte  6      k                   length of the key id; 0 for plain
//	byte  7      p                   length of the algorithm's parameters: a salt of 32 bytes; 0 for plain
//	byte  8..    key id, parameters  k + p bytes, 518 bytes of envelope at most
//	then         body
//
// A plain object costs 8 bytes, an encrypted one 48 and 32 for each 64 KiB begun. The digest that names an object, and that
// Put is given, is that of the plain body, so names do not change when keys do.
//
// Each object has a key of its own, derived (HKDF) from the newest key of the ring, the salt and the object's name; the salt
// is a MAC, by a key of the ring too, of the name and the plain body's digest. So one object's bytes under another name do
// not decrypt, and the same body under the same name and key encrypts to the same bytes: putting it twice is putting it
// once, and no key ever encrypts two different bodies. Chunks are of 64 KiB, numbered, the last one marked (DARE 2.0 as
// github.com/minio/sio has it): a range is read by decrypting the chunks that it touches, and nothing can be cut off,
// swapped or repeated unnoticed.
const (
	envelopeMagic   = "PFOB"
	envelopeVersion = 1
	envelopePlain   = 0
	envelopeChunked = 1
	// envelopeFixed is the length of the part that is always there, and the whole of a plain envelope.
	envelopeFixed = 8
	// saltBytes are the parameters of an encrypted object, and envelopeSealed the whole of its envelope.
	saltBytes      = 32
	envelopeSealed = envelopeFixed + keyIDBytes + saltBytes
	// chunkBytes of the body make a chunk, which is stored with a header and a tag.
	chunkBytes  = 64 << 10
	storedChunk = chunkBytes + 32
)

// WithEnvelope returns the store with every object framed, and encrypted where there are keys: a Put adds the envelope, a Get
// checks and strips it and translates the range, a Stat tells the size of the body. A List tells stored sizes, since
// reading every envelope would cost a request for each. Objects that do not begin with an envelope of this version are
// ErrEnvelope, those of a key that is not at hand ErrNoKey, and those that do not decrypt ErrSealed. Objects that were
// stored plain are read whether there are keys or not.
//
// A Get from offset 0 is one request; from further on it is two, for the envelope first.
func WithEnvelope(objects Objects, keys *Keys) Objects { return envelopeObjects{objects, keys} }

type envelopeObjects struct {
	inner Objects
	keys  *Keys
}

// envelope is what an object begins with.
type envelope struct {
	algorithm byte
	key       *key // nil where the object is plain
	salt      []byte
}

func (e *envelope) bytes() []byte {
	p := append([]byte(envelopeMagic), envelopeVersion, e.algorithm, 0, 0)
	if e.algorithm != envelopePlain {
		p[6], p[7] = byte(len(e.key.id)), byte(len(e.salt))
		p = append(append(p, e.key.id...), e.salt...)
	}
	return p
}

// salt is that of an object by its name and the digest of its plain body.
func (k *key) salt(name string, sum Digest) ([]byte, error) {
	return k.sign("object salt", append([]byte(name+"\x00"), sum[:]...))
}

// empty reports whether the object was stored without a body.
func (e *envelope) empty(name string) bool {
	if e.algorithm == envelopePlain {
		return true
	}
	salt, err := e.key.salt(name, DigestOf(nil))
	return err == nil && hmac.Equal(salt, e.salt)
}

// cipher is what encrypts and decrypts the object, from a chunk on.
func (e *envelope) cipher(name string, chunk int64) (sio.Config, error) {
	secret, err := hkdf.Key(sha256.New, e.key.object, e.salt, "preflight object body v1 "+name, keyBytes)
	if err != nil {
		return sio.Config{}, fmt.Errorf("derive a key: %w", err)
	}
	return sio.Config{
		MinVersion: sio.Version20, MaxVersion: sio.Version20, CipherSuites: []byte{sio.AES_256_GCM},
		Key: secret, SequenceNumber: uint32(chunk),
		Nonce: new([12]byte), // the key is this object's own
	}, nil
}

// plainSize is the size of the body, of that of the stored object.
func (e *envelope) plainSize(stored int64) (int64, error) {
	if e.algorithm == envelopePlain {
		return stored - envelopeFixed, nil
	}
	if stored == envelopeSealed {
		return 0, nil
	}
	size, err := sio.DecryptedSize(uint64(max(stored-envelopeSealed, 0)))
	if err != nil {
		return 0, fmt.Errorf("a body of %d stored bytes: %w", stored, ErrSealed)
	}
	return int64(size), nil
}

// read reads an envelope from the beginning of an object.
func (o envelopeObjects) read(r io.Reader) (*envelope, error) {
	var p [envelopeSealed]byte
	n, err := io.ReadFull(r, p[:envelopeFixed])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	switch {
	case n < envelopeFixed || string(p[:4]) != envelopeMagic:
		return nil, fmt.Errorf("no envelope at the start: %w", ErrEnvelope)
	case p[4] != envelopeVersion:
		return nil, fmt.Errorf("envelope of version %d, this program reads %d: %w", p[4], envelopeVersion, ErrEnvelope)
	case p[5] == envelopePlain && p[6] == 0 && p[7] == 0:
		return &envelope{}, nil
	case p[5] != envelopeChunked || p[6] != keyIDBytes || p[7] != saltBytes:
		return nil, fmt.Errorf("algorithm %d is not known to this program: %w", p[5], ErrEnvelope)
	}
	if n, err = io.ReadFull(r, p[envelopeFixed:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("the envelope ends after %d bytes: %w", envelopeFixed+n, ErrEnvelope)
		}
		return nil, err
	}
	with, err := o.keys.find(string(p[envelopeFixed : envelopeFixed+keyIDBytes]))
	if err != nil {
		return nil, err
	}
	return &envelope{algorithm: envelopeChunked, key: with, salt: p[envelopeFixed+keyIDBytes:]}, nil
}

// readAt asks for the envelope of an object alone.
func (o envelopeObjects) readAt(ctx context.Context, name string) (*envelope, error) {
	r, err := o.inner.Get(ctx, name, 0, envelopeSealed)
	if err != nil {
		return nil, err
	}
	e, err := o.read(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("read object %s: %w", name, err)
	}
	return e, nil
}

// seal returns content as it is stored by the newest key.
func (o envelopeObjects) seal(ctx context.Context, name string, content Content) (Content, error) {
	e := &envelope{}
	if o.keys == nil {
		content.Head = e.bytes()
		return content, nil
	}
	e.algorithm, e.key = envelopeChunked, o.keys.newest()
	var err error
	if e.salt, err = e.key.salt(name, content.Sum); err != nil {
		return Content{}, err
	}
	config, err := e.cipher(name, 0)
	if err != nil {
		return Content{}, err
	}
	size := uint64(0)
	if content.Size > 0 {
		if size, err = sio.EncryptedSize(uint64(content.Size)); err != nil {
			return Content{}, fmt.Errorf("a body of %d bytes: %w", content.Size, ErrSize)
		}
	}
	body := &sealedBody{plain: content, config: config}
	// The sum of what is stored must be known before the first byte leaves; this pass also proves the plain body.
	whole := sha256.New()
	n, err := io.Copy(whole, contextReader{ctx, io.NewSectionReader(body, 0, int64(size)+1)})
	if err == nil && n != int64(size) {
		err = ErrSize
	}
	if err != nil {
		return Content{}, err
	}
	return Content{Head: e.bytes(), Body: body, Size: int64(size), Sum: Digest(whole.Sum(nil))}, nil
}

// sealedBody is a body as it is stored: encrypted while it is read, from the start or where the reading before ended.
type sealedBody struct {
	plain  Content
	config sio.Config
	reader io.Reader
	at     int64
}

// ReadAt implements io.ReaderAt for one reader at a time that goes forward, or back to the start.
func (b *sealedBody) ReadAt(p []byte, offset int64) (int, error) {
	if b.reader == nil || offset < b.at {
		reader, err := b.encrypt()
		if err != nil {
			return 0, err
		}
		b.reader, b.at = reader, 0
	}
	if offset > b.at {
		n, err := io.CopyN(io.Discard, b.reader, offset-b.at)
		if b.at += n; err != nil {
			return 0, err
		}
	}
	n, err := io.ReadFull(b.reader, p)
	b.at += int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.reader = nil // it failed at the source: the next attempt begins anew
	}
	return n, err
}

func (b *sealedBody) encrypt() (io.Reader, error) {
	plain := newVerifiedBody(b.plain)
	if b.plain.Size == 0 {
		return plain, nil
	}
	reader, err := sio.EncryptReader(plain, b.config)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return reader, nil
}

// Put implements Objects.
func (o envelopeObjects) Put(ctx context.Context, key string, content Content) error {
	err := o.checkHeadless(key, content)
	if err != nil {
		return err
	}
	if err := checkPut(key, content); err != nil {
		return fmt.Errorf("store object %s: %w", key, err)
	}
	sealed, err := o.seal(ctx, key, content)
	if err != nil {
		return fmt.Errorf("store object %s: %w", key, err)
	}
	err = o.inner.Put(ctx, key, sealed)
	if o.keys == nil || !errors.Is(err, ErrExists) {
		return err
	}
	// It may be the same body, stored plain or by an earlier key.
	same, reading := o.same(ctx, key, content)
	if reading != nil {
		return reading
	}
	if same {
		return nil
	}
	return err
}

func (o envelopeObjects) checkHeadless(key string, content Content) error {
	if len(content.Head) != 0 {
		return fmt.Errorf("store object %s: content has a head already: %w", key, ErrEnvelope)
	}
	return nil
}

// same reports whether a body is the one that is stored.
func (o envelopeObjects) same(ctx context.Context, key string, content Content) (bool, error) {
	r, err := o.Get(ctx, key, 0, -1)
	if err != nil {
		return false, err
	}
	defer func() { _ = r.Close() }()
	stored := sha256.New()
	if _, err := io.Copy(stored, io.LimitReader(r, content.Size+1)); err != nil {
		return false, err
	}
	return Digest(stored.Sum(nil)) == content.Sum, nil
}

// Get implements Objects.
func (o envelopeObjects) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, fmt.Errorf("read object %s: offset %d: %w", key, offset, ErrRange)
	}
	if offset > 0 {
		e, err := o.readAt(ctx, key)
		if err != nil {
			return nil, err
		}
		if e.algorithm == envelopePlain {
			return o.inner.Get(ctx, key, envelopeFixed+offset, length)
		}
		return o.getSealed(ctx, key, e, offset, length)
	}
	stored := int64(-1)
	if length >= 0 {
		stored = envelopeSealed + chunksFor(length)*storedChunk // what a plain object has less is cut off below
	}
	r, err := o.inner.Get(ctx, key, 0, stored)
	if err != nil {
		return nil, err
	}
	e, err := o.read(r)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read object %s: %w", key, err), r.Close())
	}
	if e.algorithm == envelopePlain {
		if length < 0 {
			return r, nil
		}
		return struct {
			io.Reader
			io.Closer
		}{io.LimitReader(r, length), r}, nil
	}
	plain, err := o.decrypt(key, e, r, 0, 0, length)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return plain, nil
}

// chunksFor is in how many chunks so many bytes from the start are.
func chunksFor(length int64) int64 { return (length + chunkBytes - 1) / chunkBytes }

// getSealed reads a range that does not begin at the start: the chunks that it touches.
func (o envelopeObjects) getSealed(ctx context.Context, key string, e *envelope, offset, length int64) (io.ReadCloser, error) {
	info, err := o.inner.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	size, err := e.plainSize(info.Size)
	if err == nil {
		length, err = clampRange(offset, length, size)
	}
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	first := offset / chunkBytes
	stored := (chunksFor(offset+length) - first) * storedChunk
	if length == 0 {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	r, err := o.inner.Get(ctx, key, envelopeSealed+first*storedChunk, stored)
	if err != nil {
		return nil, err
	}
	plain, err := o.decrypt(key, e, r, first, offset-first*chunkBytes, length)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return plain, nil
}

// decrypt reads a body from the beginning of a chunk on, leaves out the first bytes, and ends after length, or where it is
// negative at the end of the body.
func (o envelopeObjects) decrypt(name string, e *envelope, r io.ReadCloser, chunk, skip, length int64) (io.ReadCloser, error) {
	config, err := e.cipher(name, chunk)
	if err != nil {
		return nil, err
	}
	stored := &countingReader{Reader: r}
	plain, err := sio.DecryptReader(stored, config)
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", name, ErrSealed)
	}
	d := &decryptedObject{name: name, envelope: e, plain: plain, inner: r, stored: stored, left: length}
	if skip > 0 {
		if _, err := io.CopyN(io.Discard, reader(d.decrypt), skip); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// countingReader counts what was read.
type countingReader struct {
	io.Reader
	n int64
}

// Read implements io.Reader.
func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n += int64(n)
	return n, err
}

type reader func(p []byte) (int, error)

// Read implements io.Reader.
func (r reader) Read(p []byte) (int, error) { return r(p) }

// decryptedObject is a body being read.
type decryptedObject struct {
	name     string
	envelope *envelope
	plain    io.Reader
	inner    io.ReadCloser
	left     int64 // negative: to the end
	stored   *countingReader
}

// decrypt reads, and gives what does not decrypt its place among the errors of a store. An object that has no chunk has no body,
// or somebody has cut it off: its salt tells.
func (d *decryptedObject) decrypt(p []byte) (int, error) {
	n, err := d.plain.Read(p)
	var broken sio.Error
	cut := errors.As(err, &broken)
	if (cut || errors.Is(err, io.EOF)) && d.stored.n == 0 {
		cut, err = !d.envelope.empty(d.name), io.EOF
	}
	if cut {
		return n, fmt.Errorf("read object %s: %w", d.name, ErrSealed)
	}
	return n, err
}

// Read implements io.Reader.
func (d *decryptedObject) Read(p []byte) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	if d.left > 0 {
		p = p[:min(int64(len(p)), d.left)]
	}
	n, err := d.decrypt(p)
	if d.left > 0 {
		d.left -= int64(n)
	}
	return n, err
}

// Close implements io.Closer.
func (d *decryptedObject) Close() error { return d.inner.Close() }

// Errors of a store whose objects cannot be encrypted anew.
var errNoReplace = errors.New("this store cannot replace objects")

// replacer is a store that can put other bytes in the place of an object at once: whoever reads sees the old ones or the new ones,
// never none. Only the change of keys needs it.
type replacer interface {
	replace(ctx context.Context, key string, content Content) error
}

// reencrypter is a store that encrypts by keys.
type reencrypter interface {
	reencrypt(ctx context.Context, key string) (bool, error)
}

// reencrypt encrypts an object with the newest key, and reports false where it is already.
func (o envelopeObjects) reencrypt(ctx context.Context, name string) (bool, error) {
	to, can := o.inner.(replacer)
	if o.keys == nil || !can {
		return false, fmt.Errorf("encrypt object %s anew: %w", name, errNoReplace)
	}
	e, err := o.readAt(ctx, name)
	if err != nil {
		return false, err
	}
	if e.algorithm == envelopeChunked && e.key.id == o.keys.newest().id {
		return false, nil
	}
	r, err := o.Get(ctx, name, 0, -1)
	if err != nil {
		return false, err
	}
	body, err := io.ReadAll(io.LimitReader(r, maxReencrypt+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return false, err
	}
	if len(body) > maxReencrypt {
		return false, fmt.Errorf("encrypt object %s anew: %w", name, ErrSize)
	}
	content := BytesContent(body)
	if strings.HasPrefix(name, objectRoom+"/") && name != ObjectKey(content.Sum) {
		return false, fmt.Errorf("encrypt object %s anew: it does not have the digest in its name: %w", name, ErrChecksum)
	}
	sealed, err := o.seal(ctx, name, content)
	if err != nil {
		return false, fmt.Errorf("encrypt object %s anew: %w", name, err)
	}
	return true, to.replace(ctx, name, sealed)
}

// maxReencrypt bounds the bodies that are held in memory to be encrypted anew; uploads are far smaller.
const maxReencrypt = 1 << 30

// Stat implements Objects.
func (o envelopeObjects) Stat(ctx context.Context, key string) (ObjectInfo, error) {
	info, err := o.inner.Stat(ctx, key)
	if err != nil {
		return ObjectInfo{}, err
	}
	e, err := o.readAt(ctx, key)
	if err != nil {
		return ObjectInfo{}, err
	}
	if info.Size, err = e.plainSize(info.Size); err != nil {
		return ObjectInfo{}, fmt.Errorf("look at object %s: %w", key, err)
	}
	return info, nil
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
