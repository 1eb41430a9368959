package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
)

// fileBasis is what a stored file is judged by besides its measurements, its text and its duplicates.
type fileBasis struct{ checks.FileInput }

// fileInput is what a stored file is judged by besides its measurements and its duplicates: the one place where the check
// of an upload and a revalidation take it from.
func fileInput(declared filing.Declared, extension string, limits filing.UploadLimits, parties checks.Parties) fileBasis {
	return fileBasis{checks.FileInput{Declared: declared, Name: extension, Limits: limits, Parties: parties}}
}

// withFacts adds what the text of the file is judged by, where there is any.
func (b fileBasis) withFacts(facts *filing.Facts, asOf filing.Date, state checks.ReadingState) fileBasis {
	b.Reading = state
	if state != checks.ReadingOff {
		b.Expected, b.AsOf = checks.ExpectedOf(facts, b.Parties, b.Declared), asOf
	}
	return b
}

// readBasis names the text that a file is judged by, and the facts that it is held against, by their revision: what they say is
// personal, and a digest of it could be guessed.
type readBasis struct {
	Reader   string
	Revision int64
}

// basisOf names everything that a file is judged by besides its measurements, with the versions that measured and read. Judging is
// pure, so that a file whose basis is the one that it was judged by need not be judged again: a rule that changes for
// one province costs nothing for the files of the others. It takes in every field that checks.FileInput has or will have.
// Duplicates are left out: they are asked for when a file is uploaded, and kept with its check. So is the day: a check says between
// which days it holds.
func basisOf(in fileBasis, analyzer string, read readBasis) (string, error) {
	b := in.FileInput
	b.Measurements, b.Duplicates, b.Content, b.Expected, b.AsOf = filing.Measurements{}, nil, nil, checks.Expected{}, 0
	text, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("print what a file is judged by: %w", err)
	}
	h := sha256.New()
	h.Write([]byte(checks.Version + "\n" + analyzer + "\n"))
	h.Write(text)
	if b.Reading != checks.ReadingOff {
		_, _ = fmt.Fprintf(h, "\n%s\n%d", read.Reader, read.Revision) // a hash does not fail
	}
	const enough = 16 // bytes: no two of 10^12 files share one by chance
	return hex.EncodeToString(h.Sum(nil)[:enough]), nil
}
