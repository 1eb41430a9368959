package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

// A composite that was downloaded and uploaded again is known by its digest (拼图又作为文件上传): it stands for the parts that were
// recorded when it was made, whatever it is declared as. The report, the answer to an upload and a revalidation all take them from
// here, and no pixel is looked at.

// keptComposite is what is kept of a composite as JSON: the picture of now, and what earlier ones showed.
type keptComposite struct {
	filing.Composite
	// Earlier are the pictures that were made before a source was replaced, the latest last: people may have kept one.
	Earlier []earlierPicture `json:"earlier,omitempty"`
}

// earlierPicture is a picture that is no longer kept.
type earlierPicture struct {
	SHA256 string       `json:"sha256"`
	Parts  []madeSource `json:"parts"`
}

// madeSource is a part of an earlier picture.
type madeSource struct {
	ID string `json:"id"`
	filing.Declared
}

// mostEarlier bounds how many earlier pictures of a composite are remembered.
const mostEarlier = 8

// replaced is what is to be kept of the pictures of a composite whose picture is made anew.
func replaced(kept []byte, next string) ([]earlierPicture, error) {
	if len(kept) == 0 {
		return nil, nil
	}
	var old keptComposite
	if err := json.Unmarshal(kept, &old); err != nil {
		return nil, fmt.Errorf("composite as kept: %w", err)
	}
	gone := earlierPicture{SHA256: old.SHA256}
	for i := range old.Parts {
		gone.Parts = append(gone.Parts, madeSource{ID: old.Parts[i].ID, Declared: old.Parts[i].Declared})
	}
	list := slices.DeleteFunc(append(old.Earlier, gone), func(e earlierPicture) bool { return e.SHA256 == next })
	return list[max(0, len(list)-mostEarlier):], nil
}

// madeParts are the parts of a filing's composites, by the digests of their pictures.
type madeParts map[string][]checks.MatchPart

// partsMade reads them from what is kept of the composites.
func partsMade(rows []storage.Composite) (madeParts, error) {
	var made madeParts
	for i := range rows {
		if len(rows[i].Made) == 0 {
			continue
		}
		var kept keptComposite
		if err := json.Unmarshal(rows[i].Made, &kept); err != nil {
			return nil, fmt.Errorf("composite %s as kept: %w", rows[i].ID, err)
		}
		if made == nil {
			made = madeParts{}
		}
		for _, e := range kept.Earlier {
			parts := make([]checks.MatchPart, len(e.Parts))
			for k, p := range e.Parts {
				parts[k] = checks.MatchPart{Source: p.ID, Declared: p.Declared}
			}
			made[e.SHA256] = parts
		}
		parts := make([]checks.MatchPart, len(kept.Parts))
		for k := range kept.Parts {
			p := &kept.Parts[k]
			parts[k] = checks.MatchPart{Source: p.ID, Declared: p.Declared, PxPerMM: p.PxPerMM}
		}
		made[kept.SHA256] = parts
	}
	return made, nil
}

// shows reports whether a content is a picture that the service made.
func (m madeParts) shows(sha string) bool { return len(m[sha]) > 0 }

// give tells matching the parts of a file, and how good their sources are: unmended is what was found of a file that a composite does
// not mend.
func (m madeParts) give(file *checks.MatchFile, sha string, unmended func(id string) filing.Verdict) {
	if !m.shows(sha) {
		return
	}
	file.Parts = slices.Clone(m[sha])
	for i := range file.Parts {
		file.Parts[i].Verdict = unmended(file.Parts[i].Source)
	}
}

// sourcesOf are the ids of the files that pictures among these were made of.
func (m madeParts) sourcesOf(files []storage.FileToJudge) (ids []string) {
	for i := range files {
		for _, part := range m[files[i].SHA256] {
			if part.Source != "" && !slices.Contains(ids, part.Source) {
				ids = append(ids, part.Source)
			}
		}
	}
	return ids
}

// madePartsOf are the parts of a filing's composites.
func (p *Pipeline) madePartsOf(ctx context.Context, filingID string) (madeParts, error) {
	rows, err := p.Records.CompositesOf(ctx, filingID)
	if err != nil {
		return nil, recordFailure(err)
	}
	return partsMade(rows)
}

// unmendedOf is what was found of files that a composite does not mend, by what is kept of their checks.
func (p *Pipeline) unmendedOf(ctx context.Context, ids []string) (map[string]filing.Verdict, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	evidence, err := p.Records.Evidence(ctx, ids, p.Analyzer, p.ReaderVersion)
	if err != nil {
		return nil, err
	}
	out := map[string]filing.Verdict{}
	for _, id := range ids {
		var findings []filing.Finding
		if e := evidence[id]; len(e.Findings) > 0 {
			if err := json.Unmarshal(e.Findings, &findings); err != nil {
				return nil, fmt.Errorf("findings of file %s as kept: %w", id, err)
			}
		}
		out[id] = checks.Unmended(findings)
	}
	return out, nil
}

// rejudgePictures judges the files of a filing again that are, or were, pictures which the service made: before is what was known of
// its composites. What stood for recorded parts is a photo like any other once nothing is recorded.
func (p *Pipeline) rejudgePictures(ctx context.Context, filingID string, before madeParts) error {
	f, err := p.Records.Filing(ctx, filingID)
	if err != nil {
		return recordFailure(err)
	}
	after, err := p.madePartsOf(ctx, filingID)
	if err != nil {
		return err
	}
	list, err := p.Records.MaterialsOf(ctx, filingID)
	if err != nil {
		return recordFailure(err)
	}
	if !slices.ContainsFunc(list, func(m storage.Material) bool { return before.shows(m.SHA256) != after.shows(m.SHA256) }) {
		return nil
	}
	facts, err := keptFacts(&f)
	if err != nil {
		return err
	}
	return p.rejudge(ctx, &f, facts)
}
