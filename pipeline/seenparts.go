package pipeline

import (
	"encoding/json"
	"fmt"

	"github.com/preflight-icp/preflight/filing"
)

// The parts of a picture that somebody stitched (拼接上传) are located and measured where every picture is (imaging), as part of its
// measurements, and read where it is read: so they are kept by the content's digest and the versions, and are judged again without a
// pixel. What each was recognized as is kept with the check of a file too, so that the report, the answer to an upload and a
// revalidation of a million filings match by it alike.

// keptParts is what is kept of the parts of a file: what they are and stand for, and nothing that was read in them.
func keptParts(parts []filing.PartReport) (string, error) {
	if len(parts) == 0 {
		return "", nil
	}
	kept := make([]filing.PartReport, len(parts))
	for i := range parts {
		kept[i] = parts[i]
		kept[i].Text = nil
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return "", fmt.Errorf("print parts: %w", err)
	}
	return string(text), nil
}

// partsAsKept reads what keptParts wrote of a file.
func partsAsKept(file, text string) ([]filing.PartReport, error) {
	if text == "" {
		return nil, nil
	}
	var parts []filing.PartReport
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return nil, fmt.Errorf("parts of file %s as kept: %w", file, err)
	}
	return parts, nil
}
