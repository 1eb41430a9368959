package checks

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/preflight-icp/preflight/filing"
)

// photo returns the measurements of an ordinary phone photo, which raises no finding.
func photo() filing.Measurements {
	return filing.Measurements{
		Analyzer: "test", Bytes: 2_345_678, Format: filing.FormatJPEG, Width: 3024, Height: 4032, Orientation: 6, Frames: 1,
		Decode: &filing.Decode{Complete: true},
		EXIF:   &filing.EXIF{Make: "Apple", Model: "iPhone 15", Software: "17.2", HasExposure: true, HasGPS: true},
		Pixels: &filing.Pixels{Hash: strings.Repeat("5a", 32), FlatShare: 0.01},
		Document: &filing.Document{
			Quad: [4]filing.Point{{312, 1200}, {2712, 1210}, {2706, 2720}, {318, 2715}}, Confidence: 0.98,
			Formats: []filing.FormatFit{
				{Format: filing.FormatID1, Likelihood: 0.97, PxPerMM: 28}, {Format: filing.FormatA4, Likelihood: 0.03, PxPerMM: 8.1},
			},
			FrameShare: 0.3, MarginPx: 312, Tilt: 4,
		},
	}
}

// sent returns a photo that went through a chat app, which drops the camera's data and scales it down.
func sent() filing.Measurements {
	m := photo()
	m.Width, m.Height, m.Orientation, m.EXIF = 1080, 1440, 1, nil
	return m
}

// fileCase is a file and the findings that it raises. A case with real bytes is one whose Measurements are the analyzer's.
type fileCase struct {
	name  string
	in    func(in *FileInput)
	codes []string
}

// none: the file raises no finding.
var none = []string{}

func measured(change func(m *filing.Measurements)) func(*FileInput) {
	return func(in *FileInput) { change(&in.Measurements) }
}

func software(names ...string) func(*FileInput) {
	return measured(func(m *filing.Measurements) { m.EXIF.Software, m.Software = names[0], names[1:] })
}

func format(f filing.Format, name string) func(*FileInput) {
	return func(in *FileInput) {
		in.Name = name
		in.Measurements = filing.Measurements{Analyzer: "test", Bytes: 1_000_000, Format: f}
	}
}

func screenSize(f filing.Format, width, height int, flat float64) func(*FileInput) {
	return func(in *FileInput) {
		in.Measurements = sent()
		in.Measurements.Format, in.Measurements.Width, in.Measurements.Height = f, width, height
		in.Measurements.Pixels.FlatShare = flat
	}
}

func duplicate(material string, page filing.Page, of string, others ...Duplicate) func(*FileInput) {
	return func(in *FileInput) {
		in.Declared = filing.Declared{Material: material, Page: page, Of: of}
		in.Duplicates = others
	}
}

func other(distance int, material string, page filing.Page, of string) Duplicate {
	return Duplicate{Distance: distance, Declared: filing.Declared{Material: material, Page: page, Of: of}}
}

func both(changes ...func(*FileInput)) func(*FileInput) {
	return func(in *FileInput) {
		for _, change := range changes {
			change(in)
		}
	}
}

func individual(in *FileInput) { in.Parties.Applicant = Individual }
func enterprise(in *FileInput) { in.Parties.Applicant = Enterprise }

func people(same bool) func(*FileInput) {
	return func(in *FileInput) {
		in.Parties.Applicant, in.Parties.SiteManagerIsPrincipal = Enterprise, &same
	}
}

