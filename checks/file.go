package checks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// FileInput is all that a file is judged by.
type FileInput struct {
	// Measurements are the analyzer's. Where the analyzer was stopped before it could decode an accepted picture (worker
	// deadline), give what is known, size and format at least: the file is then reported as not_measured.
	Measurements filing.Measurements
	// Declared is what the person says that the file shows.
	Declared filing.Declared
	// Name is the file's name as the person's device gives it. Only its ending is looked at; it may be empty.
	Name string
	// Limits are the upload limits in force on the date of judging. A limit of 0 and an empty list of formats limit
	// nothing.
	Limits filing.UploadLimits
	// Made: the file is, byte for byte, a picture that the service stitched of files of its filing. It is judged as a file; what it
	// shows was judged in the files that it was made of, one by one, and no camera took it.
	Made bool
	// Parties is what the filing's facts say about whose documents these are.
	Parties Parties
	// Duplicates are the other files, of this filing and of others, that hold the same picture.
	Duplicates []Duplicate
	// Reading says whether the text in the picture was read, and Content is what it was recognized as (package checks/document).
	Reading ReadingState
	Content *filing.Content
	// Expected is what the filing's facts say of the document (ExpectedOf).
	Expected Expected
	// AsOf is the day on which terms are judged; 0: they are not.
	AsOf filing.Date
	// Thresholds replaces the default table where it is given.
	Thresholds *Thresholds
}

// Duplicate is another file with the same bytes or a similar picture. It carries nothing that tells which file, whose,
// or in which filing, so that no finding can.
type Duplicate struct {
	// SameBytes: the contents are equal.
	SameBytes bool
	// Distance is the Hamming distance between the perceptual hashes, in bits of 256; not looked at with SameBytes.
	// Files farther apart than Thresholds.DuplicateDistance need not be given.
	Distance int
	// OtherFiling: the file is in another filing, of the same applicant or not.
	OtherFiling bool
	// Declared is what the other file was declared as; not looked at with OtherFiling.
	Declared filing.Declared
}

// File judges one file by itself: the groups file, originality, legibility and reading of the catalogue as far as they were measured
// and read. Findings come in the order of the catalogue, without a finding an empty list. What is decided
// where more than one answer is possible:
//
//   - A file that is no picture of an accepted format gets that finding and no other: its size and its name do not
//     matter until it is a picture. When its name pretends to be one, the message says so.
//   - A damaged picture is also held against the size limits, and so is one with too many pixels.
//   - A name without an ending, or with one that names no format, contradicts nothing.
func File(in FileInput) []filing.Finding {
	j := judge{in: &in, m: &in.Measurements, c: loadCatalogue(), t: in.Thresholds}
	if j.t == nil {
		j.t = loadThresholds()
	}
	findings := append([]filing.Finding{}, j.content()...)
	if j.foreign {
		return findings
	}
	// Called by name and not from a list: so the compiler knows that none of them keeps j, and it costs no allocation.
	findings = append(findings, j.name()...)
	findings = append(findings, j.integrity()...)
	findings = append(findings, j.size()...)
	findings = append(findings, j.dimensions()...)
	findings = append(findings, j.metadata()...)
	if !in.Made {
		findings = j.shown(findings)
	}
	if len(findings) > 1 {
		j.c.sort(findings)
	}
	return findings
}

// shown judges what the picture shows, and how it was taken.
func (j *judge) shown(findings []filing.Finding) []filing.Finding {
	findings = append(findings, j.greyCopy()...)
	findings = append(findings, j.recapture()...)
	findings = append(findings, j.screenshot()...)
	findings = append(findings, j.editor()...)
	findings = append(findings, j.duplicates()...)
	if j.stitched() {
		return append(findings, j.parts()...)
	}
	findings = append(findings, j.location()...)
	findings = append(findings, j.legible()...)
	findings = append(findings, j.faces()...)
	return append(findings, j.reading()...)
}

// judge is one file being judged.
type judge struct {
	in *FileInput
	m  *filing.Measurements
	c  *catalogue
	t  *Thresholds
	// foreign: the content is no picture that a filing takes, and nothing else is worth saying.
	foreign bool
	// screen: the picture is a screenshot.
	screen bool
}

