package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
)

type checkFilingCommand struct {
	Folder string `arg:"" help:"Folder with filing.yaml and photos. Photos that filing.yaml does not name are taken for what they are." type:"existingdir"`
	Rules  string `help:"Folder of rule data in place of the embedded set." placeholder:"DIR" type:"existingdir"`
	AsOf   string `help:"Date on which rules and terms are judged. Default: that of the facts, else today in Asia/Shanghai." placeholder:"YYYY-MM-DD"`
	JSON   bool   `name:"json" help:"One JSON document on standard output."`
	Lang   string `help:"zh or en. Default: from the locale." enum:",zh,en" default:"" placeholder:"LANG"`
	Strict bool   `help:"Exit with 1 on review, too."`

	measuringFlags `embed:""`
}

func (checkFilingCommand) Example() string {
	return "  preflight check-filing my-filing/\n\n" +
		"  my-filing/filing.yaml:\n" +
		"    facts: {province: BJ, action: new, applicant: {type: individual}}\n" +
		"    files:\n" +
		"      - {file: front.jpg, material: principal_id, page: front}\n" +
		"      - {file: back.jpg, material: principal_id, page: back}\n"
}

// filingFile is the name of the file that says what a folder holds.
const filingFile = "filing.yaml"

// maxFilingFile is how large it may be: facts, and as many files as anybody would list.
const maxFilingFile = filing.MaxFactsBytes + 1<<20

// listedFile is a file as filing.yaml names it.
type listedFile struct {
	File     string `yaml:"file"`
	Material string `yaml:"material"`
	Page     string `yaml:"page"`
	Of       string `yaml:"of"`
}

// Run judges the filing in a folder: every file measured and read on all cores, then all of them together.
func (c *checkFilingCommand) Run(ctx context.Context, std streams) error {
	facts, files, err := readFolder(c.Folder)
	if err != nil {
		return usageError("%s: %w", c.Folder, err)
	}
	if err := c.date(facts); err != nil {
		return err
	}
	set, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	analyzer, err := c.analyzer()
	if err != nil {
		return err
	}
	defer func() { _ = analyzer.Close() }() // nothing is left to be written
	failures := lookAt(ctx, analyzer, c.Folder, files, newProgress(std.err, len(files), "photos"))
	if ctx.Err() != nil {
		return &failure{exitInternal, errors.New("interrupted")}
	}
	if err := errors.Join(failures...); err != nil {
		return &failure{exitUsage, err}
	}
	return c.answer(set, facts, files, std)
}

func (c *checkFilingCommand) answer(set *rules.Set, facts *filing.Facts, files []pipeline.FolderFile, std streams) error {
	report := pipeline.JudgeFolder(set, facts, files)
	report.Folder = c.Folder
	if c.JSON {
		if err := printJSON(std.out, report); err != nil {
			return err
		}
	} else if err := printFolder(std.out, &report, checks.Parties{Applicant: facts.Text(filing.FactApplicantType)}, languageOf(c.Lang, std)); err != nil {
		return err
	}
	if report.Verdict == filing.VerdictFail || c.Strict && report.Verdict == filing.VerdictReview {
		return errFails
	}
	return nil
}

// date sets the day on which the filing is judged.
func (c *checkFilingCommand) date(facts *filing.Facts) error {
	day := filing.Today(time.Now())
	switch {
	case c.AsOf != "":
		given, ok := filing.ParseDate(c.AsOf)
		if !ok {
			return usageError("--as-of: want a date like 2026-01-31")
		}
		day = given
	case facts.Get(filing.FactAsOf).Known:
		return nil
	}
	facts.Set(filing.Ref{Fact: filing.FactAsOf}, filing.Value{Known: true, Num: int32(day)})
	return nil
}

// readFolder reads filing.yaml and lists the files of the folder: those that it names, in its order, then the others by name.
func readFolder(folder string) (*filing.Facts, []pipeline.FolderFile, error) {
	text, err := readSmall(filepath.Join(folder, filingFile))
	if err != nil {
		return nil, nil, err
	}
	var content struct {
		Facts yaml.Node    `yaml:"facts"`
		Files []listedFile `yaml:"files"`
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&content); err != nil {
		return nil, nil, fmt.Errorf("%s: want `facts`, and `files` with file, material, page, of: %w", filingFile, plainYAML(err))
	}
	if content.Facts.Kind == 0 {
		return nil, nil, fmt.Errorf("%s: there are no facts in it", filingFile)
	}
	facts, err := filing.ParseFactsNode(&content.Facts)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: facts: %w", filingFile, err)
	}
	var files []pipeline.FolderFile
	seen := map[string]bool{}
	for i, f := range content.Files {
		name := filepath.Clean(filepath.FromSlash(f.File))
		if err := f.check(name); err != nil {
			return nil, nil, fmt.Errorf("%s: files[%d]: %w", filingFile, i, err)
		}
		if seen[name] {
			return nil, nil, fmt.Errorf("%s: files[%d]: %s is named twice", filingFile, i, f.File)
		}
		seen[name] = true
		files = append(files, pipeline.FolderFile{Name: name, Declared: filing.Declared{Material: f.Material, Page: filing.Page(f.Page), Of: f.Of}})
	}
	others, err := filesBelow(folder)
	if err != nil {
		return nil, nil, err
	}
	for _, path := range others {
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return nil, nil, err
		}
		if !seen[name] {
			files = append(files, pipeline.FolderFile{Name: name})
		}
	}
	return facts, files, nil
}