func fileCases() []fileCase {
	const front, back = filing.PageFront, filing.PageBack
	size := func(n int64) func(*FileInput) {
		return measured(func(m *filing.Measurements) { m.Bytes = n })
	}
	cases := []fileCase{
		{"an ordinary phone photo", func(*FileInput) {}, none},
		{"a photo that went through a chat app", func(in *FileInput) { in.Measurements = sent() }, none},
		{"a photo in one of the largest sizes allowed", measured(func(m *filing.Measurements) { m.Width, m.Height = 8000, 8000 }), none},
		{"a still GIF", measured(func(m *filing.Measurements) { m.Format, m.EXIF = filing.FormatGIF, nil }), none},

		{"an empty file", func(in *FileInput) {
			in.Measurements = filing.Measurements{Format: filing.FormatEmpty}
		}, []string{"empty_file"}},
		{"an empty file with a wrong name is only empty", func(in *FileInput) {
			in.Name, in.Measurements = "a.pdf", filing.Measurements{Format: filing.FormatEmpty}
		}, []string{"empty_file"}},

		{"HEIC", format(filing.FormatHEIC, "IMG_0001.HEIC"), []string{"unsupported_format"}},
		{"HEIC that was renamed says both in one finding", format(filing.FormatHEIC, "a.jpg"), []string{"unsupported_format"}},
		{"PDF", format(filing.FormatPDF, "a.pdf"), []string{"unsupported_format"}},
		{"WebP without a name", format(filing.FormatWebP, ""), []string{"unsupported_format"}},
		{"noise", format(filing.FormatUnknown, "a.dat"), []string{"unsupported_format"}},
		{"noise named as a photo", format(filing.FormatUnknown, "a.jpg"), []string{"unsupported_format"}},
		{"a video", format(filing.FormatVideo, "a.mov"), []string{"unsupported_format"}},
		{"a web page", format(filing.FormatHTML, "a.jpg"), []string{"unsupported_format"}},
		{"a GIF where the limits in force take none", both(
			measured(func(m *filing.Measurements) { m.Format, m.EXIF = filing.FormatGIF, nil }),
			func(in *FileInput) { in.Limits.Formats = in.Limits.Formats[:2] }), []string{"unsupported_format"}},
		{"a foreign format is not measured by the size limits", both(format(filing.FormatPDF, "a.pdf"), size(99)), []string{"unsupported_format"}},

		{"a JPEG named png", func(in *FileInput) { in.Name = "a.png" }, []string{"extension_mismatch"}},
		{"a JPEG named heic", func(in *FileInput) { in.Name = "IMG_0001.HEIC" }, []string{"extension_mismatch"}},
		{"a PNG named jpg", both(measured(func(m *filing.Measurements) { m.Format = filing.FormatPNG }), func(in *FileInput) { in.Name = "a.jpg" }), []string{"extension_mismatch"}},
		{"a JPEG named jpg", func(in *FileInput) { in.Name = "a.jpg" }, none},
		{"a JPEG named JPG", func(in *FileInput) { in.Name = "A.JPG" }, none},
		{"a JPEG named jpeg", func(in *FileInput) { in.Name = "a.jpeg" }, none},
		{"a JPEG named jpe", func(in *FileInput) { in.Name = "a.jpe" }, none},
		{"a JPEG named jfif", func(in *FileInput) { in.Name = "a.jfif" }, none},
		{"a JPEG with a Chinese name", func(in *FileInput) { in.Name = "身份证.正面.jpg" }, none},
		{"a name without an ending", func(in *FileInput) { in.Name = "身份证" }, none},
		{"a name that ends in a dot", func(in *FileInput) { in.Name = "a." }, none},
		{"a name whose ending is no format", func(in *FileInput) { in.Name = "photo.2020" }, none},
		{"a folder with a dot is no ending", func(in *FileInput) { in.Name = "photos.png/a" }, none},

		{"a truncated picture", measured(func(m *filing.Measurements) { m.Decode = &filing.Decode{Reason: "truncated"} }), []string{"image_damaged"}},
		{"a corrupt picture", measured(func(m *filing.Measurements) { m.Decode = &filing.Decode{Reason: "corrupt"} }), []string{"image_damaged"}},
		{"a picture that no ordinary viewer shows", measured(func(m *filing.Measurements) { m.Decode = &filing.Decode{Reason: "unsupported"} }), []string{"image_damaged"}},
		{"a picture damaged in a way without a name", measured(func(m *filing.Measurements) { m.Decode = &filing.Decode{} }), []string{"image_damaged"}},
		{"a broken header", measured(func(m *filing.Measurements) {
			m.Decode, m.Pixels, m.Width, m.Height, m.Refused = nil, nil, 0, 0, filing.RefusedHeader
		}), []string{"image_damaged"}},
		{"a truncated picture that is too small as well", both(size(1000), measured(func(m *filing.Measurements) {
			m.Decode = &filing.Decode{Reason: "truncated"}
		})), []string{"image_damaged", "file_too_small"}},

		{"204,799 bytes", size(204_799), []string{"file_too_small"}},
		{"204,800 bytes", size(204_800), none},
		{"4,194,303 bytes", size(4_194_303), none},
		{"4,194,304 bytes", size(4_194_304), []string{"file_too_large"}},
		{"20 MB", size(20 << 20), []string{"file_too_large"}},
		{"a small domain certificate", both(size(90_000), func(in *FileInput) {
			in.Declared.Material = "domain_certificate"
		}), []string{"file_too_small"}},
		{"any size where no limit is in force", both(size(99<<20), func(in *FileInput) { in.Limits = filing.UploadLimits{} }), none},

		{"one pixel row too many", measured(func(m *filing.Measurements) { m.Width, m.Height = 8000, 8001 }), []string{"too_many_pixels"}},
		{"a bomb that the analyzer did not open", measured(func(m *filing.Measurements) {
			m.Width, m.Height, m.Decode, m.Pixels, m.Refused = 64250, 64250, nil, nil, filing.RefusedPixels
		}), []string{"too_many_pixels"}},
		{"a bomb whose size is not known", measured(func(m *filing.Measurements) {
			m.Width, m.Height, m.Decode, m.Pixels, m.Refused = 0, 0, nil, nil, filing.RefusedPixels
		}), []string{"too_many_pixels"}},

		{"an animated GIF", measured(func(m *filing.Measurements) { m.Format, m.Frames, m.EXIF = filing.FormatGIF, 12, nil }), []string{"animated_image"}},
		{"an EXIF block that cannot be parsed", measured(func(m *filing.Measurements) { m.EXIF = &filing.EXIF{Damaged: true} }), []string{"metadata_damaged"}},
		{"a picture that the analyzer was stopped at", measured(func(m *filing.Measurements) { m.Decode, m.Pixels = nil, nil }), []string{"not_measured"}},
		{"a file of which nothing but the size is known", func(in *FileInput) {
			in.Measurements = filing.Measurements{Bytes: 300_000}
		}, []string{"not_measured"}},

		{"a phone's own mark of a screenshot", func(in *FileInput) {
			in.Measurements = sent()
			in.Measurements.EXIF = &filing.EXIF{Screenshot: true}
		}, []string{"screenshot"}},
		{"a screenshot tool", func(in *FileInput) {
			in.Measurements = sent()
			in.Measurements.Software = []string{"gnome-screenshot"}
		}, []string{"screenshot"}},
		{"a PNG of a phone's screen with flat areas", screenSize(filing.FormatPNG, 1170, 2532, 0.3), []string{"screenshot"}},
		{"a PNG of a phone's screen held sideways", screenSize(filing.FormatPNG, 2400, 1080, 0.6), []string{"screenshot"}},
		{"a JPEG of a phone's screen that is mostly flat", screenSize(filing.FormatJPEG, 1080, 2340, 0.6), []string{"screenshot"}},
		{"a PNG of a computer's screen", screenSize(filing.FormatPNG, 1920, 1080, 0.5), []string{"screenshot"}},
		{"a full-screen photo that went through a chat app", screenSize(filing.FormatJPEG, 1080, 2400, 0.05), none},
		{"the same in hard light on white paper", screenSize(filing.FormatJPEG, 1080, 2400, 0.3), none},
		{"a frame of a film", screenSize(filing.FormatJPEG, 1920, 1080, 0.05), none},
		{"a scan saved as PNG", screenSize(filing.FormatPNG, 2480, 3508, 0.8), none},
		{"a drawn PNG of no screen's size", screenSize(filing.FormatPNG, 1600, 1131, 0.9), none},
		{"a downloaded domain certificate of a screen's size", both(screenSize(filing.FormatPNG, 1920, 1080, 0.9),
			func(in *FileInput) { in.Declared.Material = "domain_certificate" }), none},
		{"a domain certificate that the phone marked as a screenshot", both(screenSize(filing.FormatPNG, 1170, 2532, 0.9),
			func(in *FileInput) {
				in.Declared.Material = "domain_certificate"
				in.Measurements.EXIF = &filing.EXIF{Screenshot: true}
			}), []string{"screenshot"}},
		{"a camera photo of a screen's size is no screenshot", measured(func(m *filing.Measurements) {
			m.Width, m.Height, m.Format, m.Pixels.FlatShare, m.EXIF.Screenshot = 1080, 1920, filing.FormatPNG, 0.9, true
		}), none},

		{"an individual's ID uploaded for all three base materials", both(individual, duplicate("principal_id", front, "principal",
			other(0, "applicant_document", front, "applicant"), other(0, "site_manager_id", front, "site_manager"))), none},
		{"a file uploaded again for the same page", duplicate("principal_id", front, "principal",
			Duplicate{SameBytes: true, Declared: filing.Declared{Material: "principal_id", Page: front, Of: "principal"}}), none},
		{"the same picture as front and back is the pair's business", duplicate("principal_id", front, "principal",
			other(0, "principal_id", back, "principal")), none},
		{"an ID shared with a site manager who may be the same person", both(enterprise, duplicate("principal_id", front, "principal",
			other(0, "site_manager_id", front, "site_manager"))), none},
		{"an ID shared with a site manager who is the same person", both(people(true), duplicate("site_manager_id", front, "site_manager",
			other(0, "principal_id", front, "principal"))), none},
		{"an ID shared with a site manager who is another person", both(people(false), duplicate("site_manager_id", front, "site_manager",
			other(0, "principal_id", front, "principal"))), []string{"duplicate_image"}},
		{"an ID shared with a guardian", both(individual, duplicate("guardian_id", front, "guardian",
			other(3, "principal_id", front, "principal"))), []string{"duplicate_image"}},
		{"a picture for another material", both(enterprise, duplicate("site_manager_authorization", front, "site_manager",
			other(10, "applicant_document", front, "applicant"))), []string{"duplicate_image"}},
		{"a picture that is one bit too different", both(enterprise, duplicate("site_manager_authorization", front, "site_manager",
			other(11, "applicant_document", front, "applicant"))), none},
		{"backs of two people's cards look alike", both(people(false), duplicate("site_manager_id", back, "site_manager",
			other(5, "principal_id", back, "principal"))), none},
		{"backs of two people's cards that are one picture", both(people(false), duplicate("site_manager_id", back, "site_manager",
			other(2, "principal_id", back, "principal"))), []string{"duplicate_image"}},
		{"two domains' certificates look alike", duplicate("domain_certificate", front, "domain:a.example",
			other(1, "domain_certificate", front, "domain:b.example")), none},
		{"one certificate for two domains", duplicate("domain_certificate", front, "domain:a.example",
			Duplicate{SameBytes: true, Declared: filing.Declared{Material: "domain_certificate", Of: "domain:b.example"}}), []string{"duplicate_image"}},
		{"one plan for two domains", duplicate("website_plan", front, "domain:a.example",
			other(0, "website_plan", front, "domain:b.example")), none},
		{"Beijing's confirmation and verification sheet are stitched", duplicate("beijing_confirmation", front, "applicant",
			other(0, "verification_sheet", front, "applicant")), none},
		{"the ID of two holders of domains", duplicate("domain_holder_id", front, "domain_holder:甲",
			other(0, "domain_holder_id", front, "domain_holder:乙")), []string{"duplicate_image"}},
		{"another file of which nothing was declared", duplicate("principal_id", front, "principal", other(0, "", "", "")), none},
		{"a certificate that may be the person's ID", duplicate("applicant_document", front, "applicant",
			other(0, "principal_id", front, "principal")), none},
		{"a unit's certificate is not the principal's ID", both(enterprise, duplicate("applicant_document", front, "applicant",
			other(0, "principal_id", front, "principal"))), []string{"duplicate_image"}},
		{"a picture of another filing", duplicate("principal_id", front, "principal", Duplicate{Distance: 4, OtherFiling: true}), []string{"duplicate_image"}},
		{"the same bytes in two other filings are told once", duplicate("", "", "",
			Duplicate{SameBytes: true, OtherFiling: true}, Duplicate{SameBytes: true, OtherFiling: true}), []string{"duplicate_image"}},
		{"the same picture in another filing and for another person", both(people(false), duplicate("site_manager_id", front, "site_manager",
			other(0, "principal_id", front, "principal"), Duplicate{SameBytes: true, OtherFiling: true})), []string{"duplicate_image", "duplicate_image"}},

		{"everything at once comes in the catalogue's order", func(in *FileInput) {
			in.Name = "a.png"
			in.Duplicates = []Duplicate{{SameBytes: true, OtherFiling: true}}
			in.Measurements = filing.Measurements{
				Bytes: 10, Format: filing.FormatGIF, Width: 9000, Height: 9000, Frames: 3, Decode: &filing.Decode{Reason: "corrupt"},
				EXIF: &filing.EXIF{Damaged: true, Screenshot: true, Software: "GIMP 2.10"},
			}
		}, []string{"extension_mismatch", "image_damaged", "file_too_small", "too_many_pixels", "animated_image",
			"metadata_damaged", "screenshot", "edited_image", "duplicate_image"}},
	}
	for _, name := range []string{"Adobe Photoshop CC 2019 (Windows)", "Photoshop2024", "Adobe Photoshop Lightroom 6.0",
		"GIMP 2.10.30", "paint.net 4.2.16", "Snapseed 2.19", "PicsArt", "Pixelmator Pro 3.5", "Canva", "MEITU", "美图秀秀",
		"美图秀秀9.1", "醒图", "剪映专业版", "com.meitu.meitupic", "Affinity Photo 2", "krita", "Photopea", "VSCOcam", "CapCut", "天天P图"} {
		cases = append(cases, fileCase{"edited with " + name, software(name), []string{"edited_image"}},
			fileCase{"edited with " + name + ", said outside EXIF", software("17.2", name), []string{"edited_image"}})
	}
	for _, name := range []string{"17.2", "iPhone 15 17.2", "iOS 17.1.2", "HDR+ 1.0.345618096z", "Xiaomi", "MIUI", "MediaTek Camera Application",
		"G998BXXU3AUE1", "ELE-AL00 10.1.0.162(C00E160R2P11)", "vivo 1920", "OPPO Find X5", "Android RP1A.200720.011",
		"Windows Phone 8.1", "Ver.1.00", "Canon EOS 80D firmware 1.0.2", "NIKON D750 Ver.1.10", "ILCE-7M3 v3.10", "Digital Camera DSC-W800",
		"ACDSee Ultimate 2020", "Microsoft Windows Photo Viewer 6.1", "Picasa", "HP Scan", "EPSON Scan", "CamScanner",
		"WeChat", "libvips 8.14", "Google", "QuickTime 7.7", "Canvas 1.0", "gimpel", "Meizu camera", "Capturetime"} {
		cases = append(cases, fileCase{"a camera or viewer that calls itself " + name, software(name), none})
	}
	return cases
}

