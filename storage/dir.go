package storage

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// DirObjects keeps objects as files of a directory (目录存储): the default store, for one machine.
//
// A put writes a temporary file in the same file system, syncs it, links it to its final name (link(2) never replaces
// what is there, unlike rename) and syncs the directory, and every directory that came into being for it, before it
// returns: after a power failure an acknowledged object is whole and there, and one that was not acknowledged is whole or
// absent. A process that dies half-way leaves a temporary file under .tmp, where nothing looks; OpenDir removes such
// files once they are older than staleAfter, since younger ones may belong to another process that shares the directory.
//
// Needed: write access to the directory, a file system with hard links (any of Linux's own; not FAT), and the size of
// what is being put twice over for the moment.
type DirObjects struct {
	root string
	// mu guards synced: directories whose entry in their parent is known to be on disk.
	mu     sync.Mutex
	synced map[string]struct{}
}

const (
	// tempDir is below the root, so that link works, and begins with a dot, so that it is no key.
	tempDir = ".tmp"
	// staleAfter is far beyond any deadline of an upload.
	staleAfter = time.Hour
	// maxSynced bounds what DirObjects remembers: about 1 MB. Forgetting costs an fsync, no more.
	maxSynced = 8192
	// copyBuffer is large enough that the number of system calls does not matter.
	copyBuffer = 128 << 10
)

// copyBuffers lends the buffers of puts, since 64 puts at once need 64 of them and the next second none.
var copyBuffers = sync.Pool{New: func() any { b := make([]byte, copyBuffer); return &b }}

// OpenDir opens the directory as an object store, makes it where it is not there, and removes what a crash left behind.
func OpenDir(root string) (*DirObjects, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("object directory: %w", err)
	}
	d := &DirObjects{root: abs, synced: map[string]struct{}{}}
	if err := os.MkdirAll(filepath.Join(abs, tempDir), 0o700); err != nil {
		return nil, fmt.Errorf("object directory: %w", err)
	}
	for _, dir := range []string{abs, filepath.Dir(abs)} {
		if err := syncDir(dir); err != nil {
			return nil, fmt.Errorf("object directory: %w", err)
		}
	}
	if err := d.removeStale(time.Now().Add(-staleAfter)); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *DirObjects) removeStale(before time.Time) error {
	dir := filepath.Join(d.root, tempDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("object directory: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process was faster
		}
		if err != nil {
			return fmt.Errorf("object directory: %w", err)
		}
		if info.ModTime().Before(before) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("object directory: remove what a crash left: %w", err)
			}
		}
	}
	return nil
}

func (d *DirObjects) path(key string) string { return filepath.Join(d.root, filepath.FromSlash(key)) }

// Put implements Objects.
func (d *DirObjects) Put(ctx context.Context, key string, content Content) error {
	err := d.put(ctx, key, content)
	// What was there when it was looked for may be deleted before it is compared: then it is put after all.
	for n := 1; n < putAttempts && errors.Is(err, fs.ErrNotExist); n++ {
		err = d.put(ctx, key, content)
	}
	if err != nil {
		return fmt.Errorf("store object %s: %w", key, classifyFile(err))
	}
	return nil
}

// putAttempts bounds how often a put starts over because of a deletion of the same key; once is the rule.
const putAttempts = 5

func (d *DirObjects) put(ctx context.Context, key string, content Content) error {
	if err := checkPut(key, content); err != nil {
		return err
	}
	final := d.path(key)
	// Looking first spares writing a photo that is here already, which is frequent: people press the button twice.
	if _, err := os.Lstat(final); err == nil {
		return d.confirm(ctx, final, content)
	}

	err := d.write(ctx, final, content, os.Link)
	if errors.Is(err, fs.ErrExist) {
		return d.confirm(ctx, final, content)
	}
	return err
}

// write writes content to a temporary file and lets place put it where it belongs, durably.
func (d *DirObjects) write(ctx context.Context, final string, content Content, place func(temp, final string) error) error {
	temp, err := os.CreateTemp(filepath.Join(d.root, tempDir), "put-*")
	if err != nil {
		return err
	}
	defer func() {
		// Closed below already where it matters; what cannot be removed now is stale to a later OpenDir.
		_ = temp.Close()
		_ = os.Remove(temp.Name())
	}()
	buffer, _ := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	body := contextReader{ctx, newVerifiedBody(content)}
	if _, err := temp.Write(content.Head); err != nil {
		return err
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{temp}, body, *buffer); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := d.makeDirs(filepath.Dir(final)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := place(temp.Name(), final); err != nil {
		return err
	}
	return syncDir(filepath.Dir(final))
}

// replace implements replacer.
func (d *DirObjects) replace(ctx context.Context, key string, content Content) error {
	err := checkPut(key, content)
	if err == nil {
		err = d.write(ctx, d.path(key), content, os.Rename)
	}
	if err != nil {
		return fmt.Errorf("replace object %s: %w", key, classifyFile(err))
	}
	return nil
}

// confirm answers a put whose key is taken: nil if the very same bytes are there, and then durable. The process that
// linked them may be about to sync the directory, or dead before it could: so it is done here once more.
func (d *DirObjects) confirm(ctx context.Context, final string, content Content) error {
	f, err := os.Open(final)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("other keys go on from here: %w", ErrInvalidKey)
	}
	body := io.MultiReader(bytes.NewReader(content.Head), newVerifiedBody(content))
	same, err := sameBytes(contextReader{ctx, body}, f)
	if err != nil {
		return err
	}
	if !same {
		return ErrExists
	}
	if err := d.makeDirs(filepath.Dir(final)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(final))
}

