package checks

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

// update writes the golden files and docs/findings.md again: go test ./checks -update. Read the difference.
var update = flag.Bool("update", false, "write golden files and docs/findings.md")

// golden holds text together with a file that a person can review.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./checks -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is out of date; go test ./checks -update, and read the difference (-file +now):\n%s", path, diff)
	}
}

// contractFinding is a line of filing/contract/findings.yaml.
type contractFinding struct {
	Severity filing.Severity `yaml:"severity"`
	EN       string          `yaml:"en"`
	Repair   string          `yaml:"repair"`
}

// contractFindings returns the contract's findings by group and code.
func contractFindings(t *testing.T) map[string]map[string]contractFinding {
	t.Helper()
	data, err := filing.Contract.ReadFile("contract/findings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var nodes map[string]yaml.Node
	if err := yaml.Unmarshal(data, &nodes); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]contractFinding{}
	for group, node := range nodes {
		if node.Kind != yaml.MappingNode {
			continue
		}
		codes := map[string]contractFinding{}
		if err := node.Decode(&codes); err != nil {
			t.Fatalf("group %s: %v", group, err)
		}
		out[group] = codes
	}
	return out
}

func TestCatalogueAndContractHoldTheSameFindings(t *testing.T) {
	t.Parallel()
	contract := contractFindings(t)
	ours := map[string]bool{}
	for _, g := range Catalogue() {
		for _, e := range g.Entries {
			ours[e.Code] = true
			c, ok := contract[g.Code][e.Code]
			switch {
			case !ok && e.Addition == "":
				t.Errorf("%s/%s is not in the contract and does not say why it was added", g.Code, e.Code)
			case ok && e.Addition != "":
				t.Errorf("%s is in the contract and no addition", e.Code)
			case ok && c.Severity != e.Severity:
				t.Errorf("%s: severity %s, the contract says %s", e.Code, e.Severity, c.Severity)
			case ok && c.Repair != "" && e.Repair == "":
				t.Errorf("%s: the contract has the service repair it (%s), the catalogue names no repair", e.Code, c.Repair)
			}
		}
	}
	for group, codes := range contract {
		for code := range codes {
			if !ours[code] {
				t.Errorf("%s/%s of the contract is not in the catalogue", group, code)
			}
		}
	}
	if len(ours) < 45 {
		t.Fatalf("only %d codes were compared", len(ours))
	}
}

func TestClausesOfTheCatalogueAreInTheVocabulary(t *testing.T) {
	t.Parallel()
	data, err := filing.Contract.ReadFile("contract/vocabulary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		ClauseIDs struct {
			General map[string]string `yaml:"general"`
		} `yaml:"clause_ids"`
	}
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	ids := []string{GuideLimits().Clause}
	for _, g := range Catalogue() {
		for _, e := range g.Entries {
			if e.Clause != "" {
				ids = append(ids, e.Clause)
			}
		}
	}
	for _, id := range ids {
		if _, ok := v.ClauseIDs.General[id]; !ok {
			t.Errorf("clause %s is not in the vocabulary", id)
		}
	}
}

// latin are the only words in Latin letters that a Chinese sentence may hold: formats, units, and names that people
// know in no other form.
var latin = []string{"JPG", "JPEG", "PNG", "GIF", "HEIC", "AVIF", "WebP", "BMP", "TIFF", "PDF", "SVG", "XL", "KB", "MB",
	"iPhone", "QQ", "Photoshop"}

var (
	latinWord = regexp.MustCompile(`[A-Za-z]+`)
	braces    = regexp.MustCompile(`\{[a-z_]+\}`)
)

