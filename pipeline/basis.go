package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
)

// fileInput is what a stored file is judged by besides its measurements and its duplicates: the one place where the check
// of an upload and a revalidation take it from.
func fileInput(declared filing.Declared, extension string, limits filing.UploadLimits, parties checks.Parties) checks.FileInput {
	return checks.FileInput{Declared: declared, Name: extension, Limits: limits, Parties: parties}
}

// basisOf names everything that a file is judged by besides its measurements, with the version that measured. Judging is
// pure, so that a file whose basis is the one that it was judged by need not be judged again: a rule that changes for
// one province costs nothing for the files of the others. It takes in every field that checks.FileInput has or will have.
// Duplicates are left out: they are asked for when a file is uploaded, and kept with its check.
func basisOf(in checks.FileInput, analyzer string) (string, error) {
	in.Measurements, in.Duplicates = filing.Measurements{}, nil
	text, err := json.Marshal(in)
	if err != nil {
		return "", fmt.Errorf("print what a file is judged by: %w", err)
	}
	h := sha256.New()
	h.Write([]byte(checks.Version + "\n" + analyzer + "\n"))
	h.Write(text)
	const enough = 16 // bytes: no two of 10^12 files share one by chance
	return hex.EncodeToString(h.Sum(nil)[:enough]), nil
}