// check says what is wrong with a file as it is named.
func (f listedFile) check(name string) error {
	switch {
	case f.File == "" || !filepath.IsLocal(name):
		return errors.New("file: want the name of a file in the folder")
	case f.Material != "" && !checks.KnownMaterial(f.Material):
		return fmt.Errorf("material %s: no such material; the codes are in docs/vocabulary.md", f.Material)
	case f.Page != "" && f.Page != string(filing.PageFront) && f.Page != string(filing.PageBack):
		return errors.New("page: want front or back")
	case f.Of != "" && !checks.KnownOf(f.Of):
		return errors.New("of: want applicant, principal, site_manager, legal_representative, guardian, site:NAME, domain:NAME or domain_holder:NAME")
	}
	return nil
}

// plainYAML leaves out of an error what nobody outside the program understands.
func plainYAML(err error) error {
	return errors.New(strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), " in type main.", " in "))
}

func readSmall(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxFilingFile+1))
	if err == nil && len(text) > maxFilingFile {
		err = fmt.Errorf("%s: larger than %d bytes", filingFile, maxFilingFile)
	}
	return text, err
}

// lookAt measures and reads the files on all cores, and returns what could not be read from the disk.
func lookAt(ctx context.Context, analyzer *imaging.Analyzer, folder string, files []pipeline.FolderFile, bar *progress) []error {
	failed := make([]error, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range files {
		group.Go(func() error {
			if ctx.Err() == nil {
				failed[i] = look(ctx, analyzer, folder, &files[i])
				bar.add()
			}
			return ctx.Err()
		})
	}
	_ = group.Wait() // only the context ends it, and the caller looks at that
	bar.finish()
	return slices.DeleteFunc(failed, func(err error) bool { return err == nil })
}

// look measures a file and reads it, where there is something to be read and somebody who can.
func look(ctx context.Context, analyzer *imaging.Analyzer, folder string, f *pipeline.FolderFile) error {
	start := time.Now()
	data, size, sum, err := loadFile(filepath.Join(folder, f.Name))
	if err != nil {
		return err
	}
	f.SHA256 = sum
	if size > maxFile {
		f.Measurements = filing.Measurements{Analyzer: analyzer.Version(), Bytes: size, Format: imaging.Recognize(data)}
		return nil
	}
	if f.Measurements, err = analyzer.Analyze(ctx, data); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	switch m := &f.Measurements; {
	case m.Decode == nil || !m.Decode.Complete || !checks.Reads(f.Declared):
	case analyzer.ReaderVersion() == "":
		f.Reading = checks.ReadingMissing
	default:
		text, err := analyzer.Read(ctx, data, m)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		content := document.InPhoto(text, m)
		f.Reading, f.Content = checks.ReadingDone, &content
	}
	f.ElapsedMS = pipeline.Milliseconds(time.Since(start))
	return nil
}

// loadFile reads a file, of one that is too large only its beginning.
func loadFile(path string) (data []byte, size int64, sum string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, "", err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, "", err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, "", fmt.Errorf("%s: no regular file", path)
	}
	hash := sha256.New()
	data, err = io.ReadAll(io.LimitReader(io.TeeReader(file, hash), maxFile+1))
	if err != nil {
		return nil, 0, "", fmt.Errorf("%s: %w", path, err)
	}
	more, err := io.Copy(hash, file)
	if err != nil {
		return nil, 0, "", fmt.Errorf("%s: %w", path, err)
	}
	return data, int64(len(data)) + more, hex.EncodeToString(hash.Sum(nil)), nil
}

var stateMarks = map[filing.MatchState]string{
	filing.MatchSatisfied: "✓", filing.MatchPending: "…", filing.MatchIncomplete: "✗", filing.MatchRejected: "✗", filing.MatchMissing: "✗",
}