// checkText holds a sentence against the rules for sentences.
func checkText(t *testing.T, what string, text filing.Text) {
	t.Helper()
	if strings.TrimSpace(text.ZH) == "" || strings.TrimSpace(text.EN) == "" {
		t.Errorf("%s: empty in one of the languages", what)
	}
	for _, word := range latinWord.FindAllString(braces.ReplaceAllString(text.ZH, ""), -1) {
		if !slices.Contains(latin, word) {
			t.Errorf("%s: %q in the Chinese text %q", what, word, text.ZH)
		}
	}
	for _, r := range text.EN {
		if unicode.Is(unicode.Han, r) || strings.ContainsRune("，。、；：“”（）", r) {
			t.Errorf("%s: %q in the English text %q", what, r, text.EN)
			break
		}
	}
	if strings.ContainsAny(text.ZH, ",;?!") {
		t.Errorf("%s: half-width punctuation in %q", what, text.ZH)
	}
}

func TestSentencesAreInPlainChineseAndEnglish(t *testing.T) {
	t.Parallel()
	c := loadCatalogue()
	sentence := func(what string, text filing.Text) {
		t.Helper()
		checkText(t, what, text)
		if !strings.HasSuffix(text.ZH, "。") || !strings.HasSuffix(text.EN, ".") {
			t.Errorf("%s: no full stop at the end of %q", what, text)
		}
	}
	for _, g := range Catalogue() {
		checkText(t, g.Code, g.Title)
		for _, e := range g.Entries {
			checkText(t, e.Code+" title", e.Title)
			sentence(e.Code+" message", e.Message)
			sentence(e.Code+" advice", e.Advice)
			for name, text := range e.Messages {
				sentence(e.Code+" message "+name, text)
			}
			for name, text := range e.Advices {
				sentence(e.Code+" advice "+name, text)
			}
		}
	}
	for name, text := range c.words.Formats {
		checkText(t, "format "+string(name), text)
	}
	for name, text := range c.words.Parties {
		checkText(t, "party "+name, text)
	}
	for name, text := range c.words.ScreenshotCues {
		checkText(t, "cue "+name, text)
	}
	for name, text := range c.words.RecaptureCues {
		checkText(t, "cue "+name, text)
	}
	for name, text := range c.words.FaceCues {
		checkText(t, "cue "+name, text)
	}
	for name := range c.explanations {
		sentence("explanation "+name, c.explanations[name].fill(nil))
	}
}

func TestEveryFormatOfTheAnalyzerHasAName(t *testing.T) {
	t.Parallel()
	words := loadCatalogue().words.Formats
	for _, f := range []filing.Format{filing.FormatJPEG, filing.FormatPNG, filing.FormatGIF, filing.FormatHEIC,
		filing.FormatAVIF, filing.FormatWebP, filing.FormatBMP, filing.FormatTIFF, filing.FormatPDF, filing.FormatSVG,
		filing.FormatJXL, filing.FormatJP2, filing.FormatICO, filing.FormatPSD, filing.FormatZIP, filing.FormatHTML,
		filing.FormatVideo, filing.FormatUnknown} {
		if _, ok := words[f]; !ok {
			t.Errorf("format %s has no name in the catalogue", f)
		}
	}
}

func TestLimitsBoundWhatIsMeasured(t *testing.T) {
	t.Parallel()
	for _, g := range Catalogue() {
		for _, e := range g.Entries {
			for _, key := range e.Limit {
				if !slices.Contains(e.Measured, boundedKey(key)) {
					t.Errorf("%s: limit %s bounds nothing that is measured (%v)", e.Code, key, e.Measured)
				}
			}
		}
	}
}

// boundedKey returns what a limit's key bounds.
func boundedKey(key string) string {
	return strings.TrimPrefix(strings.TrimPrefix(key, "min_"), "max_")
}

