package storage

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// Errors of keys.
var (
	// ErrNoKey: what is stored was encrypted with a key that this process does not have.
	ErrNoKey = errors.New("the key that encrypted it is not at hand")
	// ErrSealed: what is stored does not decrypt: it was changed, or belongs to another place.
	ErrSealed = errors.New("encrypted data was changed or belongs elsewhere")
	// ErrKeyFile: the keys cannot be read as keys.
	ErrKeyFile = errors.New("bad key file")
)

// KeySource is where the keys come from: a file, an environment variable, or a service that manages keys. It is asked again
// whenever something turns up that was encrypted with a key that is not known yet.
type KeySource interface {
	// Read returns the keys as text: a line for each, the newest last.
	Read() ([]byte, error)
}

// KeyAppender is a KeySource to which a new key can be added.
type KeyAppender interface {
	KeySource
	// Append adds a line, durably.
	Append(line string) error
}

// Keys are the keys that encrypt objects and records before they leave this process (加密密钥). The newest one encrypts, all of
// them decrypt. The nil Keys encrypt nothing, and read what is not encrypted.
//
// From each key three are derived (HKDF, RFC 5869), for objects, for fields of records and for signatures, so that none serves
// two purposes.
type Keys struct {
	source KeySource

	mu   sync.RWMutex
	ring []*key
}

type key struct {
	id   string
	made time.Time
	// field and object are derived; root derives what is signed.
	field, object, root []byte
}

const (
	keyBytes = 32
	// keyIDBytes is the length of a key's id: eight hexadecimal digits.
	keyIDBytes = 8
)

// OpenKeys reads the keys from a source: file:PATH (or a plain path) or env:NAME. They are lines of id, time of making and the
// key in base64; # begins a comment. An error never quotes a key.
func OpenKeys(source string) (*Keys, error) {
	kind, rest, found := strings.Cut(source, ":")
	switch {
	case found && kind == "env":
		return NewKeys(environmentKeys(rest))
	case found && kind == "file":
		return NewKeys(FileKeys(rest))
	case source != "" && (!found || strings.HasPrefix(source, "/") || strings.HasPrefix(source, ".")):
		return NewKeys(FileKeys(source))
	default:
		return nil, fmt.Errorf("keys: %w: use a path, file:PATH or env:NAME", ErrKeyFile)
	}
}

// NewKeys reads the keys of a source.
func NewKeys(source KeySource) (*Keys, error) {
	k := &Keys{source: source}
	if err := k.reload(); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return k, nil
}

// environmentKeys are in an environment variable, lines separated by newlines or semicolons.
type environmentKeys string

// Read implements KeySource.
func (e environmentKeys) Read() ([]byte, error) {
	text, found := os.LookupEnv(string(e))
	if !found {
		return nil, fmt.Errorf("%w: the environment has no such variable", ErrKeyFile)
	}
	return []byte(strings.ReplaceAll(text, ";", "\n")), nil
}

// FileKeys are in a file that only its owner reads.
type FileKeys string

// Read implements KeySource.
func (f FileKeys) Read() ([]byte, error) {
	text, err := os.ReadFile(string(f))
	if err != nil {
		return nil, withoutPath(err)
	}
	return text, nil
}

// Append implements KeyAppender: whoever reads meanwhile sees the old file or the new one.
func (f FileKeys) Append(line string) (err error) {
	old, err := f.Read()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(old) > 0 && old[len(old)-1] != '\n' {
		old = append(old, '\n')
	}
	temp, err := os.CreateTemp(filepath.Dir(string(f)), ".keys-*") // readable for its owner only
	if err != nil {
		return withoutPath(err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(append(old, line+"\n"...))
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return withoutPath(err)
	}
	if err := os.Rename(temp.Name(), string(f)); err != nil {
		return withoutPath(err)
	}
	return syncDir(filepath.Dir(string(f)))
}

// MakeKeyFile makes a file with a first key, unless there is a file.
func MakeKeyFile(path string) (made bool, err error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, fmt.Errorf("make keys: %w", withoutPath(err))
	}
	// Two processes that start at once must not each have its own: the file is linked into place, by the first.
	temp, err := os.CreateTemp(filepath.Dir(path), ".keys-*")
	if err != nil {
		return false, fmt.Errorf("make keys: %w", withoutPath(err))
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = fmt.Fprintf(temp, "# The keys that encrypt what Preflight stores: id, made at, key. Without them it cannot be read again.\n%s\n", newKeyLine(time.Now()))
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return false, fmt.Errorf("make keys: %w", withoutPath(err))
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf("make keys: %w", withoutPath(err))
	} else if err != nil {
		return false, nil
	}
	return true, syncDir(filepath.Dir(path))
}