func TestFileRaisesWhatItShouldAndNothingElse(t *testing.T) {
	t.Parallel()
	var report strings.Builder
	for _, c := range fileCases() {
		in := FileInput{Measurements: photo(), Limits: GuideLimits()}
		c.in(&in)
		findings := File(in)
		codes := []string{}
		for _, f := range findings {
			codes = append(codes, f.Code)
		}
		if diff := cmp.Diff(c.codes, codes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		checkFindings(t, c.name, findings)
		if len(findings) > 0 {
			fmt.Fprintf(&report, "# %s\n", c.name)
			writeFindings(&report, "", findings)
			report.WriteString("\n")
		}
	}
	golden(t, filepath.Join("testdata", "file.golden"), report.String())
}

// writeFindings prints findings so that a person can review them.
func writeFindings(b *strings.Builder, indent string, findings []filing.Finding) {
	for _, f := range findings {
		fmt.Fprintf(b, "%s%s %s", indent, f.Severity, f.Code)
		for _, part := range []any{f.Measured, f.Limit} {
			if data, _ := json.Marshal(part); string(data) != "null" {
				fmt.Fprintf(b, " %s", data)
			}
		}
		if f.Clause != "" {
			fmt.Fprintf(b, " %s", f.Clause)
		}
		if f.Repair != "" {
			fmt.Fprintf(b, " repair=%s", f.Repair)
		}
		fmt.Fprintf(b, "\n%s  %s %s\n%s  %s %s\n", indent, f.Message.ZH, f.Advice.ZH, indent, f.Message.EN, f.Advice.EN)
	}
}

// checkFindings holds findings against the promises of the catalogue: finished sentences, keys, order.
func checkFindings(t interface {
	Helper()
	Errorf(string, ...any)
}, what string, findings []filing.Finding) {
	t.Helper()
	if findings == nil {
		t.Errorf("%s: no list of findings; it would be null in JSON", what)
	}
	place := -1
	for _, f := range findings {
		e, ok := Lookup(f.Code)
		if !ok {
			t.Errorf("%s: %s is not in the catalogue", what, f.Code)
			continue
		}
		if p := loadCatalogue().known[f.Code].place; p < place {
			t.Errorf("%s: %s is out of order", what, f.Code)
		} else {
			place = p
		}
		if f.Severity != e.Severity || f.Repair != e.Repair {
			t.Errorf("%s: %s has severity %s and repair %q", what, f.Code, f.Severity, f.Repair)
		}
		for _, s := range []string{f.Message.ZH, f.Message.EN, f.Advice.ZH, f.Advice.EN} {
			if strings.TrimSpace(s) == "" || strings.ContainsAny(s, "{}") {
				t.Errorf("%s: %s: the sentence %q is not finished", what, f.Code, s)
			}
		}
		for key := range f.Measured {
			if !slices.Contains(e.Measured, key) {
				t.Errorf("%s: %s measures %s, which the catalogue does not list", what, f.Code, key)
			}
		}
		for key := range f.Limit {
			if _, ok := f.Measured[boundedKey(key)]; !ok || !slices.Contains(e.Limit, key) {
				t.Errorf("%s: %s: limit %s bounds nothing measured, or is not listed", what, f.Code, key)
			}
		}
	}
}

func TestEveryCodeOfTheFirstFloorIsRaisedByACase(t *testing.T) {
	t.Parallel()
	raised := map[string]bool{}
	for _, c := range fileCases() {
		for _, code := range c.codes {
			raised[code] = true
		}
	}
	want := []string{"screenshot", "edited_image", "duplicate_image"}
	for _, e := range Catalogue()[0].Entries {
		want = append(want, e.Code)
	}
	for _, code := range want {
		if !raised[code] {
			t.Errorf("no case raises %s", code)
		}
	}
}

// drawInput draws anything that could be judged, sensible or not.
func drawInput(t *rapid.T) FileInput {
	word := rapid.StringMatching(`[a-zA-Z .]{0,12}`)
	formats := []filing.Format{"", filing.FormatEmpty, filing.FormatUnknown, filing.FormatHEIC, "never_heard_of"}
	for range 4 {
		formats = append(formats, filing.FormatJPEG, filing.FormatPNG, filing.FormatGIF)
	}
	materials := []string{"", "no_such_material"}
	for _, m := range Vocabulary() {
		materials = append(materials, m.Code)
	}
	of := rapid.SampledFrom([]string{"", "applicant", "principal", "site_manager", "legal_representative", "guardian",
		"domain:a.example", "domain:b.example", "domain_holder:甲", "site:x", "nobody"})
	declared := func() filing.Declared {
		return filing.Declared{
			Material: rapid.SampledFrom(materials).Draw(t, "material"), Of: of.Draw(t, "of"),
			Page: rapid.SampledFrom([]filing.Page{"", filing.PageFront, filing.PageBack}).Draw(t, "page"),
		}
	}
	known := func(name string) *bool {
		return rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(t, name)
	}
	in := FileInput{
		Measurements: filing.Measurements{
			Bytes:  rapid.Int64Range(0, 8<<20).Draw(t, "bytes"),
			Format: rapid.SampledFrom(formats).Draw(t, "format"),
			Width:  rapid.IntRange(0, 9000).Draw(t, "width"), Height: rapid.IntRange(0, 9000).Draw(t, "height"),
			Frames:   rapid.IntRange(0, 3).Draw(t, "frames"),
			Refused:  rapid.SampledFrom([]string{"", "", filing.RefusedHeader, filing.RefusedPixels}).Draw(t, "refused"),
			Software: rapid.SliceOfN(word, 0, 2).Draw(t, "software"),
		},
		Declared: declared(),
		Name:     rapid.SampledFrom([]string{"", "a.jpg", "a.PNG", "a.heic", "..", "a/b", "x.pdf"}).Draw(t, "name"),
		Limits:   GuideLimits(),
		Parties: Parties{
			Applicant:              rapid.SampledFrom([]string{"", Enterprise, Individual}).Draw(t, "applicant"),
			SiteManagerIsPrincipal: known("same"), PrincipalIsLegalRepresentative: known("principal is legal"),
			SiteManagerIsLegalRepresentative: known("manager is legal"),
		},
	}
	if rapid.Bool().Draw(t, "decoded") {
		in.Measurements.Decode = &filing.Decode{
			Complete: rapid.Bool().Draw(t, "complete"), Reason: rapid.SampledFrom([]string{"", "truncated", "odd"}).Draw(t, "reason"),
		}
		in.Measurements.Pixels = &filing.Pixels{FlatShare: rapid.Float64Range(0, 1).Draw(t, "flat")}
	}
	if rapid.Bool().Draw(t, "exif") {
		in.Measurements.EXIF = &filing.EXIF{
			Damaged: rapid.Bool().Draw(t, "damaged"), Software: word.Draw(t, "firmware"), Screenshot: rapid.Bool().Draw(t, "marked"),
			HasExposure: rapid.Bool().Draw(t, "exposure"),
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "duplicates") {
		in.Duplicates = append(in.Duplicates, Duplicate{
			SameBytes: rapid.Bool().Draw(t, "same bytes"), Distance: rapid.IntRange(0, 30).Draw(t, "distance"),
			OtherFiling: rapid.Bool().Draw(t, "other filing"), Declared: declared(),
		})
	}
	return in
}

func TestWhateverIsJudgedGivesFinishedSentencesAndTheSameBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		first := File(in)
		checkFindings(t, "drawn", first)
		slices.Reverse(in.Duplicates)
		a, _ := json.Marshal(first)
		b, _ := json.Marshal(File(in))
		if string(a) != string(b) {
			t.Fatalf("judged twice:\n%s\n%s", a, b)
		}
		if in.Measurements.Format.Accepted() && in.Measurements.Decode == nil && filing.VerdictOf(first) == filing.VerdictPass {
			t.Fatalf("a picture passes that nobody looked at: %s", a)
		}
	})
}