func TestCatalogueThatIsWrittenWrongIsRefused(t *testing.T) {
	t.Parallel()
	entry := func(lines string) string {
		return "groups:\n  - group: file\n    title: {zh: 文件, en: File}\n    findings:\n      - " +
			strings.ReplaceAll(lines, "\n", "\n        ")
	}
	good := "code: a\nseverity: error\nvalues: [n]\nmessage: {zh: '有{n}个。', en: 'There are {n}.'}\nadvice: {zh: 好。, en: Good.}"
	if _, err := parseCatalogue([]byte(entry(good))); err != nil {
		t.Fatalf("the entry that the cases are made from: %v", err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a key that is misspelt":                    {"advice:", "advise:", "advise"},
		"a severity that does not exist":            {"error", "fatal", "fatal"},
		"a value that is not listed":                {"values: [n]", "values: [m]", "{n}"},
		"a value that the translation does not use": {"are {n}", "are many", "translation"},
		"a brace that is not closed":                {"{n}个", "{n个", "braces"},
		"an advice that is empty":                   {"en: Good.", "en: ''", "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseCatalogue([]byte(entry(strings.Replace(good, c.old, c.new, 1))))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one about %q", err, c.want)
			}
		})
	}
	twice := entry(good) + "\n      - " + strings.ReplaceAll(good, "\n", "\n        ")
	if _, err := parseCatalogue([]byte(twice)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a code that comes twice: got error %v", err)
	}
}

func TestValuesAreWrittenAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	day := time.Date(2031, 9, 30, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		value  any
		zh, en string
	}{
		{7, "7", "7"},
		{999, "999", "999"},
		{1000, "1,000", "1,000"},
		{int64(4194304), "4,194,304", "4,194,304"},
		{-1234567, "-1,234,567", "-1,234,567"},
		{-123, "-123", "-123"},
		{8.0, "8", "8"},
		{8.456, "8.46", "8.46"},
		{10.0, "10", "10"},
		{day, "2031年9月30日", "30 September 2031"},
		{"Photoshop", "Photoshop", "Photoshop"},
		{filing.Text{ZH: "正面", EN: "front"}, "正面", "front"},
	} {
		if got := show(c.value); got != (filing.Text{ZH: c.zh, EN: c.en}) {
			t.Errorf("show(%v) = %+v, want %s and %s", c.value, got, c.zh, c.en)
		}
	}
}

func TestSizesNeverReadAsTheLimitTheyMiss(t *testing.T) {
	t.Parallel()
	const low, high = 204_800, 4_194_304
	for _, c := range []struct {
		bytes, limit    int64
		zh, zhLimit, en string
	}{
		{1, low, "1 字节", "200 KB", "1 byte"},
		{153_600, low, "150 KB", "200 KB", "150 KB"},
		{204_799, low, "204,799 字节（约 200 KB）", "204,800 字节（200 KB）", "204,799 bytes (about 200 KB)"},
		{204_000, low, "199 KB", "200 KB", "199 KB"},
		{high, high, "4,194,304 字节（4 MB）", "4,194,304 字节（4 MB）", "4,194,304 bytes (4 MB)"},
		{high + 1, high, "4,194,305 字节（约 4 MB）", "4,194,304 字节（4 MB）", "4,194,305 bytes (about 4 MB)"},
		{5_662_310, high, "5.4 MB", "4 MB", "5.4 MB"},
		{33_554_432, high, "32 MB", "4 MB", "32 MB"},
	} {
		size, limit := sizes(c.bytes, c.limit)
		if size.ZH != c.zh || limit.ZH != c.zhLimit || size.EN != c.en {
			t.Errorf("sizes(%d, %d) = %v, %v", c.bytes, c.limit, size, limit)
		}
		if c.bytes != c.limit && size == limit {
			t.Errorf("%d and %d read alike: %v", c.bytes, c.limit, size)
		}
	}
}

func TestDocsListTheCatalogue(t *testing.T) {
	t.Parallel()
	golden(t, filepath.Join("..", "docs", "findings.md"), findingsDoc())
}

func TestVocabularyDocIsThatOfTheContract(t *testing.T) {
	golden(t, filepath.Join("..", "docs", "vocabulary.md"), vocabularyDoc())
}