func newKeyLine(now time.Time) string {
	random := make([]byte, keyIDBytes/2+keyBytes)
	_, _ = rand.Read(random) // never fails since Go 1.24
	return fmt.Sprintf("%x %s %s", random[:keyIDBytes/2], now.UTC().Format(time.RFC3339), base64.StdEncoding.EncodeToString(random[keyIDBytes/2:]))
}

func parseKeys(text []byte) ([]*key, error) {
	var ring []*key
	seen := map[string]bool{}
	for n, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		bad := func(problem string) error { return fmt.Errorf("%w: line %d: %s", ErrKeyFile, n+1, problem) }
		if len(fields) != 3 {
			return nil, bad("want an id, a time and a key")
		}
		if _, err := hex.DecodeString(fields[0]); err != nil || len(fields[0]) != keyIDBytes || seen[fields[0]] {
			return nil, bad("the id is not 8 hexadecimal digits of its own")
		}
		made, err := time.Parse(time.RFC3339, fields[1])
		if err != nil {
			return nil, bad("the time is not like 2026-01-02T15:04:05Z")
		}
		secret, err := base64.StdEncoding.DecodeString(fields[2])
		if err != nil || len(secret) != keyBytes {
			return nil, bad("the key is not 32 bytes in base64")
		}
		k := &key{id: fields[0], made: made, root: secret}
		if k.field, err = k.derive("preflight field v1"); err != nil {
			return nil, err
		}
		if k.object, err = k.derive("preflight object v1"); err != nil {
			return nil, err
		}
		seen[k.id], ring = true, append(ring, k)
	}
	if len(ring) == 0 {
		return nil, fmt.Errorf("%w: it holds no key", ErrKeyFile)
	}
	return ring, nil
}

func (k *key) derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, k.root, nil, purpose, keyBytes)
}

func (k *Keys) reload() error {
	text, err := k.source.Read()
	if err != nil {
		return err
	}
	ring, err := parseKeys(text)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ring = ring
	return nil
}

// newest is the key that encrypts.
func (k *Keys) newest() *key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.ring[len(k.ring)-1]
}

// find returns a key by its id, and looks at the source again where it is not known: another process may have made it.
func (k *Keys) find(id string) (*key, error) {
	if k == nil {
		return nil, fmt.Errorf("key %q: %w", printableKey(id), ErrNoKey)
	}
	for reloaded := false; ; reloaded = true {
		k.mu.RLock()
		for _, known := range k.ring {
			if known.id == id {
				k.mu.RUnlock()
				return known, nil
			}
		}
		k.mu.RUnlock()
		if reloaded {
			return nil, fmt.Errorf("key %q: %w", printableKey(id), ErrNoKey)
		}
		if err := k.reload(); err != nil {
			return nil, fmt.Errorf("read the keys again: %w", err)
		}
	}
}

func printableKey(id string) string {
	if _, err := hex.DecodeString(id); err != nil || len(id) > keyIDBytes {
		return "(malformed)"
	}
	return id
}

// Reload reads the keys again, so that a key which was added elsewhere encrypts from now on. A source that cannot be read
// leaves the keys as they are.
func (k *Keys) Reload() error {
	if k == nil {
		return nil
	}
	if err := k.reload(); err != nil {
		return fmt.Errorf("read the keys again: %w", err)
	}
	return nil
}

// KeyInfo is what may be told of a key.
type KeyInfo struct {
	ID     string    `json:"id"`
	MadeAt time.Time `json:"made_at"`
	// Encrypts: it is the newest one.
	Encrypts bool `json:"encrypts"`
}