func TestThresholdsThatAreGivenReplaceTheDefaults(t *testing.T) {
	t.Parallel()
	strict := DefaultThresholds()
	strict.MaxPixels, strict.NoCamera = 1_000_000, 100
	got := File(FileInput{Measurements: sent(), Limits: GuideLimits(), Thresholds: &strict})
	if len(got) != 2 || got[0].Code != "too_many_pixels" || got[1].Code != "screenshot" {
		t.Errorf("got %+v", got)
	}
}

func BenchmarkFile(b *testing.B) {
	clean := FileInput{Measurements: photo(), Name: "a.jpg", Limits: GuideLimits()}
	bad := clean
	bad.Measurements.Bytes, bad.Measurements.EXIF = 5<<20, &filing.EXIF{Software: "Adobe Photoshop 2024"}
	for name, in := range map[string]FileInput{"clean": clean, "two findings": bad} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				File(in)
			}
		})
	}
}

// One picture under a hundred domains is a hundred duplicates of each file, of which a few are said.
func TestAPictureThatIsEverywhereIsSaidToBeInAFewPlaces(t *testing.T) {
	in := FileInput{Measurements: sent(), Declared: filing.Declared{Material: "domain_certificate", Page: filing.PageFront, Of: "domain:a.example"}}
	for i := range 100 {
		in.Duplicates = append(in.Duplicates, Duplicate{SameBytes: true, Declared: filing.Declared{
			Material: "domain_certificate", Page: filing.PageFront, Of: fmt.Sprintf("domain:d%d.example", i),
		}})
	}
	n := 0
	for _, f := range File(in) {
		if f.Code == "duplicate_image" {
			n++
		}
	}
	if n != mostDuplicates {
		t.Errorf("%d findings", n)
	}
}
