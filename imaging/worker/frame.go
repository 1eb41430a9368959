package worker

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A frame is a message on a pipe: four bytes with the length of its head, the head in JSON, and then the pictures that the
// head tells the lengths of. Both sides hold every length against a bound before they believe it, and no side sets
// memory aside for bytes that have not come: neither trusts the other.
const (
	maxHead     = 16 << 20
	maxPictures = 64
	maxPicture  = 1 << 30
)

var errFrame = errors.New("broken frame")

// kinds of frames.
const (
	kindStart  = "start"  // to a worker, first: its settings
	kindReady  = "ready"  // from a worker, first: what it can do
	kindCall   = "call"   // to a worker: do this
	kindCancel = "cancel" // to a worker: stop doing that
	kindResult = "result" // from a worker
)

// head describes a frame.
type head struct {
	Kind string `json:"kind"`
	// Call numbers the calls of one worker, so that a cancel that comes too late ends nothing else.
	Call      uint64          `json:"call,omitempty"`
	Operation string          `json:"operation,omitempty"`
	Value     json.RawMessage `json:"value,omitempty"`
	// Problem is the name of an error that crosses as itself (problems); Error is what any error says.
	Problem  string `json:"problem,omitempty"`
	Error    string `json:"error,omitempty"`
	Pictures []int  `json:"pictures,omitempty"`
}

func writeFrame(w io.Writer, h head, pictures ...[]byte) error {
	h.Pictures = nil
	for _, p := range pictures {
		h.Pictures = append(h.Pictures, len(p))
	}
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("print a frame: %w", err)
	}
	if len(text) > maxHead {
		return fmt.Errorf("%w: its head has %d bytes", errFrame, len(text))
	}
	if _, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)); err != nil {
		return fmt.Errorf("write a frame: %w", err)
	}
	for _, p := range pictures {
		if _, err := w.Write(p); err != nil {
			return fmt.Errorf("write a frame: %w", err)
		}
	}
	return nil
}

func readFrame(r io.Reader) (h head, pictures [][]byte, err error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return h, nil, fmt.Errorf("read a frame: %w", err)
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxHead {
		return h, nil, fmt.Errorf("%w: its head would have %d bytes", errFrame, n)
	}
	text, err := readBytes(r, int(n))
	if err != nil {
		return h, nil, err
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	if len(h.Pictures) > maxPictures {
		return h, nil, fmt.Errorf("%w: it would hold %d pictures", errFrame, len(h.Pictures))
	}
	for _, size := range h.Pictures {
		if size < 0 || size > maxPicture {
			return h, nil, fmt.Errorf("%w: it would hold a picture of %d bytes", errFrame, size)
		}
		p, err := readBytes(r, size)
		if err != nil {
			return h, nil, err
		}
		pictures = append(pictures, p)
	}
	return h, pictures, nil
}

// readBytes reads n bytes. What is large is taken as it comes, so that a length costs nothing by itself.
func readBytes(r io.Reader, n int) ([]byte, error) {
	const believed = 8 << 20
	if n <= believed {
		p := make([]byte, n)
		if _, err := io.ReadFull(r, p); err != nil {
			return nil, fmt.Errorf("read a frame: %w", err)
		}
		return p, nil
	}
	var p bytes.Buffer
	p.Grow(believed)
	if _, err := io.CopyN(&p, r, int64(n)); err != nil {
		return nil, fmt.Errorf("read a frame: %w", err)
	}
	return p.Bytes(), nil
}