// content finds files that hold nothing, and those that are no picture of an accepted format.
func (j *judge) content() []filing.Finding {
	m, limits := j.m, j.in.Limits
	switch {
	case m.Format == "":
		return nil // not recognized yet: integrity says so
	case m.Format == filing.FormatEmpty || m.Bytes == 0:
		j.foreign = true
		f := j.c.finding("empty_file", wording{})
		f.Measured = map[string]any{"bytes": m.Bytes}
		f.Limit = map[string]any{"min_bytes": max(limits.MinBytes, 1)}
		return []filing.Finding{f}
	case m.Format.Accepted() && (len(limits.Formats) == 0 || slices.Contains(limits.Formats, m.Format)):
		return nil
	}
	j.foreign = true
	taken := limits.Formats
	if len(taken) == 0 {
		taken = filing.AcceptedFormats()
	}
	var names []filing.Text
	for _, format := range taken {
		name, ok := j.c.words.FormatNames[format]
		if !ok {
			name = show(strings.ToUpper(string(format)))
		}
		names = append(names, name)
	}
	ext := extension(j.in.Name)
	w := wording{advice: string(m.Format), values: values{
		"format": j.formatText(m.Format), "formats": join(names), "extension": "." + ext,
	}}
	switch claimed := extensions[ext]; {
	case claimed != m.Format && slices.Contains(taken, claimed):
		w.message = "renamed"
	case m.Format == filing.FormatUnknown:
		w.message = "unknown"
	}
	f := j.c.finding("unsupported_format", w)
	f.Clause = cmp.Or(limits.Clause, f.Clause)
	f.Measured = map[string]any{"format": m.Format}
	f.Limit = map[string]any{"format": slices.Clone(taken)}
	return []filing.Finding{f}
}

// formatText says what a file is in the words of people.
func (j *judge) formatText(format filing.Format) filing.Text {
	if text, ok := j.c.words.Formats[format]; ok {
		return text
	}
	return j.c.words.Formats[filing.FormatUnknown]
}

// name finds endings of names that say another format than the content.
func (j *judge) name() []filing.Finding {
	ext := extension(j.in.Name)
	claimed, ok := extensions[ext]
	if !ok || claimed == j.m.Format || j.m.Format == "" {
		return nil
	}
	f := j.c.finding("extension_mismatch", wording{values: values{
		"extension": "." + ext, "format": j.formatText(j.m.Format),
	}})
	f.Measured = map[string]any{"extension": ext}
	f.Limit = map[string]any{"extension": endings(j.m.Format)}
	return []filing.Finding{f}
}

// integrity finds pictures that cannot be decoded in full, and those that nobody could look at.
func (j *judge) integrity() []filing.Finding {
	m := j.m
	var reason string
	switch {
	case m.Refused == filing.RefusedPixels:
		return nil // dimensions says so
	case m.Refused == filing.RefusedHeader:
		reason = "header"
	case m.Refused != "" || m.Format == "" || m.Decode == nil:
		return []filing.Finding{j.c.finding("not_measured", wording{})}
	case m.Decode.Complete:
		return nil
	default:
		reason = cmp.Or(m.Decode.Reason, "corrupt")
	}
	f := j.c.finding("image_damaged", wording{message: reason, advice: reason})
	f.Measured = map[string]any{"decode": reason}
	f.Limit = map[string]any{"decode": "complete"}
	return []filing.Finding{f}
}

// size holds the size of the file against the limits in force: MinBytes <= size < MaxBytes.
func (j *judge) size() []filing.Finding {
	return sizeFindings(j.c, j.m.Bytes, j.in.Limits, j.in.Declared.Material)
}

// sizeFindings holds a file's size against the limits; 0 bytes are for others to speak of.
func sizeFindings(c *catalogue, n int64, limits filing.UploadLimits, material string) []filing.Finding {
	switch {
	case n == 0:
		return nil
	case n < limits.MinBytes:
		size, bound := sizes(n, limits.MinBytes)
		f := c.finding("file_too_small", wording{advice: material, values: values{"bytes": size, "min_bytes": bound}})
		f.Clause = cmp.Or(limits.Clause, f.Clause)
		f.Measured = map[string]any{"bytes": n}
		f.Limit = map[string]any{"min_bytes": limits.MinBytes}
		return []filing.Finding{f}
	case limits.MaxBytes > 0 && n >= limits.MaxBytes:
		size, bound := sizes(n, limits.MaxBytes)
		f := c.finding("file_too_large", wording{values: values{"bytes": size, "max_bytes": bound}})
		f.Clause = cmp.Or(limits.Clause, f.Clause)
		f.Measured = map[string]any{"bytes": n}
		f.Limit = map[string]any{"max_bytes": limits.MaxBytes}
		return []filing.Finding{f}
	}
	return nil
}

