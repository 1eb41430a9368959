package checks

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/filing"
)

// template is a sentence in both languages with places for values.
type template struct{ zh, en []segment }

// segment is literal text, or the name of the value that stands there.
type segment struct{ text, value string }

// parseTemplate reads a sentence in both languages; both must be there and use the same values.
func parseTemplate(t filing.Text) (template, error) {
	zh, err := parseSegments(t.ZH)
	if err != nil {
		return template{}, err
	}
	en, err := parseSegments(t.EN)
	if err != nil {
		return template{}, err
	}
	if z, e := segmentNames(zh), segmentNames(en); !slices.Equal(z, e) {
		return template{}, fmt.Errorf("%q uses %v, its translation %v", t.ZH, z, e)
	}
	return template{zh: zh, en: en}, nil
}

func parseSegments(s string) ([]segment, error) {
	if strings.TrimSpace(s) == "" {
		return nil, errors.New("a sentence is empty in one of the languages")
	}
	var out []segment
	for rest := s; rest != ""; {
		text, after, open := strings.Cut(rest, "{")
		if text != "" {
			out = append(out, segment{text: text})
		}
		if !open {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed || name == "" {
			return nil, fmt.Errorf("braces do not match in %q", s)
		}
		out = append(out, segment{value: name})
		rest = tail
	}
	return out, nil
}

// segmentNames returns the names of the values in a sentence, sorted, each once.
func segmentNames(segments []segment) []string {
	var names []string
	for _, s := range segments {
		if s.value != "" {
			names = append(names, s.value)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (t template) names() []string { return segmentNames(t.zh) }

// values fill the braces of a sentence. What may be a value: filing.Text, string, int, int64, float64, time.Time (a
// date).
type values map[string]any

// fill makes the finished sentence. A value that is not given leaves its braces to be seen, which the tests refuse.
func (t template) fill(v values) filing.Text {
	return filing.Text{
		ZH: fillSegments(t.zh, v, "zh"),
		EN: capital(fillSegments(t.en, v, "en")),
	}
}

// fillSegments writes a sentence in one language.
func fillSegments(segments []segment, v values, lang string) string {
	if len(segments) == 1 && segments[0].value == "" {
		return segments[0].text
	}
	var b strings.Builder
	for _, s := range segments {
		if s.value == "" {
			b.WriteString(s.text)
			continue
		}
		value, ok := v[s.value]
		if !ok {
			b.WriteString("{" + s.value + "}")
			continue
		}
		b.WriteString(show(value).In(lang))
	}
	return b.String()
}

// capital begins an English sentence that a value opened ("the principal ...") with a capital letter.
func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// show writes a value for people: counts with thousands separated, ratios with up to two decimals, dates as each
// language writes them.
func show(value any) filing.Text {
	switch x := value.(type) {
	case filing.Text:
		return x
	case string:
		return filing.Text{ZH: x, EN: x}
	case int:
		return show(int64(x))
	case int64:
		s := thousands(x)
		return filing.Text{ZH: s, EN: s}
	case float64:
		s := decimals(x, 2)
		return filing.Text{ZH: s, EN: s}
	case time.Time:
		return filing.Text{
			ZH: fmt.Sprintf("%d年%d月%d日", x.Year(), int(x.Month()), x.Day()),
			EN: fmt.Sprintf("%d %s %d", x.Day(), x.Month(), x.Year()),
		}
	default:
		s := fmt.Sprint(x)
		return filing.Text{ZH: s, EN: s}
	}
}

// thousands writes 204800 as 204,800.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// decimals rounds to at most n decimals and drops those that are zero.
func decimals(x float64, n int) string {
	s := strconv.FormatFloat(x, 'f', n, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Sizes are written in units of 1024, as phones in China and the guide itself do (200 KB is 204,800 bytes).
const (
	kib = 1 << 10
	mib = 1 << 20
)

// sizes writes a size and the limit that it is held against. Where rounding would hide on which side of the limit it
// is (a file of 204,799 bytes has not "200 KB, less than 200 KB"), both are written to the byte.
func sizes(bytes, limit int64) (size, bound filing.Text) {
	size, bound = aboutSize(bytes), aboutSize(limit)
	if size != bound {
		return size, bound
	}
	return exactSize(bytes), exactSize(limit)
}

// aboutSize writes a size rounded: bytes below 1 KB, whole KB below 1 MB, then MB with one decimal.
func aboutSize(n int64) filing.Text {
	switch {
	case n == 1:
		return filing.Text{ZH: "1 字节", EN: "1 byte"}
	case n < kib:
		return filing.Text{ZH: thousands(n) + " 字节", EN: thousands(n) + " bytes"}
	case math.Round(float64(n)/kib) < kib:
		s := decimals(float64(n)/kib, 0) + " KB"
		return filing.Text{ZH: s, EN: s}
	default:
		s := decimals(float64(n)/mib, 1) + " MB"
		return filing.Text{ZH: s, EN: s}
	}
}

// exactSize writes a size to the byte, with the rounded one beside it.
func exactSize(n int64) filing.Text {
	about := aboutSize(n)
	if n < kib {
		return about
	}
	if roundSize(n) {
		return filing.Text{
			ZH: thousands(n) + " 字节（" + about.ZH + "）",
			EN: thousands(n) + " bytes (" + about.EN + ")",
		}
	}
	return filing.Text{
		ZH: thousands(n) + " 字节（约 " + about.ZH + "）",
		EN: thousands(n) + " bytes (about " + about.EN + ")",
	}
}

// roundSize reports whether aboutSize says exactly n.
func roundSize(n int64) bool {
	if n < mib {
		return n%kib == 0
	}
	return n%(mib/10) == 0 || n%mib == 0
}

// join lists words: 甲、乙、丙 and a, b, c.
func join(texts []filing.Text) filing.Text {
	var zh, en []string
	for _, t := range texts {
		zh, en = append(zh, t.ZH), append(en, t.EN)
	}
	return filing.Text{ZH: strings.Join(zh, "、"), EN: strings.Join(en, ", ")}
}
