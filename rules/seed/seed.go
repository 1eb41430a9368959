// Package seed finds the clauses of the two source documents, so that lint can prove the digests of the rule data and
// coverage can list what is not encoded. It reads the documents where they are at hand and holds none of their
// sentences, only the headings and labels by which a clause is found.
package seed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// File names of the two documents.
const (
	Guide2020 = "icp-filing-preparation-2020-10-20.txt"
	Guide2019 = "icp-filing-materials-2019-09-19.txt"
)

// Clause is one clause of the documents.
type Clause struct {
	// ID is the clause's id by the vocabulary's scheme, such as HN.enterprise.key.3.
	ID string
	// File and Line say where its text begins; lines count from 1.
	File string
	Line int
	// Text is the clause as printed. It must not leave the machine: outputs carry the digest.
	Text string
}

// Digest returns the SHA-256 of the clause's normalized text, in hex.
func (c Clause) Digest() string { return Digest(c.Text) }

// Digest returns the SHA-256 of the normalized text, in hex.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(Normalize(text)))
	return hex.EncodeToString(sum[:])
}

var linkTarget = regexp.MustCompile(`\]\([^)]*\)`)
var htmlTag = regexp.MustCompile(`</?[a-zA-Z][^>]*>`)

// Normalize keeps what a clause says and drops how it is set: targets of links, HTML tags, white space, control
// characters, and the marks of lists, emphasis and boxes. Punctuation and numbers stay, so that a changed figure or
// exception changes the digest.
func Normalize(text string) string {
	text = htmlTag.ReplaceAllString(linkTarget.ReplaceAllString(text, "]"), "")
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("*#`_|[]•●○②\ufeff\ufffc", r) || unicode.Is(unicode.Co, r) {
			return -1
		}
		return r
	}, text)
}

// Load reads both documents from a folder and returns their clauses in the order of print: the provinces' and then the
// general ones. An error says which clause cannot be found.
func Load(folder fs.FS) ([]Clause, error) {
	var clauses []Clause
	guide, err := readLines(folder, Guide2020)
	if err != nil {
		return nil, err
	}
	provinces, err := provinceClauses(guide)
	if err != nil {
		return nil, err
	}
	clauses = append(clauses, provinces...)
	materials, err := readLines(folder, Guide2019)
	if err != nil {
		return nil, err
	}
	for _, at := range generalPlaces {
		lines, file := guide, Guide2020
		if strings.HasPrefix(at.id, "M") {
			lines, file = materials, Guide2019
		}
		c, err := at.find(lines)
		if err != nil {
			return nil, fmt.Errorf("locate clause %s in %s: %w", at.id, file, err)
		}
		c.File = file
		clauses = append(clauses, c)
	}
	return clauses, nil
}

func readLines(folder fs.FS, name string) ([]string, error) {
	text, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, fmt.Errorf("read source document: %w", err)
	}
	return strings.Split(strings.ReplaceAll(string(text), "\r", ""), "\n"), nil
}

// sectionNames are the headings of a province's four sections, as printed (two provinces print shorter ones).
var sectionNames = map[string]string{
	"备案重要规则": "key", "重要规则": "key", "备案所需资料": "materials", "所需资料": "materials",
	"变更备案规则": "change", "变更备案": "change", "接入备案规则": "access",
}

// provinceNames are the names that stand in the headings 7.2.1 to 7.8.5, by code.
var provinceNames = map[string]string{
	"北京": "BJ", "天津": "TJ", "河北": "HE", "山西": "SX", "内蒙古": "NM", "辽宁": "LN", "吉林": "JL", "黑龙江": "HL", "上海": "SH",
	"江苏": "JS", "浙江": "ZJ", "安徽": "AH", "福建": "FJ", "江西": "JX", "山东": "SD", "河南": "HA", "湖北": "HB", "湖南": "HN",
	"广东": "GD", "广西": "GX", "海南": "HI", "重庆": "CQ", "四川": "SC", "贵州": "GZ", "云南": "YN", "西藏": "XZ", "陕西": "SN",
	"甘肃": "GS", "青海": "QH", "宁夏": "NX", "新疆": "XJ",
}

var (
	provinceHeading = regexp.MustCompile(`^7\.[2-8]\.\d+\.\s*(.+?)备案规则$`)
	otherHeading    = regexp.MustCompile(`^\d+(\.\d+)*\.\s?\S+$`)
	listItem        = regexp.MustCompile(`^(\s*)- (.*)$`)
	noteMark        = regexp.MustCompile(`^[^\p{Han}]*说明[*\s]*`)
)

