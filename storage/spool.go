package storage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrTooLarge is returned when a stream holds more bytes than its limit.
var ErrTooLarge = errors.New("more bytes than allowed")

// spoolBuffer is what one arriving upload holds in memory: 64 of them hold 2 MB.
const spoolBuffer = 32 << 10

// Spool holds the bytes of one upload on disk while they arrive and until they are stored (上传暂存): hashed and counted on
// the way, never in memory as a whole. Its file has no name from the start, so that nothing is left behind by a crash.
//
// A Spool is an io.ReaderAt and may be read from many goroutines; Content gives what Put takes.
type Spool struct {
	file *os.File
	size int64
	sum  Digest
}

// Receive reads r to its end into a spool in dir ("" means the system's directory for temporary files). More than limit
// bytes are ErrTooLarge, noticed at the first byte beyond; errors of r come back wrapped as they are. In every failing
// case nothing stays behind. The context is looked at between reads; a read that hangs is for r's own deadline.
func Receive(ctx context.Context, dir string, r io.Reader, limit int64) (*Spool, error) {
	file, err := os.CreateTemp(dir, "preflight-upload-*")
	if err != nil {
		return nil, fmt.Errorf("receive upload: %w", withoutPath(err))
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("receive upload: %w", withoutPath(err)), file.Close())
	}
	s := &Spool{file: file}
	if err := s.fill(ctx, r, limit); err != nil {
		return nil, errors.Join(fmt.Errorf("receive upload: %w", err), s.Close())
	}
	return s, nil
}

func (s *Spool) fill(ctx context.Context, r io.Reader, limit int64) error {
	hash := sha256.New()
	buffer := make([]byte, spoolBuffer)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buffer)
		if s.size+int64(n) > limit {
			return fmt.Errorf("limit is %d bytes: %w", limit, ErrTooLarge)
		}
		if n > 0 {
			if _, err := s.file.Write(buffer[:n]); err != nil {
				return withoutPath(err)
			}
			hash.Write(buffer[:n])
			s.size += int64(n)
		}
		if errors.Is(err, io.EOF) {
			s.sum = Digest(hash.Sum(nil))
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Size returns how many bytes arrived.
func (s *Spool) Size() int64 { return s.size }

// Digest returns the SHA-256 of the bytes.
func (s *Spool) Digest() Digest { return s.sum }

// ReadAt implements io.ReaderAt.
func (s *Spool) ReadAt(p []byte, offset int64) (int, error) {
	n, err := s.file.ReadAt(p, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		err = withoutPath(err)
	}
	return n, err
}

// Reader returns a fresh reader and seeker over the bytes, independent of any other.
func (s *Spool) Reader() *io.SectionReader { return io.NewSectionReader(s, 0, s.size) }

// Content returns the bytes as Put takes them.
func (s *Spool) Content() Content { return Content{Body: s, Size: s.size, Sum: s.sum} }

// Bytes loads all of it into memory.
func (s *Spool) Bytes() ([]byte, error) {
	p := make([]byte, s.size)
	if n, err := s.ReadAt(p, 0); n < len(p) {
		return nil, fmt.Errorf("load upload: %d of %d bytes: %w", n, len(p), err)
	}
	return p, nil
}

// Close gives the disk space back. The spool must not be read after it.
func (s *Spool) Close() error { return s.file.Close() }