// sameBytes compares body, which is read to its end whatever it holds so that its own errors come first, with stored.
func sameBytes(body, stored io.Reader) (bool, error) {
	buffer, _ := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	a, b := (*buffer)[:copyBuffer/2], (*buffer)[copyBuffer/2:]
	same := true
	for {
		n, errBody := io.ReadFull(body, a)
		if errBody != nil && !errors.Is(errBody, io.EOF) && !errors.Is(errBody, io.ErrUnexpectedEOF) {
			return false, errBody
		}
		if same {
			m, err := io.ReadFull(stored, b)
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return false, err
			}
			same = bytes.Equal(a[:n], b[:m])
		}
		if errBody != nil {
			return same, nil
		}
	}
}

// makeDirs makes the directory and its parents below the root, and syncs the parent of each one whose entry is not known
// to be on disk, whoever made it.
func (d *DirObjects) makeDirs(dir string) error {
	if dir == d.root {
		return nil
	}
	d.mu.Lock()
	_, known := d.synced[dir]
	d.mu.Unlock()
	if known {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := d.makeDirs(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("another key ends where this one goes on: %w", ErrInvalidKey)
	}
	if err := syncDir(parent); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.synced) >= maxSynced {
		clear(d.synced)
	}
	d.synced[dir] = struct{}{}
	return nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Get implements Objects.
func (d *DirObjects) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r, err := d.get(ctx, key, offset, length)
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, classifyFile(err))
	}
	return r, nil
}

func (d *DirObjects) get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := errors.Join(CheckKey(key), ctx.Err()); err != nil {
		return nil, err
	}
	f, err := os.Open(d.path(key))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = ErrNotFound
	}
	if err == nil {
		length, err = clampRange(offset, length, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{contextReader{ctx, io.NewSectionReader(f, offset, length)}, f}, nil
}

// clampRange returns how many bytes a range holds in an object of size bytes.
func clampRange(offset, length, size int64) (int64, error) {
	if offset < 0 || (offset >= size && offset > 0) {
		return 0, fmt.Errorf("offset %d in %d bytes: %w", offset, size, ErrRange)
	}
	if length < 0 || length > size-offset {
		length = size - offset
	}
	return length, nil
}

// Stat implements Objects.
func (d *DirObjects) Stat(ctx context.Context, key string) (ObjectInfo, error) {
	err := errors.Join(CheckKey(key), ctx.Err())
	var info fs.FileInfo
	if err == nil {
		info, err = os.Stat(d.path(key))
	}
	if err == nil && info.IsDir() {
		err = ErrNotFound
	}
	if err != nil {
		return ObjectInfo{}, fmt.Errorf("look at object %s: %w", key, classifyFile(err))
	}
	return ObjectInfo{Key: key, Size: info.Size(), ModTime: info.ModTime().UTC()}, nil
}

// Delete implements Objects. Directories that become empty stay: their names are two hex digits each and tell nothing.
func (d *DirObjects) Delete(ctx context.Context, key string) error {
	err := errors.Join(CheckKey(key), ctx.Err())
	path := d.path(key)
	if err == nil {
		// unlink(2), and not os.Remove, which would take an empty directory for an object.
		err = syscall.Unlink(path)
		if errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.EPERM) && isDir(path) {
			return nil
		}
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete object %s: %w", key, classifyFile(err))
	}
	return nil
}

func isDir(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

// List implements Objects.
func (d *DirObjects) List(ctx context.Context, prefix, after string) iter.Seq2[ObjectInfo, error] {
	return func(yield func(ObjectInfo, error) bool) {
		if err := checkKeyBytes(prefix); err != nil {
			yield(ObjectInfo{}, fmt.Errorf("list objects: %w", err))
			return
		}
		// Everything that begins with the prefix lies below the prefix's last slash.
		start := prefix[:strings.LastIndexByte(prefix, '/')+1]
		if _, err := d.walk(ctx, start, prefix, after, yield); err != nil {
			yield(ObjectInfo{}, fmt.Errorf("list objects: %w", classifyFile(err)))
		}
	}
}

// walk yields the objects below dir ("" or ending in a slash) in key order; more is false once the caller has enough.
func (d *DirObjects) walk(
	ctx context.Context, dir, prefix, after string, yield func(ObjectInfo, error) bool,
) (more bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	entries, err := os.ReadDir(d.path(dir))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	// In a flat order of keys a directory sorts by its name with the slash: a-b, a/c, ab.
	name := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(name(a), name(b)) })
	for _, e := range entries {
		key := dir + name(e)
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if e.IsDir() {
			inside := strings.HasPrefix(key, prefix) || strings.HasPrefix(prefix, key)
			done := key < after && !strings.HasPrefix(after, key)
			if !inside || done {
				continue
			}
			if more, err := d.walk(ctx, key, prefix, after, yield); err != nil || !more {
				return more, err
			}
			continue
		}
		if !strings.HasPrefix(key, prefix) || key <= after {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		if !yield(ObjectInfo{Key: key, Size: info.Size(), ModTime: info.ModTime().UTC()}, nil) {
			return false, nil
		}
	}
	return true, nil
}

// Close implements Objects.
func (d *DirObjects) Close() error { return nil }

// classifyFile gives the errors of a file system their place among the errors of a store.
func classifyFile(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrNotFound):
		return errors.Join(ErrNotFound, withoutPath(err))
	case errors.Is(err, syscall.ENOTDIR):
		return errors.Join(ErrNotFound, withoutPath(err))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT),
		errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENAMETOOLONG):
		return permanentError{withoutPath(err)}
	default:
		return withoutPath(err)
	}
}

// withoutPath drops the path that package os puts into its errors: the key is in the message already, and the place of
// the store is nobody's business further up.
func withoutPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	var linkErr *os.LinkError
	if errors.As(err, &linkErr) {
		return linkErr.Err
	}
	return err
}