// provinceClauses walks sections 7.2 to 7.8. An item is a line that begins with a dash, a nested item one that is
// indented; text below belongs to the item above it; a section without items is item 1; a 说明 box is the section's
// note, its items note.1 and so on. After a page break the indentation is lost: an item that follows a nested one
// across an empty line, with nothing between, goes on with the nested list.
func provinceClauses(lines []string) ([]Clause, error) {
	var (
		clauses       []Clause
		province      string
		kind, section string
		n, m          int  // the items counted so far, and the nested ones of the current item
		noteItems     int  // items of the note
		inNote        bool // below a 说明 mark
		afterNested   bool // the last line that was not empty is a nested item
		blank         bool // an empty line came since
		found         = map[string]bool{}
	)
	begin := func(line int, text string, parts ...string) {
		id := strings.Join(append([]string{province, kind, section}, parts...), ".")
		clauses = append(clauses, Clause{ID: id, File: Guide2020, Line: line + 1, Text: text})
	}
	extend := func(text string) { clauses[len(clauses)-1].Text += "\n" + text }
	for i, line := range lines {
		text := strings.TrimSpace(line)
		if text == "" {
			blank = true
			continue
		}
		if h := provinceHeading.FindStringSubmatch(text); h != nil {
			code, ok := provinceNames[h[1]]
			if !ok {
				return nil, fmt.Errorf("%s:%d: no province is named %s", Guide2020, i+1, h[1])
			}
			province, kind, section = code, "", ""
			found[code] = true
			continue
		}
		if province == "" {
			continue
		}
		if otherHeading.MatchString(text) {
			province = ""
			continue
		}
		if text == "企业用户" || text == "个人用户" {
			kind, section = map[string]string{"企业用户": "enterprise", "个人用户": "individual"}[text], ""
			continue
		}
		if s, ok := sectionNames[text]; ok && kind != "" {
			section, n, m, noteItems, inNote, afterNested, blank = s, 0, 0, 0, false, false, false
			continue
		}
		if section == "" {
			continue // what a province's page says before its first section
		}
		item := listItem.FindStringSubmatch(line)
		nested := item != nil && !inNote && n > 0 && (item[1] != "" || afterNested && blank)
		switch mark := noteMark.FindString(text); {
		case item == nil && mark != "":
			inNote = true
			begin(i, strings.TrimPrefix(text, mark), "note")
		case inNote && item != nil:
			if noteItems == 0 && clauses[len(clauses)-1].Text == "" {
				clauses = clauses[:len(clauses)-1] // the mark alone: its items stand for it
			}
			noteItems++
			begin(i, item[2], "note", strconv.Itoa(noteItems))
		case nested:
			m++
			begin(i, item[2], strconv.Itoa(n), strconv.Itoa(m))
		case item != nil:
			n, m = n+1, 0
			begin(i, item[2], strconv.Itoa(n))
		case n == 0:
			n = 1
			begin(i, text, "1")
		default:
			extend(text)
		}
		afterNested, blank = nested, false
	}
	if len(found) != len(provinceNames) {
		return nil, fmt.Errorf("%s: %d of %d provinces found", Guide2020, len(found), len(provinceNames))
	}
	return clauses, nil
}

// place says where a general clause stands: below the line `under`, from the line that begins with `from`, up to the
// line that begins with `until` or, where that is empty, this one line. Item counts list items instead of `from`.
type place struct {
	id, under, from, until string
	item                   int
}

func (p place) find(lines []string) (Clause, error) {
	at := 0
	for at < len(lines) && strings.TrimSpace(lines[at]) != p.under {
		at++
	}
	if at == len(lines) {
		return Clause{}, fmt.Errorf("there is no line %q", p.under)
	}
	items := 0
	for i := at; i < len(lines); i++ {
		text := strings.TrimSpace(lines[i])
		if i > at && strings.HasPrefix(text, "- ") {
			items++
		}
		starts := p.item > 0 && items == p.item || p.item == 0 && (p.from == "" || i > at && beginsWith(lines[i], p.from))
		if !starts {
			continue
		}
		c := Clause{ID: p.id, Line: i + 1, Text: strings.TrimPrefix(text, "- ")}
		if p.until == "" {
			return c, nil
		}
		for i++; i < len(lines); i++ {
			if beginsWith(lines[i], p.until) {
				return c, nil
			}
			c.Text += "\n" + strings.TrimSpace(lines[i])
		}
		return Clause{}, fmt.Errorf("there is no line %q after %q", p.until, p.under)
	}
	return Clause{}, fmt.Errorf("nothing begins with %q after %q", p.from, p.under)
}

// beginsWith looks behind the marks of lists and boxes; a tab in front, which is an empty cell, counts.
func beginsWith(line, prefix string) bool {
	line = strings.TrimLeft(line, " -○●②*#")
	return strings.HasPrefix(strings.TrimSpace(line), strings.TrimSpace(prefix)) && strings.HasPrefix(prefix, "\t") == strings.HasPrefix(line, "\t")
}