// dimensions finds pictures of more pixels or more frames than a photo of a document has.
func (j *judge) dimensions() []filing.Finding {
	m, t := j.m, j.t
	var out []filing.Finding
	if pixels := int64(m.Width) * int64(m.Height); pixels > t.MaxPixels || m.Refused == filing.RefusedPixels {
		w := wording{values: values{
			"width": m.Width, "height": m.Height, "max_pixels": filing.Text{
				ZH: decimals(float64(t.MaxPixels)/1e4, 0) + " 万", EN: decimals(float64(t.MaxPixels)/1e6, 1) + " million",
			},
		}}
		if pixels == 0 {
			w.message = "unknown"
		}
		f := j.c.finding("too_many_pixels", w)
		if pixels > 0 {
			f.Measured = map[string]any{"pixels": pixels}
			f.Limit = map[string]any{"max_pixels": t.MaxPixels}
		}
		out = append(out, f)
	}
	if m.Frames > t.MaxFrames {
		f := j.c.finding("animated_image", wording{values: values{"frames": m.Frames}})
		f.Measured = map[string]any{"frames": m.Frames}
		f.Limit = map[string]any{"max_frames": t.MaxFrames}
		out = append(out, f)
	}
	return out
}

// metadata finds EXIF blocks that cannot be parsed.
func (j *judge) metadata() []filing.Finding {
	if j.m.EXIF == nil || !j.m.EXIF.Damaged {
		return nil
	}
	return []filing.Finding{j.c.finding("metadata_damaged", wording{})}
}

// screenshot adds up what speaks for a screenshot. Two things settle it before: a picture with exposure data came from
// a camera, whatever else it looks like; and of materials that are ordinarily drawn by a computer only direct proof
// counts.
func (j *judge) screenshot() []filing.Finding {
	m, t := j.m, j.t
	if m.EXIF != nil && m.EXIF.HasExposure {
		return nil
	}
	var (
		evidence int
		cues     []string
	)
	cue := func(name string, weight int) {
		if weight > 0 {
			evidence += weight
			cues = append(cues, name)
		}
	}
	if m.EXIF != nil && m.EXIF.Screenshot {
		cue("marked", t.ScreenshotMarked)
	}
	if _, ok := screenshotLexicon().named(j.software()); ok {
		cue("tool", t.ScreenshotTool)
	}
	if !computerMade(j.in.Declared.Material) {
		size := screen{long: max(m.Width, m.Height), short: min(m.Width, m.Height)}
		switch {
		case phoneScreen(size):
			cue("phone_screen", t.PhoneScreen)
		case commonScreen(size):
			cue("common_screen", t.CommonScreen)
		}
		if m.Format == filing.FormatPNG || m.Format == filing.FormatGIF {
			cue("drawn_format", t.DrawnFormat)
		}
		if m.EXIF == nil || m.EXIF.Make == "" && m.EXIF.Model == "" {
			cue("no_camera", t.NoCamera)
		}
		switch {
		case m.Pixels == nil:
		case m.Pixels.FlatShare >= t.MostlyFlatShare:
			cue("mostly_flat", t.MostlyFlat)
		case m.Pixels.FlatShare >= t.SomeFlatShare:
			cue("some_flat", t.SomeFlat)
		}
	}
	if evidence < t.ScreenshotEvidence {
		return nil
	}
	j.screen = true
	reasons := make([]filing.Text, len(cues))
	for i, name := range cues {
		reasons[i] = j.c.words.ScreenshotCues[name]
	}
	f := j.c.finding("screenshot", wording{
		advice: j.in.Declared.Material, values: values{"reasons": join(reasons)},
	})
	f.Measured = map[string]any{"evidence": evidence, "reasons": cues}
	f.Limit = map[string]any{"min_evidence": t.ScreenshotEvidence}
	return []filing.Finding{f}
}

// software returns every name of a program that the file's metadata gives.
func (j *judge) software() []string {
	if j.m.EXIF == nil || j.m.EXIF.Software == "" {
		return j.m.Software
	}
	return append([]string{j.m.EXIF.Software}, j.m.Software...)
}

// editor finds pictures whose metadata names an image editor. The finding holds our name of the editor and never what
// the file says.
func (j *judge) editor() []filing.Finding {
	e, ok := editorLexicon().named(j.software())
	if !ok {
		return nil
	}
	f := j.c.finding("edited_image", wording{values: values{"software": e.text()}})
	f.Measured = map[string]any{"software": e.name}
	return []filing.Finding{f}
}