// printFolder prints for people: what is required and how it stands, then the files, then what else there is.
func printFolder(out io.Writer, r *filing.FolderReport, parties checks.Parties, lang string) error {
	w := bufio.NewWriter(out)
	say := func(zh, en string) string { return filing.Text{ZH: zh, EN: en}.In(lang) }
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }

	done := 0
	for i := range r.Required {
		if r.Required[i].State == filing.MatchSatisfied {
			done++
		}
	}
	line(say("所需资料（%d 项，已齐 %d 项）", "Required: %d, satisfied: %d"), len(r.Required), done)
	for i := range r.Required {
		m := &r.Required[i]
		mark := stateMarks[m.State]
		if m.State == filing.MatchSatisfied && folderReview(r, m) {
			mark = severityMarks[filing.SeverityWarning]
		}
		line("%s %s%s", mark, requirementName(&m.Requirement, parties, lang), whichFiles(m, lang))
		line("    %s", m.Explanation.In(lang))
		for _, f := range m.SetAside {
			line(say("    未采用 %s：%s", "    not used: %s: %s"), f.File, f.Because.In(lang))
		}
	}
	if len(r.Blockers) > 0 {
		line("\n%s", say("不予备案的原因", "Blockers"))
		for i := range r.Blockers {
			line("✗ %s", requirementName(&r.Blockers[i], parties, lang))
		}
	}
	if len(r.Files) > 0 {
		line("\n%s", say("文件", "Files"))
	}
	for i := range r.Files {
		f := &r.Files[i]
		line("%s: %s", f.File, verdictWords[f.Verdict].In(lang))
		printFindings(w, f.Findings, lang)
		for _, finding := range r.Findings {
			if finding.Measured["file"] == f.File {
				printFindings(w, []filing.Finding{finding}, lang)
			}
		}
	}
	for _, p := range r.Pairs {
		if len(p.Findings) > 0 {
			line("%s + %s: %s", p.Front, p.Back, verdictWords[p.Verdict].In(lang))
			printFindings(w, p.Findings, lang)
		}
	}
	if todo := r.Findings; slices.ContainsFunc(todo, isTodo) {
		line("\n%s", say("接下来要做的", "What to do"))
		for _, finding := range todo {
			if isTodo(finding) {
				printFindings(w, []filing.Finding{finding}, lang)
			}
		}
	}
	if len(r.Notices) > 0 {
		line("\n%s", say("提示", "Notices"))
		for i := range r.Notices {
			line("i %s", requirementName(&r.Notices[i], parties, lang))
		}
	}
	if len(r.Ask) > 0 {
		line("\n%s\n  %s", say("还需要了解（最关键的在前）", "To be asked next, most decisive first"), strings.Join(r.Ask, "\n  "))
	}
	line("\n%s: %s  · %s %s · %s %s", say("总体结论", "Overall"), verdictWords[r.Verdict].In(lang), say("判断日期", "as of"), r.AsOf,
		say("规则", "rules"), shortHash(r.Rules))
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// isTodo: a finding of the filing that is about no single file.
func isTodo(f filing.Finding) bool { return f.Measured["file"] == nil }

// folderReview reports whether a person has to look at a file of a match.
func folderReview(r *filing.FolderReport, m *filing.Match) bool {
	return slices.ContainsFunc(r.Files, func(f filing.FileReport) bool {
		return f.Verdict == filing.VerdictReview && slices.Contains(m.Files, f.File)
	})
}

// requirementName names a requirement, a blocker or a notice, and whom it is about.
func requirementName(r *filing.Requirement, parties checks.Parties, lang string) string {
	var names []string
	if r.Code != "" {
		names = append(names, checks.NameOf(r.Code).In(lang))
	}
	for _, code := range append(slices.Clone(r.AnyOf), r.Material) {
		if m, ok := checks.MaterialOf(code); ok {
			names = append(names, m.Name.In(lang))
		}
	}
	name := strings.Join(names, filing.Text{ZH: " 或 ", EN: " or "}.In(lang))
	if of := checks.PartyName(parties, r.Of).In(lang); of != "" && !strings.Contains(strings.ToLower(name), strings.TrimPrefix(of, "the ")) {
		name += fmt.Sprintf(filing.Text{ZH: "（%s）", EN: " (%s)"}.In(lang), strings.TrimSpace(of))
	}
	return name
}

// whichFiles names the files that stand for a requirement; those of a document with two sides by their sides.
func whichFiles(m *filing.Match, lang string) string {
	var parts []string
	for _, f := range m.Matched {
		part := f.File
		if len(m.Matched) > 1 || f.Page == filing.PageBack || m.State == filing.MatchIncomplete {
			part = filing.Text{ZH: map[filing.Page]string{filing.PageFront: "正面 ", filing.PageBack: "反面 "}[f.Page], EN: string(f.Page) + " "}.In(lang) + part
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return "  ← " + strings.Join(parts, filing.Text{ZH: "，", EN: ", "}.In(lang))
}