// List tells which keys there are, the newest last.
func (k *Keys) List() []KeyInfo {
	if k == nil {
		return nil
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	var list []KeyInfo
	for i, one := range k.ring {
		list = append(list, KeyInfo{ID: one.id, MadeAt: one.made, Encrypts: i == len(k.ring)-1})
	}
	return list
}

// Add makes a new key, which encrypts from now on. The source must be one that can be added to.
func (k *Keys) Add(now time.Time) (KeyInfo, error) {
	to, can := k.source.(KeyAppender)
	if !can {
		return KeyInfo{}, fmt.Errorf("%w: a key can be added to a file only; add a line where the keys come from, then run it again", ErrKeyFile)
	}
	if err := to.Append(newKeyLine(now)); err != nil {
		return KeyInfo{}, fmt.Errorf("add a key: %w", err)
	}
	if err := k.reload(); err != nil {
		return KeyInfo{}, fmt.Errorf("add a key: %w", err)
	}
	list := k.List()
	return list[len(list)-1], nil
}

// A sealed field is what stands in a column in place of a value (加密字段):
//
//	byte  0..3   "PFV1"       magic; JSON never begins like that
//	byte  4..11  id of the key
//	then         nonce of 24 bytes, ciphertext, tag of 16 bytes: XChaCha20-Poly1305
//
// The table, the column and the key of the row are authenticated with it: a value that was moved elsewhere does not open.
const (
	fieldMagic  = "PFV1"
	fieldPrefix = len(fieldMagic) + keyIDBytes
	// textPrefix begins a sealed value in a column of text.
	textPrefix = "pfv1:"
)

// seal encrypts a value for its place; an empty one stays as it is.
func (k *Keys) seal(at place, plain []byte, row ...string) ([]byte, error) {
	if k == nil || len(plain) == 0 {
		return plain, nil
	}
	with := k.newest()
	aead, err := chacha20poly1305.NewX(with.field)
	if err != nil {
		return nil, fmt.Errorf("encrypt %s: %w", at.name(), err)
	}
	out := make([]byte, fieldPrefix+chacha20poly1305.NonceSizeX, fieldPrefix+chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	copy(out, fieldMagic)
	copy(out[len(fieldMagic):], with.id)
	nonce := out[fieldPrefix:]
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	return aead.Seal(out, nonce, plain, at.bound(row)), nil
}

// open decrypts a value; one that was never encrypted is returned as it is.
func (k *Keys) open(at place, kept []byte, row ...string) ([]byte, error) {
	if len(kept) < fieldPrefix || string(kept[:len(fieldMagic)]) != fieldMagic {
		return kept, nil
	}
	with, err := k.find(string(kept[len(fieldMagic):fieldPrefix]))
	if err != nil {
		return nil, fmt.Errorf("decrypt %s: %w", at.name(), err)
	}
	aead, err := chacha20poly1305.NewX(with.field)
	if err != nil {
		return nil, fmt.Errorf("decrypt %s: %w", at.name(), err)
	}
	rest := kept[fieldPrefix:]
	if len(rest) < chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead {
		return nil, fmt.Errorf("decrypt %s: %w", at.name(), ErrSealed)
	}
	plain, err := aead.Open(nil, rest[:chacha20poly1305.NonceSizeX], rest[chacha20poly1305.NonceSizeX:], at.bound(row))
	if err != nil {
		return nil, fmt.Errorf("decrypt %s: %w", at.name(), ErrSealed)
	}
	return plain, nil
}

func (k *Keys) sealText(at place, plain string, row ...string) (string, error) {
	if k == nil || plain == "" {
		return plain, nil
	}
	sealed, err := k.seal(at, []byte(plain), row...)
	if err != nil {
		return "", err
	}
	return textPrefix + base64.RawStdEncoding.EncodeToString(sealed), nil
}

func (k *Keys) openText(at place, kept string, row ...string) (string, error) {
	text, sealed := strings.CutPrefix(kept, textPrefix)
	if !sealed {
		return kept, nil
	}
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("decrypt %s: %w", at.name(), ErrSealed)
	}
	plain, err := k.open(at, raw, row...)
	return string(plain), err
}

// sealedBy is what a value begins with that the newest key encrypted.
func (k *Keys) sealedBy() []byte {
	return append([]byte(fieldMagic), k.newest().id...)
}

func (k *Keys) current(kept []byte) bool {
	return k == nil || len(kept) == 0 || bytes.HasPrefix(kept, k.sealedBy())
}

func (k *key) sign(purpose string, message []byte) ([]byte, error) {
	secret, err := k.derive("preflight sign v1 " + purpose)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return macOf(secret, message), nil
}

// macOf is the HMAC-SHA-256 of the parts of a message.
func macOf(secret []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, secret)
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}