// duplicates finds the same picture where it has no business to be: with another person, as another material that
// cannot share it, or in another filing. A file that was uploaded again for the same page is no duplicate; the same
// picture as front and back is the pair's business (same_side_twice).
func (j *judge) duplicates() []filing.Finding {
	var out []filing.Finding
	for _, d := range j.in.Duplicates {
		limit := j.duplicateDistance(d)
		distance := d.Distance
		if d.SameBytes {
			distance = 0
		} else if distance > limit {
			continue
		}
		var w wording
		switch {
		case d.OtherFiling && d.SameBytes:
			w = wording{message: "other_filing_same_bytes", advice: "other_filing"}
		case d.OtherFiling:
			w = wording{message: "other_filing", advice: "other_filing"}
		case j.in.Parties.mayShare(j.in.Declared, d.Declared):
			continue
		default:
			w.values = values{"other": j.c.materialText(&j.in.Parties, d.Declared.Material, d.Declared.Of)}
			if d.SameBytes {
				w.message = "same_bytes"
			}
		}
		f := j.c.finding("duplicate_image", w)
		f.Measured = map[string]any{"distance": distance}
		f.Limit = map[string]any{"max_distance": max(limit, 0)}
		out = append(out, f)
	}
	// In a fixed order whatever the order given, and each sentence once: two other filings are not told apart.
	slices.SortFunc(out, func(a, b filing.Finding) int {
		return cmp.Or(
			cmp.Compare(a.Measured["distance"].(int), b.Measured["distance"].(int)),
			cmp.Compare(a.Message.ZH, b.Message.ZH),
		)
	})
	out = slices.CompactFunc(out, func(a, b filing.Finding) bool { return a.Message == b.Message })
	return out[:min(len(out), mostDuplicates)]
}

// mostDuplicates is how many places one picture is said to be in as well. Whoever put it under a hundred domains needs to hear of a few.
const mostDuplicates = 8

// duplicateDistance returns up to which distance this file and another are the same picture; below 0 only the same
// bytes are.
func (j *judge) duplicateDistance(d Duplicate) int {
	switch {
	case computerMade(j.in.Declared.Material):
		return -1
	case j.in.Declared.Page == filing.PageBack || !d.OtherFiling && d.Declared.Page == filing.PageBack:
		return j.t.DuplicateDistanceBack
	default:
		return j.t.DuplicateDistance
	}
}

// extensions are the endings of names that say a format, lower case without the dot.
var extensions = map[string]filing.Format{
	"jpg": filing.FormatJPEG, "jpeg": filing.FormatJPEG, "jpe": filing.FormatJPEG, "jfif": filing.FormatJPEG,
	"pjpeg": filing.FormatJPEG, "pjp": filing.FormatJPEG,
	"png": filing.FormatPNG, "apng": filing.FormatPNG, "gif": filing.FormatGIF,
	"heic": filing.FormatHEIC, "heif": filing.FormatHEIC, "hif": filing.FormatHEIC, "avif": filing.FormatAVIF,
	"webp": filing.FormatWebP, "bmp": filing.FormatBMP, "dib": filing.FormatBMP,
	"tif": filing.FormatTIFF, "tiff": filing.FormatTIFF, "pdf": filing.FormatPDF, "svg": filing.FormatSVG,
	"jxl": filing.FormatJXL, "jp2": filing.FormatJP2, "j2k": filing.FormatJP2, "ico": filing.FormatICO,
	"psd": filing.FormatPSD, "zip": filing.FormatZIP, "docx": filing.FormatZIP, "xlsx": filing.FormatZIP,
	"pptx": filing.FormatZIP, "htm": filing.FormatHTML, "html": filing.FormatHTML,
	"mp4": filing.FormatVideo, "mov": filing.FormatVideo, "avi": filing.FormatVideo, "m4v": filing.FormatVideo,
}

// endings returns the endings that fit a format that a filing takes.
func endings(format filing.Format) []string {
	switch format {
	case filing.FormatJPEG:
		return []string{"jpg", "jpeg", "jpe", "jfif"}
	case filing.FormatPNG:
		return []string{"png", "apng"}
	default:
		return []string{string(format)}
	}
}

// extension returns the ending of a file's name in lower case without the dot, "" where there is none.
func extension(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(name[i+1:]))
}
