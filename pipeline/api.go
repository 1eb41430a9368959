package pipeline

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

// Errors that a caller decides on. Everything else is internal.
var (
	// ErrNotFound: there is no such filing or file, or the viewer may not see it; the two are never told apart.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the filing has another revision than the change was made for.
	ErrConflict = errors.New("the filing was changed in the meantime")
	// ErrKeyReused: the idempotency key was used for another body.
	ErrKeyReused = errors.New("the idempotency key was used for another body")
	// ErrBusy: as many uploads are on their way as the service takes.
	ErrBusy = errors.New("too many uploads at once")
	// ErrIncomplete: the body ended before its time, or came too slowly.
	ErrIncomplete = errors.New("the body is incomplete")
	// ErrUnreadable: no picture can be made of the file.
	ErrUnreadable = errors.New("the picture cannot be decoded")
	// ErrNoDocument: no document was located in the picture, so that none can be shown by itself.
	ErrNoDocument = errors.New("no document was located in the picture")
	// ErrNoRepair: the service has no such repair for this file.
	ErrNoRepair = errors.New("no such repair for this file")
)

// TooLargeError says that a body exceeds the limit.
type TooLargeError struct{ Limit int64 }

func (e *TooLargeError) Error() string { return fmt.Sprintf("the body exceeds %d bytes", e.Limit) }

// FactsError says that the facts are not valid; Unwrap gives what filing says about each field.
type FactsError struct{ Err error }

func (e *FactsError) Error() string { return "facts: " + e.Err.Error() }

// Unwrap gives the errors of the single fields.
func (e *FactsError) Unwrap() error { return e.Err }

// Viewer is who asks: a principal, who sees the filings that are its own, or all of its organization, or a single one. The zero Viewer
// sees nothing.
type Viewer struct {
	Name string
	// Organization is whose it is; the empty one is the installation's own. Filings of another one are as if they were not there.
	Organization string
	// All: it sees all filings of its organization.
	All bool
	// Filing is the single filing that an applicant sees.
	Filing string
}

func (v Viewer) sees(f *storage.Filing) bool {
	if v.Organization != f.Organization {
		return false
	}
	if v.Filing != "" {
		return v.Filing == f.ID
	}
	return v.All || (v.Name != "" && v.Name == f.Owner)
}

// FilingView is a filing as its owner sees it: the facts and what the rules require of them.
type FilingView struct {
	ID        string
	State     string
	Revision  int64
	Facts     *filing.Facts
	Outcome   *filing.Outcome
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Source gives a picture and what came with it. File is read to its end first, since in a form the fields may follow the
// file; Finish then says what was declared, or that the body was not whole.
type Source interface {
	File() (io.Reader, error)
	Finish() (Upload, error)
}

// Upload is what comes with a picture.
type Upload struct {
	Declared filing.Declared
	// Extension is that of the file's name, lower case with its dot, or empty; names themselves are personal and never kept.
	Extension string
	// IdempotencyKey makes a repeated upload the same upload, for 24 hours.
	IdempotencyKey string
	// Async asks not to wait for the checks.
	Async bool

	// madeFrom is the material that the service made this one from.
	madeFrom string
}

// Answer is what an upload is answered with.
type Answer struct {
	Material filing.MaterialReport
	// Matches are the requirements of the filing that this file stands for, in part or whole.
	Matches []filing.Match
	// Pending: stored and recorded durably, the checks go on.
	Pending bool
	// Composite is what was made where a repair makes no file but a composite.
	Composite *filing.CompositeView
}

// Variant is which rendering of a picture is asked for.
type Variant string

// The renderings. The last two show what was measured: the document by itself, seen from straight above (矫正图), and
// everything that was measured drawn into the picture (叠加图).
const (
	VariantOriginal  Variant = "original"
	VariantUpright   Variant = "upright"
	VariantThumbnail Variant = "thumbnail"
	VariantPreview   Variant = "preview"
	VariantRectified Variant = "rectified"
	VariantOverlay   Variant = "overlay"
)

// Variants lists the renderings.
func Variants() []Variant {
	return []Variant{VariantOriginal, VariantUpright, VariantThumbnail, VariantPreview, VariantRectified, VariantOverlay}
}

// measured reports whether a rendering shows what was measured, and is therefore another with another analyzer.
func (v Variant) measured() bool { return v == VariantRectified || v == VariantOverlay }

// Image is a picture to be sent: ETag is strong, Open may be called for any part.
type Image struct {
	ETag        string
	ContentType string
	Size        int64
	ModTime     time.Time
	Open        func(offset, length int64) (io.ReadCloser, error)
}

// Repair names what the service can do about a finding by itself.
type Repair string

// RepairShrink makes a copy below the size limit; RepairUpright one that stands upright without EXIF.
const (
	RepairShrink  Repair = "shrink"
	RepairUpright Repair = "upright"
	// RepairSides makes one picture of the document's two sides, rectified and at one scale: a composite.
	RepairSides Repair = "sides"
)