// vocabularyDoc writes docs/vocabulary.md: what a file can be declared as.
func vocabularyDoc() string {
	var b strings.Builder
	b.WriteString("<!-- Made from filing/contract/vocabulary.yaml by: go test ./checks -update -->\n\n# Materials 资料\n\n" +
		"What a file can be declared as: `material`, `page` and `of` of an upload and of `preflight check`. The facts of a\n" +
		"filing, blockers, notices and clause ids are in [the contract](../filing/contract/vocabulary.yaml).\n\n" +
		"| material | 中文 | English | pages | of |\n|---|---|---|---|---|\n")
	for _, m := range Vocabulary() {
		var pages []string
		for _, p := range m.Pages(Individual) {
			pages = append(pages, string(p))
		}
		if len(m.Pages("")) != len(pages) {
			pages = append(pages, "(individual)")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.Code, m.Name.ZH, m.Name.EN, strings.Join(pages, ", "), strings.Join(m.Of, ", "))
	}
	b.WriteString("\n`of` of a site, a domain or a domain's holder carries its name: `site:NAME`, `domain:example.cn`, `domain_holder:NAME`.\n\n" +
		"# Provinces 省份\n\n")
	for i, p := range Provinces() {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "`%s` %s", p.Code, p.Name)
	}
	b.WriteString("\n")
	return b.String()
}

// findingsDoc writes docs/findings.md from the catalogue.
func findingsDoc() string {
	var b strings.Builder
	b.WriteString(`# Findings

<!-- Made from checks/catalogue.yaml by: go test ./checks -update -->

Everything that Preflight can find, in the order in which it is reported. A code is never renamed and never changes its
meaning. The verdict on a file is the worst of its findings: an error fails it, a warning asks for a person (review), an
info changes nothing.

- **Values in braces** are filled in: findings carry finished sentences in Chinese and English.
- **Measured and limit** are for programs. A limit has the name of what it bounds, with ` + "`min_` or `max_`" + ` in front where
  it is a bound: measured ` + "`bytes`" + `, limit ` + "`min_bytes`" + `. Bounds named max_bytes are exclusive, all others inclusive.
- **Repair** is what the service can do about it by itself (` + "`POST /materials/{id}/repairs`" + `).
- **Clause** is the paragraph of the guide that the finding rests on, by its id in the vocabulary. For upload limits and
  materials it comes with the limit or the requirement in force.

`)
	for _, g := range Catalogue() {
		fmt.Fprintf(&b, "## %s: %s (%s)\n\n", g.Code, g.Title.EN, g.Title.ZH)
		for _, e := range g.Entries {
			fmt.Fprintf(&b, "### `%s`\n\n%s · %s · **%s**", e.Code, e.Title.ZH, e.Title.EN, e.Severity)
			if e.Clause != "" {
				fmt.Fprintf(&b, " · clause %s", e.Clause)
			}
			if e.Repair != "" {
				fmt.Fprintf(&b, " · repair `%s`", e.Repair)
			}
			b.WriteString("\n\n")
			if e.Addition != "" {
				fmt.Fprintf(&b, "Added to the contract: %s\n\n", e.Addition)
			}
			docTexts(&b, "What it means", e.Message, e.Messages)
			docTexts(&b, "What to do", e.Advice, e.Advices)
			if len(e.Measured) > 0 {
				fmt.Fprintf(&b, "- Measured: %s", docKeys(e.Measured))
				if len(e.Limit) > 0 {
					fmt.Fprintf(&b, "; limit: %s", docKeys(e.Limit))
				}
				b.WriteString("\n")
			}
			b.WriteString("\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func docTexts(b *strings.Builder, label string, text filing.Text, cases map[string]filing.Text) {
	fmt.Fprintf(b, "- %s: %s / %s\n", label, text.ZH, text.EN)
	names := make([]string, 0, len(cases))
	for name := range cases {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(b, "  - %s: %s / %s\n", name, cases[name].ZH, cases[name].EN)
	}
}

func docKeys(keys []string) string { return "`" + strings.Join(keys, "`, `") + "`" }
